"""BM25 over the chunks (Robertson and Zaragoza 2009), kept in PostgreSQL, added up in numpy.

PostgreSQL cuts and stems the words but its `ts_rank` knows no inverse document frequency. So
`lexical_terms` holds, for each word, the chunks that have it and what each gains from it; a search
reads the rows of its few words and adds. Chunks younger than that index are scored by a scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

Connection = psycopg.Connection[Any]
K1 = 1.2
B = 0.75
_LOCK = 0x424D3235
_STALE_SHARE = 0.02  # of the index that may be missing or dead before it is built again
_PAIR = np.dtype([("length", ">i4"), ("value", ">i4")])
_BATCH = 5000  # words written at a time
_ARRAY_HEADER = 20  # bytes before the elements in PostgreSQL's binary int4[]


@dataclass(frozen=True)
class Scores:
    """BM25 gains: `ids` ascending, `scores` parallel; chunks without any word are not in it."""

    ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]

    def of(self, ids: Sequence[int]) -> npt.NDArray[np.float32]:
        """The scores of these chunks, 0 where no word matches: shape (len(ids),)."""
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.float32)
        asked = np.asarray(ids, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids, asked), len(self.ids) - 1)
        return np.where(self.ids[at] == asked, self.scores[at], 0.0).astype(np.float32)

    def top(self, count: int) -> npt.NDArray[np.int64]:
        """The ids of the best `count`, best first."""
        best = np.argsort(-self.scores, kind="stable")
        if len(self.ids) > 4 * count:
            best = np.argpartition(-self.scores, count)[:count]
            best = best[np.argsort(-self.scores[best], kind="stable")]
        return self.ids[best[:count]]


def refresh(connection: Connection, *, force: bool = False) -> bool:
    """Build the index again when enough has changed; return whether it was."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    newest, documents, _ = _state(connection)
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE id > %s), coalesce(max(id), 0)"
        " FROM chunks WHERE thread IS NULL",
        [newest],
    ).fetchone()
    assert row is not None
    total, young, _ = row
    dead = documents - (total - young)
    if (
        not force
        and young + dead <= _STALE_SHARE * documents
        and (young + dead == 0 or total > 5e4)
    ):
        return False
    _build(connection)
    return True


def search(connection: Connection, query: str, thread: str | None = None) -> Scores:
    """Score the organisation's chunks, and those of `thread`, against the words of `query`."""
    newest, documents, average = _state(connection)
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(
            "SELECT t.term, t.frequency, t.ids, t.impacts FROM lexical_terms t"
            " JOIN (SELECT DISTINCT lexeme FROM chunk_configurations c,"
            ' unnest(to_tsvector(c.configuration, %s))) AS q ON t.term = q.lexeme COLLATE "C"',
            [query],
        ).fetchall()
    scores = _added([(row[2], row[3]) for row in rows])
    frequencies = {row[0]: row[1] for row in rows}
    young = _scan(connection, query, thread, newest, documents, average, frequencies)
    if not len(young.ids):
        return scores
    ids = np.concatenate((scores.ids, young.ids))
    gains = np.concatenate((scores.scores, young.scores))
    order = np.argsort(ids)
    return Scores(ids[order], gains[order])


def _state(connection: Connection) -> tuple[int, int, float]:
    row = connection.execute(
        "SELECT newest, documents, average_length FROM lexical_state"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), float(row[2])


def _added(postings: Sequence[tuple[bytes, bytes]]) -> Scores:
    if not postings:
        return Scores(np.zeros(0, np.int64), np.zeros(0, np.float32))
    ids = [np.frombuffer(raw, "<i4") for raw, _ in postings]
    total = np.zeros(max(int(row[-1]) for row in ids) + 1, dtype=np.float32)
    for row, (_, impacts) in zip(ids, postings, strict=True):
        total[row] += np.frombuffer(impacts, "<f4")  # an id stands once in a word's row
    found = np.flatnonzero(total)
    return Scores(found.astype(np.int64), total[found])


