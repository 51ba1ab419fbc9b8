"""The chunkers besides the document one, and the choice among them by name.

Five levels: fixed size, recursive, document structure, semantic, agentic. The agentic one asks a
model, which this folder does not know: `graphs` builds it and hands it to `ingest(chunker=...)`.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.chunk import Chunker, DocumentChunker, Span, Unit
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.settings import ChunkSettings


def make_chunker(settings: ChunkSettings, embedder: Embedder) -> Chunker:
    """Return the chunker that `settings` names.

    Raises `StoreError` for the agentic one, which has to be handed in.
    """
    words = settings.max_words
    if settings.chunker == "fixed":
        return FixedChunker(words, settings.overlap_words)
    if settings.chunker == "recursive":
        return RecursiveChunker(words)
    if settings.chunker == "semantic":
        return SemanticChunker(
            embedder, words, settings.semantic_buffer, settings.semantic_percentile
        )
    if settings.chunker == "document":
        return DocumentChunker(words)
    raise StoreError(
        f"the {settings.chunker} chunker needs a model: use `frontdesk ingest --chunker"
        f" {settings.chunker}`, or choose document, semantic, recursive or fixed"
    )


class FixedChunker:
    """Level 1: so many words, whatever they say; the last of one chunk open the next."""

    def __init__(self, max_words: int = 150, overlap_words: int = 20) -> None:
        self._max_words = max_words
        self._overlap_words = min(overlap_words, max_words // 2)

    def spans(self, title: str, units: Sequence[Unit]) -> list[Span]:
        found: list[Span] = []
        start = end = 0
        while end < len(units):
            words = sum(unit.words for unit in units[start:end])
            while end < len(units) and (end == start or words < self._max_words):
                words += units[end].words
                end += 1
            found.append((start, end))
            start = self._overlap(units, start, end)
        return found

    def _overlap(self, units: Sequence[Unit], start: int, end: int) -> int:
        """Where the next chunk starts: before `end` by at most the overlap, after `start`."""
        words, first = 0, end
        while first - 1 > start and words + units[first - 1].words <= self._overlap_words:
            first -= 1
            words += units[first].words
        return first


class RecursiveChunker:
    """Level 2: cut at the coarsest separator that helps: section, then paragraph, then sentence.

    LangChain's splitter works on a text in which each sentence is its separator and one character
    that holds its length, so that what comes back is counted, and not looked for.
    """

    def __init__(self, max_words: int = 150) -> None:
        self._max_words = max_words

    def spans(self, title: str, units: Sequence[Unit]) -> list[Span]:
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        before = [None, *units]
        text = "".join(_separator(a, b) + _length(b) for a, b in zip(before, units, strict=False))
        splitter = RecursiveCharacterTextSplitter(
            [_SECTION, _BLOCK, _SENTENCE],
            chunk_size=self._max_words,
            chunk_overlap=0,
            length_function=lambda part: sum(ord(mark) - _EMPTY for mark in part[1::2]),
            strip_whitespace=False,
        )
        ends = list(accumulate(len(part) // 2 for part in splitter.split_text(text)))
        return list(zip([0, *ends], ends, strict=False))


_SECTION, _BLOCK, _SENTENCE = "\x1d", "\x1e", "\x1f"  # ASCII's group, record and unit separators
_EMPTY = 0xF0000  # no words; what follows is for private use


def _separator(before: Unit | None, unit: Unit) -> str:
    if before is None or before.heading != unit.heading:
        return _SECTION
    return _SENTENCE if before.block == unit.block else _BLOCK


def _length(unit: Unit) -> str:
    # At least one: the splitter would leave what has no length at the end of two chunks.
    return chr(_EMPTY + min(max(unit.words, 1), 0xFFFF))


class SemanticChunker:
    """Level 4: cut where the meaning turns (Kamradt 2023).

    Each sentence is embedded with `buffer` neighbours on either side; a distance between two
    neighbours above the `percentile` of the document's distances is a cut.
    """

    def __init__(
        self, embedder: Embedder, max_words: int = 150, buffer: int = 1, percentile: float = 90.0
    ) -> None:
        self._embedder = embedder
        self._max_words = max_words
        self._buffer = buffer
        self._percentile = percentile

    def spans(self, title: str, units: Sequence[Unit]) -> list[Span]:
        if len(units) < 2:
            return [(0, len(units))]
        windows = [
            " ".join(u.sentence for u in units[max(0, i - self._buffer) : i + self._buffer + 1])
            for i in range(len(units))
        ]
        vectors = self._embedder.embed(windows)
        distances = 1.0 - np.sum(vectors[1:] * vectors[:-1], axis=1)
        limit = float(np.percentile(distances, self._percentile))
        found: list[Span] = []
        start, words = 0, units[0].words
        for i in range(1, len(units)):
            too_long = words + units[i].words > self._max_words
            if distances[i - 1] > limit or too_long:
                found.append((start, i))
                start, words = i, 0
            words += units[i].words
        return [*found, (start, len(units))]
