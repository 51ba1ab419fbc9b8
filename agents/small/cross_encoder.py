"""Reads a question together with a text: which tool it is for, and which sentence answers it.

all-MiniLM-L6-v2 with a LoRA adapter of this project merged in (Hu et al. 2021), mean pooling and
two linear heads. A bi-encoder compares two vectors; here the words of both texts see each other
(Nogueira and Cho 2019, "Passage Re-ranking with BERT"), for a hundredth of a second a text.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontdesk.agents.decision import Candidate, Evidence, Step, Vector
from frontdesk.agents.errors import ModelFileError
from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.encoder_file import adapted_encoder_path
from frontdesk.tools.search import Passage, SearchResult

Matrix = NDArray[np.float32]
INTENTS: tuple[Step, ...] = ("search", "wait_times", "contact_lookup", "refuse", "clarify")
PAIR_TOKENS = 64
READ = 8  # of the candidates: the answer is among the first eight 97 times in 100 that it is there
_PREVIOUS, _QUESTION, _SCOPE, _TITLE, _TITLES = 160, 260, 140, 60, 2
_BATCH_TOKENS = 256  # small batches, so that both cores read
_KEPT = 512  # pairs: those of the turns under way; a turn's second pass asks what the first read


class CrossEncoder:
    """The adapted encoder. Thread safe. Raises `ModelFileError` for a file that is no adapter."""

    def __init__(self, adapter: Path, data_dir: Path, *, threads: int | None = None) -> None:
        self._heads = read_heads(adapter)
        self._known: OrderedDict[tuple[str, str], Vector] = OrderedDict()
        self._lock = threading.Lock()
        try:
            path = adapted_encoder_path(data_dir, adapter)
            self._encoder = GGUFEmbedder(path, threads=threads, batch_tokens=_BATCH_TOKENS)
        except StoreError as error:
            raise ModelFileError(str(error)) from error

    def intents(self, evidence: Evidence, found: Sequence[Candidate] = ()) -> Vector:
        """Return the log-probability (5,) of each of `INTENTS` as the first step.

        The sentences `found` by the search are read in the same batches, for `relevances` to have.
        """
        pairs = [intent_pair(evidence)]
        if found and evidence.search:
            pairs += quote_pairs(found, evidence.search, evidence.search.query)
        scores = self.read(pairs)[0] @ self._heads["intents.weight"].T
        scores = scores + self._heads["intents.bias"]
        best = scores.max()
        logs: Vector = scores - best - np.log(np.exp(scores - best).sum())
        return logs

    def relevances(
        self, found: Sequence[Candidate], result: SearchResult, goes_on: Evidence | None = None
    ) -> Vector:
        """Return the logit (n,) that each of the first READ candidates answers the query.

        Where the search joined two turns, the first question says what is talked about and the
        second what is wanted: a sentence is read with both and with the second; the mean counts.
        """
        queries = [as_read(goes_on), goes_on.question] if goes_on else [result.query]
        pairs = [pair for query in queries for pair in quote_pairs(found, result, query)]
        if not pairs:
            return np.zeros(0, np.float32)
        scores = self.read(pairs) @ self._heads["relevance.weight"][0]
        mean = scores.reshape(len(queries), -1).mean(axis=0)
        logits: Vector = mean + self._heads["relevance.bias"][0]
        return logits

    def close(self) -> None:
        """Free the encoder's memory."""
        self._encoder.close()

    def read(self, pairs: Sequence[tuple[str, str]]) -> Matrix:
        """Return the pooled vector (n, 384) of each pair of texts; the heads read those."""
        with self._lock:
            known = {pair: self._known[pair] for pair in pairs if pair in self._known}
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        if missing:
            vectors = self._encoder.encode([self.tokens(*pair) for pair in missing])
            known |= dict(zip(missing, vectors, strict=True))
            with self._lock:
                self._known |= {pair: known[pair] for pair in missing}
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return np.stack([known[pair] for pair in pairs])

    def tokens(self, question: str, text: str) -> list[int]:
        """Return [CLS] question [SEP] text [SEP], at most PAIR_TOKENS: the text gives way."""
        start = self._encoder.tokenize(question)
        separator = start[-1]
        head = start[: PAIR_TOKENS // 2 + 9]
        if head[-1] != separator:
            head.append(separator)
        body = self._encoder.tokenize(text)[1:-1] if text else []
        return [*head, *body[: PAIR_TOKENS - 1 - len(head)], separator]


def read_heads(adapter: Path) -> dict[str, Matrix]:
    """Return the two linear heads of an adapter file: weights (k, 384) and biases (k,)."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(adapter)
        names = [
            f"{head}.{part}" for head in ("intents", "relevance") for part in ("weight", "bias")
        ]
        return {name: tensors[name].astype(np.float32) for name in names}
    except (OSError, SafetensorError, KeyError) as error:
        raise ModelFileError(f"{adapter}: not an adapter of the encoder ({error})") from error


def as_read(evidence: Evidence) -> str:
    """Return the question as it is read, with the one before it where there is one."""
    before = f"{evidence.previous.question[:_PREVIOUS]} | " if evidence.previous else ""
    return before + evidence.question[:_QUESTION]


def intent_pair(evidence: Evidence) -> tuple[str, str]:
    """Return what is read for the first step: the question, and what this desk is about."""
    passages = evidence.search.passages[:_TITLES] if evidence.search else ()
    titles = "; ".join(_place(passage)[:_TITLE] for passage in passages)
    return as_read(evidence), f"{evidence.scope[:_SCOPE]} | {titles}"


def quote_pair(query: str, candidate: Candidate, passage: Passage) -> tuple[str, str]:
    """Return what is read for a sentence: the query, and the sentence under its heading."""
    return query, f"{_place(passage)}: {candidate.text}"


def quote_pairs(
    found: Sequence[Candidate], result: SearchResult, query: str
) -> list[tuple[str, str]]:
    """Return what is read for the first READ of the sentences that a search found."""
    return [quote_pair(query, c, result.passages[c.passage]) for c in found[:READ]]


def _place(passage: Passage) -> str:
    """Return where a passage stands: its page's title and its own heading."""
    return " > ".join([passage.title, *passage.heading[-1:]])
