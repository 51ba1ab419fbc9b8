"""The vectors that chunks are found by, where an encoder was trained for this organisation.

A chunk says whose vector it keeps, so that a search never compares those of two encoders.
"""

from collections.abc import Sequence
from typing import Any

import psycopg

from frontdesk.db.chunks import Matrix, in_context

Connection = psycopg.Connection[Any]


def complete(connection: Connection, retriever: str) -> bool:
    """Whether every chunk of the organisation's own has the vector of this encoder."""
    row = connection.execute(
        # Three ranges of the index, instead of IS DISTINCT FROM, which would read all of it.
        "SELECT EXISTS (SELECT FROM chunks WHERE thread IS NULL"
        " AND (retriever IS NULL OR retriever < %(name)s OR retriever > %(name)s))",
        {"name": retriever},
    ).fetchone()
    return row is not None and not row[0]


def count(connection: Connection, retriever: str) -> int:
    """How many chunks of the organisation's own have the vector of this encoder."""
    row = connection.execute(
        "SELECT count(*) FROM chunks WHERE thread IS NULL AND retriever = %s", [retriever]
    ).fetchone()
    return int(row[0]) if row else 0


def missing(
    connection: Connection, retriever: str, after: int, limit: int
) -> list[tuple[int, str]]:
    """Return chunks past the id `after` without this encoder's vector: (id, text in context)."""
    rows = connection.execute(
        "SELECT c.id, p.title, c.heading, c.text FROM chunks c JOIN pages p ON p.id = c.page_id"
        " WHERE c.id > %s AND c.retriever IS DISTINCT FROM %s ORDER BY c.id LIMIT %s",
        [after, retriever, limit],
    ).fetchall()
    return [(number, in_context(title, heading, text)) for number, title, heading, text in rows]


def keep(connection: Connection, retriever: str, ids: Sequence[int], vectors: Matrix) -> None:
    """Give these chunks this encoder's vectors (n, 384), in the place of any other's."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE chunks SET retrieval = %s, retriever = %s WHERE id = %s",
            [(vector, retriever, number) for number, vector in zip(ids, vectors, strict=True)],
        )
