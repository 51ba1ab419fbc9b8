"""Write the segments that `db/lexical.py` reads: a few chunks cost a small segment, not all anew.

As in a log-structured merge tree, a new segment takes in the ones before it that are not much
larger; one whose chunks have gone is written again. Everything happens in the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from frontdesk.db.chunks import WRITERS
from frontdesk.db.lexical import gain

Connection = psycopg.Connection[Any]
LARGEST = 250_000  # chunks: what is written at once, and what a change may have to write again
SMALL = 10_000  # chunks that are written again for any change: some two seconds
_DEAD = 0.05  # share of a segment's chunks that may be gone
_FREQUENT = 1 / 6  # of a segment's chunks: there a byte a chunk is less than six bytes a posting
_LOCK = 0x424D3235
_PAIR = np.dtype([("length", ">i4"), ("value", ">i4")])
_ARRAY_HEADER = 20  # bytes before the elements in PostgreSQL's binary int4[]
_BATCH = 2000  # words written at a time
_WORK_MEM = "256MB"

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Range:
    """The chunks with ids in (after, until]: `living` of them are there, `stale` if not as kept."""

    after: int
    until: int
    living: int
    stale: bool

    def with_next(self, later: "Range") -> "Range":
        """This range and the one that follows, to be written as one."""
        return Range(self.after, later.until, self.living + later.living, True)


def refresh(connection: Connection, *, force: bool = False) -> bool:
    """Bring the segments up to date with the chunks; return whether any was written."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    kept = _kept(connection)
    newest = kept[-1].until if kept else 0
    youngest = _youngest(connection)
    row = connection.execute(
        "SELECT count(*) FROM chunks WHERE thread IS NULL AND id > %s AND id <= %s",
        [newest, youngest],
    ).fetchone()
    assert row is not None
    if row[0]:
        kept.append(Range(newest, youngest, row[0], True))
    stale = [part for part in plan(kept) if part.stale or force]
    if not stale:
        return False
    connection.execute(f"SET LOCAL work_mem = '{_WORK_MEM}'".encode())
    average = _average(connection)
    for part in stale:
        _remove(connection, part)
        _write(connection, part, average)
    return True


def plan(ranges: Sequence[Range]) -> list[Range]:
    """Join neighbours so that few segments are left and each chunk is seldom written again."""
    planned: list[Range] = []
    for part in ranges:
        planned.append(part)
        while len(planned) > 1 and _join(planned[-2], planned[-1]):
            later = planned.pop()
            planned[-1] = planned[-1].with_next(later)
    return planned


def _join(before: Range, last: Range) -> bool:
    small = before.living <= max(SMALL, 2 * last.living)
    return last.stale and small and before.living + last.living <= LARGEST


def _kept(connection: Connection) -> list[Range]:
    """The segments there are, with what is left of them."""
    rows = connection.execute(
        "SELECT s.after_id, s.until_id, s.documents, (SELECT count(*) FROM chunks c"
        " WHERE c.thread IS NULL AND c.id > s.after_id AND c.id <= s.until_id)"
        " FROM lexical_segments s ORDER BY s.until_id"
    ).fetchall()
    return [
        Range(after, until, living, documents - living > _allowed(documents))
        for after, until, documents, living in rows
    ]


def _allowed(documents: int) -> float:
    return _DEAD * documents if documents > SMALL else 0


def _youngest(connection: Connection) -> int:
    """The last chunk id, below which nobody is writing any more."""
    connection.execute("SELECT pg_advisory_lock(%s)", [WRITERS])
    try:
        row = connection.execute("SELECT max(id) FROM chunks WHERE thread IS NULL").fetchone()
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [WRITERS])
    return int(row[0] or 0) if row else 0


def _average(connection: Connection) -> float:
    """Lexemes a chunk, over all chunks."""
    row = connection.execute("SELECT avg(length) FROM chunks WHERE thread IS NULL").fetchone()
    return float(row[0] or 1.0) if row else 1.0


def _remove(connection: Connection, part: Range) -> None:
    connection.execute(
        "WITH gone AS (DELETE FROM lexical_segments WHERE after_id >= %s AND until_id <= %s"
        " RETURNING id) DELETE FROM lexical_postings WHERE segment IN (SELECT id FROM gone)",
        [part.after, part.until],
    )


def _write(connection: Connection, part: Range, average: float) -> None:
    """Write a range as segments of at most `LARGEST` chunks."""
    rows = connection.execute(
        "SELECT id, length FROM chunks WHERE thread IS NULL AND id > %s AND id <= %s ORDER BY id",
        [part.after, part.until],
    ).fetchall()
    lengths = np.array(rows, dtype=np.int64).reshape(-1, 2)
    after = part.after
    for start in range(0, len(lengths), LARGEST):
        piece = lengths[start : start + LARGEST]
        last = start + LARGEST >= len(lengths)
        until = part.until if last else int(piece[-1, 0])
        _write_segment(connection, after, until, piece, average)
        after = until


def _write_segment(
    connection: Connection, after: int, until: int, lengths: Numbers, average: float
) -> None:
    """Write one segment; `lengths` holds (chunk id, length), ids ascending."""
    row = connection.execute(
        "INSERT INTO lexical_segments (after_id, until_id, documents, words, ids)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING id",
        [
            *(after, until, len(lengths), int(lengths[:, 1].sum())),
            lengths[:, 0].astype("<i4").tobytes(),
        ],
    ).fetchone()
    assert row is not None
    with connection.cursor("terms", binary=True) as reader:
        reader.execute(
            "SELECT w.lexeme, array_send(array_agg(c.id)),"
            " array_send(array_agg(cardinality(w.positions)))"
            " FROM chunks c, unnest(c.lexemes) AS w"
            " WHERE c.thread IS NULL AND c.id > %s AND c.id <= %s GROUP BY w.lexeme",
            [after, until],
        )
        while batch := reader.fetchmany(_BATCH):
            with connection.cursor().copy(
                "COPY lexical_postings (segment, term, frequency, top, positions, gains)"
                " FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.set_types(["uuid", "text", "int4", "float4", "bytea", "bytea"])
                for term, ids, times in batch:
                    posting = _posting(_array(ids), _array(times), lengths, average)
                    copy.write_row((row[0], term, *posting))


def _posting(
    ids: Numbers, times: Numbers, lengths: Numbers, average: float
) -> tuple[int, float, bytes, bytes]:
    """A word's frequency, greatest gain, positions and gains, as `lexical_postings` keeps them."""
    order = np.argsort(ids)
    positions = np.searchsorted(lengths[:, 0], ids[order])
    gains = gain(times[order], lengths[positions, 1], average)
    top = float(gains.max())
    if len(ids) <= _FREQUENT * len(lengths) or len(lengths) < SMALL:
        return len(ids), top, positions.astype("<i4").tobytes(), gains.astype("<f2").tobytes()
    every = np.zeros(len(lengths), dtype=np.uint8)
    every[positions] = np.maximum(np.rint(gains * (255 / top)), 1)
    return len(ids), top, b"", every.tobytes()


def _array(raw: bytes) -> Numbers:
    return np.frombuffer(raw, _PAIR, offset=_ARRAY_HEADER)["value"].astype(np.int64)