def _scan(
    connection: Connection,
    query: str,
    thread: str | None,
    newest: int,
    documents: int,
    average: float,
    frequencies: dict[str, int],
) -> Scores:
    """Score the chunks that are not in the index yet, word by word."""
    rows = connection.execute(
        "SELECT c.id, c.length, w.lexeme, cardinality(w.positions)"
        " FROM chunks c, unnest(c.lexemes) AS w"
        " WHERE (c.thread = %s OR (c.id > %s AND c.thread IS NULL))"
        " AND w.lexeme IN (SELECT lexeme FROM chunk_configurations k,"
        " unnest(to_tsvector(k.configuration, %s)))",
        [thread, newest, query],
    ).fetchall()
    young = max(documents, len({row[0] for row in rows}), 1)
    gained: dict[int, float] = {}
    for chunk, length, word, times in rows:
        weight = idf(young, frequencies.get(word, 1))
        gained[chunk] = gained.get(chunk, 0.0) + weight * gain(times, length, average or length)
    ids = np.array(sorted(gained), dtype=np.int64)
    return Scores(ids, np.array([gained[int(i)] for i in ids], dtype=np.float32))


def idf(documents: int, frequency: float) -> float:
    """The inverse document frequency of BM25 as Lucene writes it: never negative."""
    return float(np.log1p((documents - frequency + 0.5) / (frequency + 0.5)))


def gain(times: Any, length: Any, average: float) -> Any:
    """What a word that stands `times` in a chunk of `length` lexemes adds, before its idf."""
    return times * (K1 + 1) / (times + K1 * (1 - B + B * length / average))


def _build(connection: Connection) -> None:
    """Write the index anew from the chunks, in the caller's transaction."""
    lengths = np.array(
        connection.execute(
            "SELECT id, length FROM chunks WHERE thread IS NULL ORDER BY id"
        ).fetchall(),
        dtype=np.int64,
    ).reshape(-1, 2)
    documents = len(lengths)
    average = float(lengths[:, 1].mean()) if documents else 1.0
    connection.execute("DELETE FROM lexical_terms")
    with connection.cursor("terms", binary=True) as reader:
        reader.execute(
            "SELECT w.lexeme, array_send(array_agg(c.id)),"
            " array_send(array_agg(cardinality(w.positions)))"
            " FROM chunks c, unnest(c.lexemes) AS w WHERE c.thread IS NULL GROUP BY w.lexeme"
        )
        while batch := reader.fetchmany(_BATCH):
            _copy(connection, [_posting(row, lengths, documents, average) for row in batch])
    connection.execute(
        "UPDATE lexical_state SET newest = %s, documents = %s, average_length = %s,"
        " built_at = now()",
        [int(lengths[-1, 0]) if documents else 0, documents, average],
    )


def _posting(
    row: tuple[str, bytes, bytes],
    lengths: npt.NDArray[np.int64],
    documents: int,
    average: float,
) -> tuple[str, int, bytes, bytes]:
    """Make one row of `lexical_terms`; `lengths` holds (chunk id, length), ids ascending."""
    term, ids, times = row[0], _array(row[1]), _array(row[2])
    order = np.argsort(ids)
    ids, times = ids[order], times[order]
    length = lengths[np.searchsorted(lengths[:, 0], ids), 1]
    impacts = idf(documents, len(ids)) * gain(times, length, average)
    return term, len(ids), ids.astype("<i4").tobytes(), impacts.astype("<f4").tobytes()


def _copy(connection: Connection, rows: Sequence[tuple[str, int, bytes, bytes]]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY lexical_terms (term, frequency, ids, impacts) FROM STDIN (FORMAT BINARY)"
        ) as copy:
            copy.set_types(["text", "int4", "bytea", "bytea"])
            for row in rows:
                copy.write_row(row)


def _array(raw: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(raw, _PAIR, offset=_ARRAY_HEADER)["value"].astype(np.int64)
