"""Find the passages that answer a question: by meaning (MiniLM) and by words (BM25), fused.

result = Searcher(store, embedder).search("who do i call about parking")
result.passages[0].sentences
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from frontdesk.db import chunks, dense, dense_index, lexical
from frontdesk.db.chunks import EVERYTHING, Filter
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.settings import SearchSettings
from frontdesk.db.store import Connection, Store
from frontdesk.tools.rerank import Reranker
from frontdesk.tools.search_rank import (
    SUPERSEDED,
    confidence,
    distinct,
    fuse,
    sentence_bonus,
    standardised,
)

Matrix = npt.NDArray[np.float32]
CANDIDATES = 100  # taken from each of the two rankings
RERANKED = 16  # of those, looked at sentence by sentence
_DEEPEST = 100 * CANDIDATES  # how far down a filtered search looks
_LONGEST_QUERY = 2000  # characters; the encoder reads 256 tokens anyway


class Passage(BaseModel):
    """A chunk that was found. `dense` is a cosine, `lexical` a BM25 score, `score` their fusion.

    `sentences` are verbatim; `heading` is the path of headings above, outermost first.
    """

    model_config = ConfigDict(frozen=True)

    chunk_id: int
    url: str
    title: str
    heading: tuple[str, ...] = ()
    text: str
    sentences: list[str]
    links: list[tuple[str, str]] = Field(default_factory=list)
    fetched_at: datetime
    published_on: date | None = None
    language: str = ""
    section: str = ""
    superseded_by: str | None = None
    dense: float
    lexical: float
    score: float


class SearchResult(BaseModel):
    """What a search found, best first, with the vectors that rank its sentences.

    `query_vector` is float32 (384,); `sentence_vectors` runs parallel to `passages`, each float32
    (sentences, 384), unit length. Neither is serialised.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    query: str
    passages: list[Passage] = Field(default_factory=list)
    confidence: float = 0.0  # that they answer, 0 to 1; below a half: say what was not found
    query_vector: Annotated[Matrix, SkipValidation] = Field(
        default_factory=lambda: np.zeros(chunks.DIMENSIONS, dtype=np.float32),
        exclude=True,
        repr=False,
    )
    sentence_vectors: Annotated[list[Matrix], SkipValidation] = Field(
        default_factory=list, exclude=True, repr=False
    )


