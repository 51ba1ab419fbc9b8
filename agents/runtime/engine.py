"""The model runtime: one GGUF model, one context, many people at once.

    with Engine("model.gguf") as engine, engine.open(engine.tokenize("You are ...")) as sequence:
        logits = sequence.extend(engine.tokenize(" Hello"))

`llama-cpp-python`'s own `Llama` answers one caller at a time and breaks when two share it; here any
number of threads and tasks hold sequences of one context, and one thread evaluates their work in
shared batches. Importing this module loads neither LangChain nor torch.
"""

import atexit
import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import llama_cpp

from frontdesk.agents.runtime.admission import Admission
from frontdesk.agents.runtime.kept import KeptSequences
from frontdesk.agents.runtime.llama_context import ContextShape, LlamaContext
from frontdesk.agents.runtime.llama_model import LlamaModel
from frontdesk.agents.runtime.opening import Opening
from frontdesk.agents.runtime.prefix_files import PrefixFiles
from frontdesk.agents.runtime.scheduler import Scheduler
from frontdesk.agents.runtime.sequence import Items, Parts, Sequence
from frontdesk.agents.runtime.steps import Steps, arun, run

__all__ = ["Engine", "EngineStats", "Sequence"]

_MEMORY_BYTES = 512 * 2**20  # what the default context may take
_SMALLEST_CONTEXT, _LARGEST_CONTEXT = 4096, 16384  # tokens
_BATCH = 256  # items: larger batches are no faster on a CPU and need larger buffers
_OUTPUTS = 64  # rows of logits a batch: 64 x 150,000 x 4 bytes are 38 MB


@dataclass(frozen=True)
class EngineStats:
    """What people can see of a running engine.

    `active` of `places` people are being answered, and `waiting` stand in a line of at most `line`.
    """

    active: int
    places: int
    waiting: int
    line: int
    kept: int
    evaluated: int
    batches: int
    decode_seconds: float


