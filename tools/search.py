"""Find the passages that answer a question: by meaning (MiniLM) and by words (BM25), fused.

result = Searcher(store, embedder).search("who do i call about parking")
result.passages[0].sentences
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from frontdesk.db import chunks, lexical
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.store import Connection, Store

Matrix = npt.NDArray[np.float32]
CANDIDATES = 60  # taken from each of the two rankings
DENSE_WEIGHT = 0.6
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

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder

    def search(self, query: str, *, top_k: int = 6, thread: str | None = None) -> SearchResult:
        """Return the `top_k` best passages for `query`, a question as people type it.

        With `thread`, pages read for that conversation are searched too; nobody else's are.
        Raises `StoreError` when the database fails.
        """
        text = " ".join(query.split())[:_LONGEST_QUERY]
        if not text:
            return SearchResult(query=query)
        vector = self._embedder.embed([text])[0]
        with self._store.connection() as connection:
            # One snapshot: an ingestion may commit between the statements below.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return self._search(connection, query, text, vector, top_k, thread)

    def _search(
        self,
        connection: Connection,
        query: str,
        text: str,
        vector: Matrix,
        top_k: int,
        thread: str | None,
    ) -> SearchResult:
        words = lexical.search(connection, text)
        dense = chunks.nearest(connection, vector, CANDIDATES)
        if thread is not None:
            dense |= chunks.nearest(connection, vector, CANDIDATES, thread)
        others = [int(i) for i in words.top(CANDIDATES) if int(i) not in dense]
        dense |= chunks.cosines(connection, vector, others)
        ids = list(dense)
        meaning = np.array([dense[i] for i in ids], dtype=np.float32)
        matching = words.of(ids)
        scores = fuse(meaning, matching)
        best = np.argsort(-scores, kind="stable")[:top_k]
        rows = chunks.read(connection, [ids[i] for i in best])
        passages = [
            _passage(rows[ids[i]], float(meaning[i]), float(matching[i]), float(scores[i]))
            for i in best
            if ids[i] in rows
        ]
        return SearchResult(
            query=query,
            passages=passages,
            query_vector=vector,
            sentence_vectors=[rows[passage.chunk_id].sentence_vectors() for passage in passages],
        )


def fuse(meaning: Matrix, matching: Matrix) -> Matrix:
    """Fuse two scores of the same candidates: a weighted sum of their z-scores, shape (n,)."""
    return (
        DENSE_WEIGHT * standardised(meaning) + (1 - DENSE_WEIGHT) * standardised(matching)
    ).astype(np.float32)


def standardised(values: Matrix) -> Matrix:
    """Scale to mean 0 and deviation 1; equal values become 0."""
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)


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


def best_sentences(result: SearchResult, count: int = 5) -> Sequence[tuple[int, int, float]]:
    """Rank the sentences of all passages by meaning: (passage, sentence, cosine), best first."""
    ranked = [
        (passage, sentence, float(cosine))
        for passage, vectors in enumerate(result.sentence_vectors)
        for sentence, cosine in enumerate(vectors @ result.query_vector)
    ]
    return sorted(ranked, key=lambda entry: -entry[2])[:count]
