"""The HNSW index (Malkov and Yashunin 2018) over the organisation's chunks, in half precision.

It is built once there are many chunks, while others read and write; from then on PostgreSQL keeps
it up, and nothing here drops a whole one. A build that was cut off is begun again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from frontdesk.db import chunks
from frontdesk.db.settings import MEGABYTE, SearchSettings
from frontdesk.db.store import Store

Connection = psycopg.Connection[Any]
INDEX, RETRIEVAL_INDEX = "chunks_embedding_hnsw", "chunks_retrieval_hnsw"
VECTOR = f"halfvec({chunks.DIMENSIONS})"
_LOCK = 0x484E5357
_CHUNK_BYTES = 2048  # that a chunk takes while the graph is built: vector, links, room to spare
_LEAST_MEGABYTES = 64


@dataclass(frozen=True)
class Index:
    """The index as it stands: `valid` if it can be asked; else it is being built or was cut off."""

    valid: bool
    building: bool
    bytes: int
    m: int
    ef_construction: int


def name(retriever: str = "") -> str:
    """Name the index over the vectors of the bundled encoder, or over those of a retriever."""
    return RETRIEVAL_INDEX if retriever else INDEX


def index(connection: Connection, retriever: str = "") -> Index | None:
    """Look at the index, None where there is none."""
    row = connection.execute(
        "SELECT i.indisvalid, pg_relation_size(c.oid), c.reloptions, EXISTS (SELECT FROM pg_locks"
        " WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database()))"
        " FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass(%s)",
        [_LOCK, name(retriever)],
    ).fetchone()
    if row is None:
        return None
    options = dict(option.split("=") for option in row[2] or ())
    m, construction = int(options.get("m", 16)), int(options.get("ef_construction", 64))
    return Index(bool(row[0]), bool(row[3]), int(row[1]), m, construction)


def usable(connection: Connection, retriever: str = "") -> bool:
    """Whether the index can be asked."""
    row = connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name(retriever)]
    ).fetchone()
    return bool(row and row[0])


def refresh(
    store: Store,
    settings: SearchSettings,
    on_begin: Callable[[str], None] | None = None,
    retriever: str = "",
) -> bool:
    """Build the index if there are chunks enough and nobody else is at it; return whether it was.

    `on_begin` is told what begins. Raises `StoreError` when PostgreSQL cannot build it: searches
    go on comparing each chunk.
    """
    with store.connection() as connection:
        count = chunks.count(connection)
        if count < max(settings.exact_below, 1) or usable(connection, retriever):
            return False
    memory = settings.build_memory_mb or (_memory(count) if store.embedded else 0)
    with store.session() as connection:
        # Tried, never waited for: the build waits for every other transaction to end. An orphan
        # whose client was killed builds on and holds it still.
        held = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        if not held or not held[0] or usable(connection, retriever):
            return False
        if on_begin is not None:
            on_begin(f"building the HNSW index over {count:,} chunks")
        if memory:
            connection.execute(f"SET maintenance_work_mem = '{memory:d}MB'".encode())
        _create(connection, settings, retriever)
        connection.execute("ANALYZE chunks, pages")
        # The session's end would let go of it too, but not at once.
        connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return True


def _create(connection: Connection, settings: SearchSettings, retriever: str) -> None:
    try:
        _begin_anew(connection, settings, retriever)
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory):
        # The workers share the graph in /dev/shm, which is small in many a container.
        connection.execute("SET max_parallel_maintenance_workers = 0")
        _begin_anew(connection, settings, retriever)


def _begin_anew(connection: Connection, settings: SearchSettings, retriever: str) -> None:
    # What is left of a build that was cut off costs every writer and serves nobody.
    connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name(retriever)}".encode())
    connection.execute(
        f"CREATE INDEX CONCURRENTLY {name(retriever)} ON chunks USING hnsw"
        f" (({chunks.column(retriever)}::{VECTOR}) halfvec_ip_ops)"
        f" WITH (m = {settings.m:d}, ef_construction = {settings.ef_construction:d})"
        " WHERE thread IS NULL".encode()
    )


def _memory(count: int) -> int:
    """Megabytes for a graph of `count` chunks: at most half of what this machine has free."""
    needed = max(_LEAST_MEGABYTES, count * _CHUNK_BYTES // MEGABYTE)
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # no Linux: a gigabyte is free anywhere that holds so many chunks
        return min(needed, 1024)
    free = next((int(line.split()[1]) for line in lines if line.startswith("MemAvailable")), 0)
    return max(_LEAST_MEGABYTES, min(needed, free // 1024 // 2))