class Engine:
    """A model that many callers share; every method may be called from any thread."""

    def __init__(
        self,
        path: str | Path,
        *,
        adapter: str | Path | None = None,
        adapter_scale: float = 1.0,
        threads: int | None = None,
        context_tokens: int | None = None,
        max_sequences: int = 32,
        max_waiting: int = 128,
        keep_sequences: int = 32,
        cache_dir: Path | None = None,
    ) -> None:
        """Load a model; it is shared from then on.

        `context_tokens` is what all sequences together may hold (default: by the model's own limit
        and half a GiB of memory); `max_sequences` are served at once and `max_waiting` may wait;
        `keep_sequences` prefixes and past threads are remembered; fixed prefixes are saved in
        `cache_dir`.

        Raises:
            ModelFileError: the model or the adapter cannot be loaded.
        """
        self._model = LlamaModel(Path(path), adapter=Path(adapter) if adapter else None)
        cells = context_tokens or _default_context(self._model)
        shape = ContextShape(
            cells=cells,
            sequences=max_sequences + keep_sequences,
            batch=min(_BATCH, cells),
            outputs=min(_OUTPUTS, _BATCH, cells),
            threads=threads or _default_threads(self._model),
        )
        self._context = LlamaContext(self._model, shape, adapter_scale=adapter_scale)
        kept = KeptSequences(self._context, list(range(shape.sequences)), keep_sequences)
        self._scheduler = Scheduler(self._context, kept.evict)
        self._admission = Admission(max_sequences, max_waiting)
        self._parts = Parts(self._scheduler, self._context, kept)
        self._parts.leave = self._admission.leave
        identity = (str(path), str(adapter), str(adapter_scale))
        files = PrefixFiles(cache_dir, self._model, identity) if cache_dir else None
        self.max_length = min(cells, self._model.train_context or cells)
        self._opening = Opening(self._admission, self._parts, files, self.max_length)
        self._closed = False
        # The scheduler's thread must not be inside llama.cpp when the interpreter goes away.
        atexit.register(self.close)

    @property
    def metadata(self) -> dict[str, str]:
        """The GGUF file's key/values, arrays and all, as text."""
        return self._model.metadata

    @property
    def n_vocab(self) -> int:
        """The size of the vocabulary, and of a row of logits."""
        return self._model.n_vocab

    @property
    def n_embd(self) -> int:
        """The width of an input embedding."""
        return self._model.n_embd

    @property
    def vocab(self) -> Any:
        """The llama_vocab pointer, for `llguidance.llamacpp`."""
        return self._model.vocab

    @property
    def stats(self) -> EngineStats:
        """The queue and the work done so far."""
        counters = self._scheduler.counters
        return EngineStats(
            active=self._admission.taken,
            places=self._admission.places,
            waiting=self._admission.waiting,
            line=self._admission.line,
            kept=len(self._parts.kept.entries),
            evaluated=counters.evaluated,
            batches=counters.batches,
            decode_seconds=counters.seconds,
        )

    def tokenize(self, text: str, special: bool = True) -> list[int]:
        """Return the tokens of `text`; with `special`, "<|im_start|>" and the like are one token.

        Text from people and from the web is tokenised with special=False: it may not end a turn.
        """
        return self._model.tokenize(text, special=special)

    def detokenize(self, tokens: Items, special: bool = False) -> str:
        """Return the text of `tokens`; with `special`, special tokens are written out."""
        return b"".join(self.piece(int(token), special) for token in tokens).decode(
            "utf-8", "replace"
        )

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return the bytes of one token, which may be a part of a character."""
        return self._model.piece(token, special=special)

    def is_end(self, token: int) -> bool:
        """Return whether `token` ends a generation."""
        return self._model.is_end(token)

    def is_special(self, token: int) -> bool:
        """Return whether `token` is a mark of the chat format (`<|im_end|>`), not text."""
        return self._model.is_special(token)

    @cached_property
    def end_tokens(self) -> list[int]:
        """The tokens that end a generation, the model's own end-of-text token first."""
        eos = int(llama_cpp.llama_vocab_eos(self.vocab))
        others = [t for t in range(self.n_vocab) if self._model.is_end(t) and t != eos]
        return [eos, *others] if eos >= 0 else others

    @property
    def bos(self) -> str:
        """The beginning-of-text token as templates write it; empty when there is none."""
        return self._model.special_text(llama_cpp.llama_vocab_bos(self.vocab))

    @property
    def eos(self) -> str:
        """The end-of-text token as templates write it; empty when there is none."""
        return self._model.special_text(llama_cpp.llama_vocab_eos(self.vocab))

    def open(self, prefix: Items = (), *, timeout: float | None = None) -> Sequence:
        """Wait for a place and return a sequence that holds `prefix`.

        `prefix` (tokens or rows) is the fixed part of a prompt: it is evaluated once, kept, and
        shared by everybody who opens with it. `timeout` (seconds) bounds the wait and every later
        wait of the sequence.

        Raises:
            EngineBusy: the waiting line is full.
            DeadlineExceeded: no place, or no answer, within `timeout`.
            ContextFull: the prefix does not fit.
        """
        deadline = deadline_after(timeout)
        return run(self.opening(prefix, deadline), deadline)

    def opening(self, prefix: Items, deadline: float | None) -> Steps[Sequence]:
        """Do what `open` does, as steps; `deadline` is a time of time.monotonic."""
        return self._opening.steps(prefix, deadline)

    async def aopen(self, prefix: Items = (), *, timeout: float | None = None) -> Sequence:
        """Do what `open` does without blocking the event loop."""
        deadline = deadline_after(timeout)
        return await arun(self.opening(prefix, deadline), deadline)

    def close(self) -> None:
        """Stop, fail what is pending with EngineClosed, and free the memory; may be repeated."""
        if not self._closed:
            self._closed = True
            atexit.unregister(self.close)
            self._admission.close()
            self._scheduler.close()
            self._context.close()
            self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def deadline_after(timeout: float | None) -> float | None:
    """Return the time, of time.monotonic, that is `timeout` seconds from now."""
    return None if timeout is None else time.monotonic() + timeout


def _default_threads(model: LlamaModel) -> int:
    """Return one thread for a small model, a thread for each core otherwise.

    llama.cpp's threads wait for each other hundreds of times a token. While another process held a
    core of two, a model of 0.1 million parameters was ten times slower on two threads than on one.
    """
    if model.is_small:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _default_context(model: LlamaModel) -> int:
    """Return how many tokens the context holds by default: what half a GiB takes, in bounds."""
    name = model.metadata.get("general.architecture", "")
    layers = int(model.metadata.get(f"{name}.block_count", "32"))
    heads = int(model.metadata.get(f"{name}.attention.head_count", "1") or 1)
    kv_heads = int(model.metadata.get(f"{name}.attention.head_count_kv", str(heads)) or heads)
    bytes_a_token = 2 * 2 * layers * model.n_embd * kv_heads // heads
    fits = _MEMORY_BYTES // max(1, bytes_a_token)
    return max(_SMALLEST_CONTEXT, min(_LARGEST_CONTEXT, fits))
