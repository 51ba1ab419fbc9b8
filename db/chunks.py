"""The chunks table: what is searched by meaning, and read to be quoted."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from frontdesk.db.stemming import configuration

Connection = psycopg.Connection[Any]
Matrix = npt.NDArray[np.float32]
DIMENSIONS = 384
WRITERS = 0x4348554E  # an advisory lock, shared by whoever is writing chunks


@dataclass(frozen=True)
class NewChunk:
    """A chunk to be stored: `embedding` (384,), `sentence_vectors` (n sentences, 384).

    `retrieval` (384,) is by the encoder that it is found by, where that is another.
    """

    ordinal: int
    heading: Sequence[str]
    text: str
    sentences: Sequence[str]
    embedding: Matrix
    sentence_vectors: Matrix
    links: Sequence[tuple[str, str]] = ()
    retrieval: Matrix | None = None


@dataclass(frozen=True)
class StoredChunk:
    """A chunk with what its page says of it."""

    id: int
    url: str
    title: str
    heading: list[str]
    text: str
    sentences: list[str]
    raw_vectors: bytes
    links: list[tuple[str, str]]
    language: str
    section: str
    published_on: date | None
    fetched_at: datetime
    superseded_by: str | None
    thread: str | None

    def in_context(self) -> str:
        """The text under its page's title and its headings."""
        return in_context(self.title, self.heading, self.text)

    def sentence_vectors(self) -> Matrix:
        """One unit vector a sentence: float32 (n, 384)."""
        rows = np.frombuffer(self.raw_vectors, dtype="<f2").reshape(-1, DIMENSIONS)
        return rows.astype(np.float32)


def in_context(title: str, heading: Sequence[str], *texts: str) -> str:
    """Put texts under their page's title and their headings, a line each."""
    return "\n".join(filter(None, (title, " > ".join(heading), *texts)))


def stack(vectors: Iterable[Matrix]) -> Matrix:
    """Put vectors (384,) into one matrix (n, 384)."""
    rows = list(vectors)
    return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), dtype=np.float32)


