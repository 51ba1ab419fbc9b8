"""The chunks nearest in meaning: each compared, or found through an HNSW index (Malkov 2018).

The index holds the organisation's own chunks in half precision; what it finds is scored anew from
the full vectors. It is built while others read and write, once there are many chunks, and stays.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from frontdesk.db import chunks
from frontdesk.db.chunks import Filter
from frontdesk.db.settings import MEGABYTE, SearchSettings

Connection = psycopg.Connection[Any]
Matrix = npt.NDArray[np.float32]
INDEX = "chunks_embedding_hnsw"
FEW_PAGES = 500  # a filter that leaves no more pages than this is answered by comparing each chunk
_LOCK = 0x484E5357
_CHUNK_BYTES = 2048  # that a chunk takes while the graph is built: vector, links, room to spare
_MOST_SCANNED = 20_000  # chunks that a filtered search looks at before each is compared after all


@dataclass(frozen=True)
class Index:
    """The HNSW index: `valid` if it can be asked, else a build goes on or was cut off."""

    valid: bool
    building: bool
    bytes: int
    m: int
    ef_construction: int


def index(connection: Connection) -> Index | None:
    """Look at the index, None where there is none."""
    row = connection.execute(
        "SELECT i.indisvalid, pg_relation_size(c.oid), c.reloptions, EXISTS (SELECT FROM pg_locks"
        " WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass(%s)",
        [_LOCK, INDEX],
    ).fetchone()
    if row is None:
        return None
    options = dict(option.split("=") for option in row[2] or ())
    m, construction = int(options.get("m", 16)), int(options.get("ef_construction", 64))
    return Index(bool(row[0]), bool(row[3]), int(row[1]), m, construction)


def usable(connection: Connection) -> bool:
    """Whether the index can be asked."""
    row = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [INDEX]
    ).fetchone()
    return bool(row and row[0])


def nearest(
    connection: Connection, query: Matrix, limit: int, wanted: Filter, ef_search: int
) -> dict[int, float]:
    """Ask the index: the cosines of about the `limit` chunks nearest to `query`, best first.

    A filter that lets little through is answered exactly, as is a conversation's own part.
    """
    if wanted.only_thread:
        return chunks.nearest(connection, query, limit, wanted)
    found = _indexed(connection, query, limit, wanted, ef_search)
    if len(found) < limit and wanted.narrows:
        return chunks.nearest(connection, query, limit, wanted)
    if wanted.thread is not None:
        own = Filter(**{**vars(wanted), "only_thread": True})
        found |= chunks.nearest(connection, query, limit, own)
    return dict(sorted(found.items(), key=lambda item: -item[1])[:limit])


def _indexed(
    connection: Connection, query: Matrix, limit: int, wanted: Filter, ef_search: int
) -> dict[int, float]:
    # The vector is read in full only for what the index returns. The filter is a subquery of one
    # row so that no plan can begin with it: the order has to come from the index.
    page = (
        " AND (SELECT (%(section)s = '' OR p.section = %(section)s)"
        " AND (%(language)s = '' OR p.language = %(language)s)"
        " AND (%(url)s = '' OR p.url = %(url)s)"
        " AND (%(published_since)s::date IS NULL OR p.published_on >= %(published_since)s)"
        " FROM pages p WHERE p.id = c.page_id)"
    )
    connection.execute(
        f"SET LOCAL hnsw.ef_search = {ef_search:d}; SET LOCAL hnsw.iterative_scan = relaxed_order;"
        f" SET LOCAL hnsw.max_scan_tuples = {_MOST_SCANNED}".encode()
    )
    rows = connection.execute(
        "SELECT id, -(embedding <#> %(query)s) FROM (SELECT c.id, c.embedding FROM chunks c"
        f" WHERE c.thread IS NULL{page if wanted.narrows else ''}"
        f" ORDER BY c.embedding::halfvec({chunks.DIMENSIONS})"
        f" <#> %(query)s::halfvec({chunks.DIMENSIONS}) LIMIT %(limit)s) AS found".encode(),
        {"query": query, "limit": limit, **vars(wanted)},
    ).fetchall()
    return dict(rows)


def build(connection: Connection, settings: SearchSettings) -> bool:
    """Build the index if there are chunks enough and nobody else is at it; return whether it was.

    `connection` must be autocommit. A build that was cut off is begun again. Raises `psycopg.Error`
    when PostgreSQL cannot; what is left of the attempt is removed at the next one.
    """
    count = chunks.count(connection)
    if count < max(settings.exact_below, 1) or usable(connection):
        return False
    held = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
    if not held or not held[0]:
        return False
    try:
        if usable(connection):  # somebody has just finished it
            return False
        _create(connection, count, settings)
        connection.execute("ANALYZE chunks, pages")
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return True


def _create(connection: Connection, count: int, settings: SearchSettings) -> None:
    memory = settings.build_memory_mb or _memory(count)
    if memory:
        connection.execute(f"SET maintenance_work_mem = '{max(memory, 64)}MB'".encode())
    # Unfinished, it would be kept up by every writer and asked by nobody.
    connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}".encode())
    try:
        _create_with(connection, settings)
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory):
        # In a container /dev/shm, where the workers share the graph, may be small.
        connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}".encode())
        connection.execute("SET max_parallel_maintenance_workers = 0")
        _create_with(connection, settings)


def _create_with(connection: Connection, settings: SearchSettings) -> None:
    connection.execute(
        f"CREATE INDEX CONCURRENTLY {INDEX} ON chunks USING hnsw"
        f" ((embedding::halfvec({chunks.DIMENSIONS})) halfvec_ip_ops)"
        f" WITH (m = {settings.m:d}, ef_construction = {settings.ef_construction:d})"
        " WHERE thread IS NULL".encode()
    )


def _memory(count: int) -> int:
    """Megabytes for a graph of `count` chunks: at most half of what this machine has free."""
    needed = count * _CHUNK_BYTES // MEGABYTE
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return min(needed, 2048)
    free = next((int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), 0)
    return min(needed, free // 1024 // 2)
