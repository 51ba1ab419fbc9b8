"""Find the passages that answer a question: by meaning (MiniLM) and by words (BM25), fused.

result = Searcher(store, embedder).search("who do i call about parking")
result.passages[0].sentences
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from frontdesk.db import chunks, lexical, retrieval
from frontdesk.db.chunks import EVERYTHING, Filter
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.retriever import Retriever
from frontdesk.db.settings import SearchSettings
from frontdesk.db.store import Connection, Connections
from frontdesk.tools.candidates import Meaning, find_candidates
from frontdesk.tools.rerank import Reranker
from frontdesk.tools.search_place import AskedPlaces, Match
from frontdesk.tools.search_rank import (
    SUPERSEDED,
    confidence,
    deviations,
    distinct,
    fuse,
    sentence_bonus,
    standardised,
)

Matrix = npt.NDArray[np.float32]
RERANKED = 16  # of the candidates, looked at sentence by sentence
_LONGEST_QUERY = 2000  # characters; the encoder reads 256 tokens anyway
_LOG = logging.getLogger("frontdesk")


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
    """Searches a store. Thread safe.

    With a `retriever` chunks are found by its vectors. Sentences, and every cosine and vector in a
    result, are the bundled encoder's in any case: that is what the model's decisions are made on.
    With `places`, which finds the names of sites, what is said of another site than the one that a
    query names is left out.
    """

    def __init__(
        self,
        store: Connections,
        embedder: Embedder,
        settings: SearchSettings | None = None,
        reranker: Reranker | None = None,
        retriever: Retriever | None = None,
        places: Match | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._settings = settings or SearchSettings()
        self._reranker = reranker
        self._retriever = retriever
        self._places = places
        self._warned = False
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
        asked = AskedPlaces(text, self._places)
        with self._store.connection() as connection:
            # One snapshot: an ingestion may commit between the statements below.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            meaning = self._meaning(connection, text, vector)
            words = lexical.search(connection, text, wanted.thread, self._words)
            ids, likeness = find_candidates(connection, meaning, words, wanted, self._settings)
            if not ids:
                return SearchResult(query=query, query_vector=vector)
            cosines, matching = likeness, words.of(ids)
            if meaning.retriever:
                known = chunks.cosines(connection, vector, ids)
                cosines = np.array([known[i] for i in ids], dtype=np.float32)
            scores = fuse(likeness, matching)
            best, rows = _best(connection, ids, scores, top_k, asked)
        if not best:
            return SearchResult(query=query, query_vector=vector)
        vectors = {i: rows[ids[i]].sentence_vectors() for i in best}
        nearest = np.array([(vectors[i] @ vector).max(initial=-1.0) for i in best], np.float32)
        old = np.array([rows[ids[i]].superseded_by is not None for i in best], np.float32)
        whole, said = deviations(likeness[best], likeness), deviations(nearest, cosines)
        scores[best] += sentence_bonus(whole, said)
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

    def nearest(self, query: str, top_k: int = 10) -> list[int]:
        """Return the chunks nearest in meaning alone, best first: what measuring compares."""
        vector = self._embedder.embed([query])[0]
        with self._store.connection() as connection:
            meaning = self._meaning(connection, query, vector)
            found = chunks.nearest(connection, meaning.vector, top_k, EVERYTHING, meaning.retriever)
        return list(found)

    def _meaning(self, connection: Connection, text: str, vector: Matrix) -> Meaning:
        """Return the question as chunks are compared with it: by the retriever, if all have it."""
        retriever = self._retriever
        if retriever is None:
            return Meaning(vector)
        if retrieval.complete(connection, retriever.name):
            return Meaning(retriever.embedder.embed([text])[0], retriever.name)
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "[search] encoder: not every chunk is embedded by %s yet, so the bundled encoder"
                " searches; run: frontdesk ingest",
                retriever.name,
            )
        return Meaning(vector)


def _best(
    connection: Connection, ids: Sequence[int], scores: Matrix, top_k: int, asked: AskedPlaces
) -> tuple[list[int], dict[int, chunks.StoredChunk]]:
    """The best candidates, best first, and their rows: enough that `top_k` differ."""
    order = [int(i) for i in np.argsort(-scores, kind="stable")]
    count = max(RERANKED, 2 * top_k)
    while True:
        rows = asked.narrow(chunks.read(connection, [ids[i] for i in order[:count]]))
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