def replace(
    connection: Connection,
    page_id: int,
    title: str,
    language: str,
    thread: str | None,
    chunks: Sequence[NewChunk],
    retriever: str | None = None,
) -> None:
    """Put `chunks` in the place of the page's chunks; `retriever` made their `retrieval`."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WRITERS])
    connection.execute("DELETE FROM chunks WHERE page_id = %s", [page_id])
    connection.execute(
        "INSERT INTO chunk_configurations VALUES (%s::regconfig) ON CONFLICT DO NOTHING",
        [configuration(language)],
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO chunks (page_id, thread, ordinal, heading, text, sentences,"
            " sentence_vectors, links, embedding, retrieval, retriever, configuration, lexemes,"
            " length)"
            " SELECT %(page)s, %(thread)s, %(ordinal)s, %(heading)s, %(text)s, %(sentences)s,"
            " %(vectors)s, %(links)s, %(embedding)s, %(retrieval)s, %(retriever)s,"
            " %(configuration)s::regconfig, lexemes,"
            " (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(lexemes))"
            " FROM to_tsvector(%(configuration)s::regconfig, %(words)s) AS lexemes",
            [
                {
                    "page": page_id,
                    "thread": thread,
                    "ordinal": chunk.ordinal,
                    "heading": list(chunk.heading),
                    "text": chunk.text,
                    "sentences": list(chunk.sentences),
                    "vectors": chunk.sentence_vectors.astype("<f2").tobytes(),
                    "links": Jsonb([list(link) for link in chunk.links]),
                    "embedding": chunk.embedding,
                    "retrieval": chunk.retrieval,
                    "retriever": retriever,
                    "configuration": configuration(language),
                    "words": "\n".join((title, *chunk.heading, chunk.text)),
                }
                for chunk in chunks
            ],
        )


@dataclass(frozen=True)
class Filter:
    """Which chunks may be found. An empty field leaves all in.

    Without `thread`, only the organisation's own; with it, also those read for that conversation,
    and with `only_thread` nothing but those.
    """

    section: str = ""
    language: str = ""
    published_since: date | None = None
    url: str = ""
    thread: str | None = None
    only_thread: bool = False

    @property
    def narrows(self) -> bool:
        """Whether anything but the thread is asked for."""
        return bool(
            self.section or self.language or self.published_since or self.url or self.only_thread
        )


EVERYTHING = Filter()
_PAGES = (
    "SELECT id FROM pages WHERE (%(section)s = '' OR section = %(section)s)"
    " AND (%(language)s = '' OR language = %(language)s)"
    " AND (%(url)s = '' OR url = %(url)s)"
    " AND (%(published_since)s::date IS NULL OR published_on >= %(published_since)s)"
)
MADE_BY = " AND c.retriever = %(retriever)s"
_WANTED = (
    "((c.thread IS NULL AND NOT %(only_thread)s) OR c.thread = %(thread)s)"
    f" AND (NOT %(narrows)s OR c.page_id IN ({_PAGES}))"
)


def nearest(
    connection: Connection, query: Matrix, limit: int, wanted: Filter, retriever: str = ""
) -> dict[int, float]:
    """Compare `query` (384,) with every chunk: the cosines of the `limit` nearest, best first.

    With `retriever`, `query` is by that encoder, and so are the vectors that it is compared with.
    """
    where = "c.thread IS NULL"
    if wanted.thread is not None or wanted.narrows:
        where = _WANTED
    rows = connection.execute(
        # Of unit vectors it is the cosine.
        f"SELECT c.id, -(c.{column(retriever)} <#> %(query)s) FROM chunks c"
        f" WHERE {where}{MADE_BY if retriever else ''}"
        f" ORDER BY c.{column(retriever)} <#> %(query)s LIMIT %(limit)s".encode(),
        {
            "query": query,
            "limit": limit,
            "narrows": wanted.narrows,
            "retriever": retriever,
            **asdict(wanted),
        },
    ).fetchall()
    return dict(rows)


def column(retriever: str) -> str:
    """Name the column of the vectors that chunks are found by: "" is the bundled encoder."""
    return "retrieval" if retriever else "embedding"


def few(connection: Connection, wanted: Filter, most_pages: int) -> list[int] | None:
    """All chunks that the filter lets through, None where they stand on more than `most_pages`."""
    parameters = {"narrows": wanted.narrows, "most": most_pages + 1, **asdict(wanted)}
    rows = connection.execute(f"{_PAGES} LIMIT %(most)s".encode(), parameters).fetchall()
    if len(rows) > most_pages:
        return None
    found = connection.execute(
        "SELECT id FROM chunks WHERE page_id = ANY(%(pages)s)"
        " AND ((thread IS NULL AND NOT %(only_thread)s) OR thread = %(thread)s)",
        {**parameters, "pages": [row[0] for row in rows]},
    ).fetchall()
    return [row[0] for row in found]


def allowed(connection: Connection, ids: Sequence[int], wanted: Filter) -> set[int]:
    """Return those of `ids` that still exist and that the filter lets through."""
    where = _WANTED if wanted.thread is not None or wanted.narrows else "c.thread IS NULL"
    rows = connection.execute(
        f"SELECT c.id FROM chunks c WHERE c.id = ANY(%(ids)s) AND {where}".encode(),
        {"ids": list(ids), "narrows": wanted.narrows, **asdict(wanted)},
    )
    return {row[0] for row in rows}


def cosines(
    connection: Connection, query: Matrix, ids: Sequence[int], retriever: str = ""
) -> dict[int, float]:
    """Return the cosine of `query` (384,) to each of these chunks that still exists."""
    rows = connection.execute(
        f"SELECT c.id, -(c.{column(retriever)} <#> %(query)s) FROM chunks c"
        f" WHERE c.id = ANY(%(ids)s){MADE_BY if retriever else ''}".encode(),
        {"query": query, "ids": list(ids), "retriever": retriever},
    ).fetchall()
    return dict(rows)


def read(connection: Connection, ids: Sequence[int]) -> dict[int, StoredChunk]:
    """Return the chunks with these ids that still exist."""
    with connection.cursor(row_factory=class_row(StoredChunk), binary=True) as cursor:
        rows = cursor.execute(
            "SELECT c.id, p.url, p.title, c.heading, c.text, c.sentences,"
            " c.sentence_vectors AS raw_vectors, c.links, p.language, p.section, p.published_on,"
            " p.fetched_at, p.superseded_by, c.thread"
            " FROM chunks c JOIN pages p ON p.id = c.page_id WHERE c.id = ANY(%s)",
            [list(ids)],
        ).fetchall()
    return {row.id: row for row in rows}


def count(connection: Connection) -> int:
    """How many chunks of the organisation's own there are."""
    row = connection.execute("SELECT count(*) FROM chunks WHERE thread IS NULL").fetchone()
    return int(row[0]) if row else 0