class Searcher:
    """Searches a store. Thread safe."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        settings: SearchSettings | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._settings = settings or SearchSettings()
        self._reranker = reranker
        self._words = lexical.Cache()

    def search(
        self, query: str, *, top_k: int = 6, thread: str | None = None, wanted: Filter = EVERYTHING
    ) -> SearchResult:
        """Return the `top_k` best passages for `query`, a question as people type it.

        `wanted` narrows by section, language, date or URL. With `thread`, pages read for that
        conversation are searched too; nobody else's are. Raises `StoreError` when the database
        fails.
        """
        text = " ".join(query.replace("\0", " ").split())[:_LONGEST_QUERY]
        if not text:
            return SearchResult(query=query)
        vector = self._embedder.embed([text])[0]
        wanted = replace(wanted, thread=thread) if thread is not None else wanted
        with self._store.connection() as connection:
            # One snapshot: an ingestion may commit between the statements below.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            ids, cosines, matching = self._candidates(connection, text, vector, wanted)
            if not ids:
                return SearchResult(query=query, query_vector=vector)
            scores = fuse(cosines, matching)
            best, rows = _best(connection, ids, scores, top_k)
        vectors = {i: rows[ids[i]].sentence_vectors() for i in best}
        nearest = np.array([(vectors[i] @ vector).max(initial=-1.0) for i in best], np.float32)
        old = np.array([rows[ids[i]].superseded_by is not None for i in best], np.float32)
        scores[best] += sentence_bonus(cosines[best], nearest, float(cosines.std()))
        if self._reranker is not None:
            texts = [rows[ids[i]].in_context() for i in best]
            scores[best] = standardised(self._reranker.scores(text, texts))
        scores[best] = _current_first([rows[ids[i]] for i in best], scores[best] - SUPERSEDED * old)
        best.sort(key=lambda i: -scores[i])
        best = [best[k] for k in _distinct([rows[ids[i]] for i in best])[:top_k]]
        return SearchResult(
            query=query,
            passages=[
                _passage(rows[ids[i]], float(cosines[i]), float(matching[i]), float(scores[i]))
                for i in best
            ],
            confidence=confidence(max((vectors[i] @ vector).max(initial=-1.0) for i in best)),
            query_vector=vector,
            sentence_vectors=[vectors[i] for i in best],
        )

    def _candidates(
        self, connection: Connection, text: str, vector: Matrix, wanted: Filter
    ) -> tuple[list[int], Matrix, Matrix]:
        """The best of both rankings: chunk ids, their cosines and their BM25 scores, parallel."""
        words = lexical.search(connection, text, wanted.thread, self._words)
        few = chunks.few(connection, wanted, dense.FEW_PAGES) if wanted.narrows else None
        if few is not None:
            cosines = chunks.cosines(connection, vector, few)
            top = words.top(CANDIDATES, among=few)
            nearest = sorted(cosines, key=cosines.__getitem__, reverse=True)[:CANDIDATES]
            found = {i: cosines[i] for i in dict.fromkeys([*nearest, *top]) if i in cosines}
        else:
            found = self._nearest(connection, vector, wanted, words.documents)
            top = [i for i in _matching(connection, words, wanted) if i not in found]
            found |= chunks.cosines(connection, vector, top)
        ids = list(found)
        return ids, np.array([found[i] for i in ids], dtype=np.float32), words.of(ids)

    def _nearest(
        self, connection: Connection, vector: Matrix, wanted: Filter, documents: int
    ) -> dict[int, float]:
        settings = self._settings
        if documents < settings.exact_below or not dense_index.usable(connection):
            return chunks.nearest(connection, vector, CANDIDATES, wanted)
        return dense.nearest(connection, vector, CANDIDATES, wanted, settings.ef_search)


def _best(
    connection: Connection, ids: Sequence[int], scores: Matrix, top_k: int
) -> tuple[list[int], dict[int, chunks.StoredChunk]]:
    """The best candidates, best first, and their rows: enough that `top_k` differ."""
    order = [int(i) for i in np.argsort(-scores, kind="stable")]
    count = max(RERANKED, 2 * top_k)
    while True:
        rows = chunks.read(connection, [ids[i] for i in order[:count]])
        best = [i for i in order[:count] if ids[i] in rows]
        if count >= len(order) or len(_distinct([rows[ids[i]] for i in best])) >= top_k:
            return best, rows
        count *= 4  # the same text on many pages


def _current_first(rows: Sequence[chunks.StoredChunk], scores: Matrix) -> Matrix:
    """Put an old version below the newer page that replaced it, where both were found."""
    newest: dict[str, float] = {}
    for row, score in zip(rows, scores, strict=True):
        newest[row.url] = max(float(score), newest.get(row.url, -np.inf))
    limits = [newest.get(row.superseded_by or "", np.inf) - 1e-3 for row in rows]
    return np.minimum(scores, np.array(limits, dtype=np.float32))


def _distinct(rows: Sequence[chunks.StoredChunk]) -> list[int]:
    return distinct([row.text for row in rows], [row.title for row in rows])


def _matching(connection: Connection, words: lexical.Scores, wanted: Filter) -> list[int]:
    """The best by words that the filter lets through, looking further down for enough."""
    top = words.top(CANDIDATES)
    if not wanted.narrows:
        return top
    depth = CANDIDATES
    while True:
        kept = chunks.allowed(connection, top, wanted)
        allowed = [i for i in top if i in kept][:CANDIDATES]
        if len(allowed) == CANDIDATES or len(top) < depth or depth == _DEEPEST:
            return allowed
        # As deep as the share that passed so far makes likely to be enough, and a third more.
        share = max(len(allowed), CANDIDATES // 10) / depth
        depth = min(_DEEPEST, math.ceil(CANDIDATES / share * 4 / 3))
        top = words.top(depth)


def _passage(row: chunks.StoredChunk, dense: float, matching: float, score: float) -> Passage:
    return Passage(
        chunk_id=row.id,
        url=row.url,
        title=row.title,
        heading=tuple(row.heading),
        text=row.text,
        sentences=row.sentences,
        links=[(text, url) for text, url in row.links],
        fetched_at=row.fetched_at,
        published_on=row.published_on,
        language=row.language,
        section=row.section,
        superseded_by=row.superseded_by,
        dense=dense,
        lexical=matching,
        score=score,
    )
