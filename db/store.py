"""The open database: a pool of connections to the embedded server or to `[database] url`.

with Store.open(settings.database, settings.data_dir) as store:
    with store.connection() as connection:
        connection.execute("SELECT count(*) FROM pages")
"""

import atexit
import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import psycopg
from pgvector.psycopg import register_vector
from psycopg_pool import ConnectionPool, PoolTimeout

from frontdesk.db import lexical_segments
from frontdesk.db.errors import StoreError
from frontdesk.db.migrate import migrate
from frontdesk.db.server import EmbeddedServer
from frontdesk.db.settings import DatabaseSettings

# The pool warns of every attempt to connect; the one line that matters is a StoreError.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

Connection = psycopg.Connection[Any]
_PATIENCE = 1.0  # seconds before the embedded server is looked after
_PASSWORD = re.compile(r"(://[^:/@]*):[^@/]*@")


class Connections(Protocol):
    """Whoever lends connections: the store, or one that sees it otherwise."""

    def connection(self) -> AbstractContextManager[Connection]: ...


class Store:
    """Everything that Frontdesk keeps. Thread safe; made by `Store.open`."""

    def __init__(self, url: str, settings: DatabaseSettings, server: EmbeddedServer | None) -> None:
        self.url = url
        self._server = server
        self._timeout = settings.connect_timeout_seconds
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=settings.pool_size,
            timeout=self._timeout,
            reconnect_timeout=self._timeout,
            configure=_configure,
            check=ConnectionPool.check_connection,
            kwargs={"connect_timeout": max(1, int(self._timeout))},
            open=False,
        )

    @classmethod
    def open(cls, settings: DatabaseSettings, data_dir: Path) -> Self:
        """Start or find the database, bring its schema up to date and open the pool.

        Raises `StoreError`: one line with the value seen and the way out.
        """
        server = None if settings.url else EmbeddedServer(data_dir / "postgres")
        if server is not None:
            server.start()
        url = settings.url or (server.url if server else "")
        try:
            store = cls(url, settings, server)
            with store._translated():
                with psycopg.connect(
                    url, autocommit=True, connect_timeout=max(1, int(store._timeout))
                ) as connection:
                    if migrate(connection):
                        with connection.transaction():
                            lexical_segments.refresh(connection)
                store._pool.open()
        except StoreError:
            if server is not None:
                server.release()
            raise
        atexit.register(store.close)
        return store

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection. Leaving normally commits, leaving by an exception rolls back.

        Raises `StoreError` when the database is gone, full or refuses to answer.
        """
        with self._translated():
            connection = self._lend()
            try:
                with connection:
                    yield connection
            finally:
                self._pool.putconn(connection)

    @property
    def embedded(self) -> bool:
        """Whether the server is the embedded one, on this machine."""
        return self._server is not None

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of its own without a transaction, for what cannot run inside one.

        Raises `StoreError` as `connection` does.
        """
        with self._translated():
            with psycopg.connect(
                self.url, autocommit=True, connect_timeout=max(1, int(self._timeout))
            ) as connection:
                yield connection

    def close(self) -> None:
        """Close the pool and let the embedded server go. Safe to call twice."""
        atexit.unregister(self.close)
        self._pool.close()
        if self._server is not None:
            self._server.release()

    def _lend(self) -> Connection:
        """Take a connection; start an embedded server that died under us (killed, no memory)."""
        if self._server is not None:
            try:
                return self._pool.getconn(timeout=_PATIENCE)
            except PoolTimeout:
                self._server.start()  # does nothing when it only was busy
        return self._pool.getconn()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise StoreError(
                f"{self._name()}: no connection within {self._timeout:g} s; the database is down"
                " or busy, try again or run `frontdesk doctor`",
                passing=True,
            ) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise StoreError(
                f"{self._name()}: {reason}; run `frontdesk doctor`", passing=_passes(error)
            ) from error

    def _name(self) -> str:
        """The database as a message may name it: without its password."""
        if self._server is not None:
            return str(self._server.pgdata)
        return _PASSWORD.sub(r"\1:***@", self.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _passes(error: psycopg.Error) -> bool:
    """Whether the connection is what failed: lost (no code, class 08) or shut down (57P)."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def _configure(connection: Connection) -> None:
    register_vector(connection)
    connection.commit()
