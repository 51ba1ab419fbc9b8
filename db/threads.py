"""Threads: whose they are, and LangGraph's checkpoints of them, on the store's own pool.

A thread belongs to the owner that opened it; for anybody else it does not exist.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg.rows import DictRow, dict_row

from frontdesk.db.errors import FrontdeskDataError
from frontdesk.db.store import Connection, Store

_SETUP_LOCK = 0x46726F6E74  # "Front", as an advisory lock
_TITLE = 80
# A thread's older checkpoints are removed once in so many turns.
_PRUNE_EVERY = 16


class ThreadError(FrontdeskDataError):
    """The thread is somebody else's, or there is none of that name."""


class Thread(NamedTuple):
    """One conversation, as a list of them shows it."""

    id: str
    owner: str
    title: str
    created_at: datetime
    updated_at: datetime


def claim(connection: Connection, thread: str, owner: str, title: str = "") -> None:
    """Open `thread` for `owner`, or note that its owner used it again.

    Raises `ThreadError` when it belongs to somebody else.
    """
    row = connection.execute(
        "INSERT INTO threads AS t (id, owner, title) VALUES (%s, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET updated_at = now(),"
        " title = CASE WHEN t.title = '' THEN excluded.title ELSE t.title END"
        " WHERE t.owner = excluded.owner RETURNING id",
        [thread, owner, title[:_TITLE]],
    ).fetchone()
    if row is None:
        raise _not_yours(thread)


def check_owner(connection: Connection, thread: str, owner: str) -> None:
    """Raise `ThreadError` if `thread` exists and is not `owner`'s."""
    row = connection.execute("SELECT owner FROM threads WHERE id = %s", [thread]).fetchone()
    if row is not None and row[0] != owner:
        raise _not_yours(thread)


def of_owner(connection: Connection, owner: str, *, limit: int = 100) -> list[Thread]:
    """Return the threads of `owner`, the last used first."""
    rows = connection.execute(
        "SELECT id, owner, title, created_at, updated_at FROM threads WHERE owner = %s"
        " ORDER BY updated_at DESC, id LIMIT %s",
        [owner, limit],
    ).fetchall()
    return [Thread(*row) for row in rows]


def delete(connection: Connection, thread: str, owner: str) -> None:
    """Forget a thread's row and its feedback; its checkpoints are the saver's to delete."""
    check_owner(connection, thread, owner)
    connection.execute("DELETE FROM threads WHERE id = %s AND owner = %s", [thread, owner])


def _not_yours(thread: str) -> ThreadError:
    return ThreadError(f"no thread {thread[:_TITLE]!r} of yours; start a new one")


class ThreadSaver(PostgresSaver):
    """LangGraph's Postgres checkpointer on the store's pool, for blocking and async graphs alike.

    `configurable.owner` (by default "") must be the thread's owner. Without the base class's lock,
    many turns save at once. The async methods run the blocking ones in threads, so that one pool
    serves both.
    """

    def __init__(self, store: Store) -> None:
        # The base class only keeps the connection; every use of it goes through `_cursor`.
        super().__init__(None)  # type: ignore[arg-type]
        self._store = store
        self._turns = 0
        _set_up(store.url)

    @contextmanager
    def _cursor(self, *, pipeline: bool = False) -> Iterator[psycopg.Cursor[DictRow]]:
        with self._store.connection() as connection:
            with connection.cursor(binary=True, row_factory=dict_row) as cursor:
                if pipeline and self.supports_pipeline:
                    with connection.pipeline():
                        yield cursor
                else:
                    yield cursor

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the thread's newest checkpoint. Raises `ThreadError`, `StoreError`."""
        thread, owner = _named(config)
        with self._store.connection() as connection:
            check_owner(connection, thread, owner)
        return super().get_tuple(config)

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint; the first one makes the thread its owner's."""
        thread, owner = _named(config)
        with self._store.connection() as connection:
            claim(connection, thread, owner, _title(checkpoint))
        saved = super().put(config, checkpoint, metadata, new_versions)
        self._turns += 1
        if self._turns % _PRUNE_EVERY == 0:
            self._prune(thread)
        return saved

    def _prune(self, thread: str) -> None:
        try:
            self.prune([thread])
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected):
            return  # another turn of this thread is being saved: the next time will do

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        def read() -> list[CheckpointTuple]:
            return list(self.list(config, filter=filter, before=before, limit=limit))

        for found in await asyncio.to_thread(read):
            yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        await asyncio.to_thread(self.delete_thread, thread_id)


def _named(config: RunnableConfig) -> tuple[str, str]:
    held = config.get("configurable", {})
    return str(held["thread_id"]), str(held.get("owner") or "")


def _title(checkpoint: Checkpoint) -> str:
    messages = checkpoint["channel_values"].get("messages") or []
    return str(getattr(messages[0], "text", "")) if messages else ""


def _set_up(url: str) -> None:
    """Make or renew LangGraph's tables, one process at a time.

    The lock is polled: waiting inside a statement would hold a snapshot, for which the saver's
    CREATE INDEX CONCURRENTLY in another process waits in turn.
    """
    newest = len(PostgresSaver.MIGRATIONS) - 1
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        exists = connection.execute("SELECT to_regclass('checkpoint_migrations') AS t").fetchone()
        if exists and exists["t"] is not None:
            row = connection.execute("SELECT max(v) AS v FROM checkpoint_migrations").fetchone()
            if row and row["v"] is not None and row["v"] >= newest:
                return
        while not _locked(connection):
            time.sleep(0.05)
        try:
            PostgresSaver(connection).setup()
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_SETUP_LOCK])


def _locked(connection: psycopg.Connection[DictRow]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s) AS held", [_SETUP_LOCK]).fetchone()
    return bool(row and row["held"])
