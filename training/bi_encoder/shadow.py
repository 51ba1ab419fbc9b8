"""A store seen as if another encoder had embedded it: to measure one, and leave the store alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from pgvector.psycopg import register_vector

from frontdesk.db.ingest.retriever import Retriever, embed_anew
from frontdesk.db.store import Connection, Store


class Shadow:
    """One connection in which a temporary table stands before the store's chunks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend the connection for one transaction."""
        with self._connection.transaction():
            yield self._connection


@contextmanager
def shadowed(store: Store, retriever: Retriever) -> Iterator[Shadow]:
    """Yield the store with every chunk of the organisation's own embedded by `retriever`."""
    with store.session() as connection:
        register_vector(connection)
        # PostgreSQL looks for a name among the session's own tables first.
        connection.execute("CREATE TEMP TABLE own AS SELECT * FROM chunks WHERE thread IS NULL")
        connection.execute("ALTER TABLE own RENAME TO chunks")
        connection.execute("CREATE UNIQUE INDEX ON pg_temp.chunks (id)")
        shadow = Shadow(connection)
        embed_anew(shadow, retriever)
        yield shadow
