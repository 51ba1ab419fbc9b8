"""Real parts for every test: an embedded PostgreSQL, the encoder, and websites on loopback.

The encoder's GGUF file is made once and kept in the temporary folder of the machine; everything
else lives and dies with the test session.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.db.server import EmbeddedServer
from frontdesk.db.settings import DatabaseSettings
from frontdesk.db.store import Store

_KEEP = {"schema_migrations", "contacts_version", "chunk_configurations"}


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of its own for the session."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def database_server(data_dir: Path) -> Iterator[EmbeddedServer]:
    """The embedded server of the session."""
    server = EmbeddedServer(data_dir / "postgres")
    server.start()
    yield server
    server.release()


@pytest.fixture(scope="module")
def module_store(
    database_server: EmbeddedServer, request: pytest.FixtureRequest
) -> Iterator[Store]:
    """A fresh, migrated database for each test module."""
    name = request.module.__name__.rpartition(".")[2]
    with psycopg.connect(database_server.url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    url = database_server.url.replace("/postgres?", f"/{quote(name)}?")
    with Store.open(DatabaseSettings(url=url), Path()) as store:
        yield store


@pytest.fixture
def store(module_store: Store) -> Store:
    """The module's database, emptied."""
    with module_store.connection() as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        names = ", ".join(f'"{row[0]}"' for row in rows if row[0] not in _KEEP)
        connection.execute("SET LOCAL synchronous_commit = off")
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())
    return module_store


@pytest.fixture(scope="session")
def embedder() -> Iterator[GGUFEmbedder]:
    """The real encoder, its file kept between runs outside the repository."""
    cache = Path(tempfile.gettempdir()) / f"frontdesk-tests-{os.getuid()}"
    encoder = GGUFEmbedder(encoder_path(cache))
    yield encoder
    encoder.close()


@dataclass
class Reply:
    """What the test site answers for one path."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html"})


@dataclass
class Site:
    """A website on loopback: set `pages[path]`, read what was asked from `requests`."""

    host: str
    pages: dict[str, Reply | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def put(self, path: str, html: str, **headers: str) -> None:
        """Publish an HTML page at `path`; `headers` with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Reply(html.encode(), 200, {"Content-Type": "text/html", **named})

    def redirect(self, path: str, target: str) -> None:
        """Answer `path` with a redirect to `target`."""
        self.pages[path] = Reply(b"", 302, {"Location": target})


@pytest.fixture
def site() -> Iterator[Site]:
    """A real HTTP server in a thread, empty: unknown paths answer 404. It honours `ETag`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name.lower(): value for name, value in self.headers.items()}
            served.requests.append((self.path, asked))
            reply = served.pages.get(self.path, Reply(b"<h1>Not here</h1>", 404))
            if not isinstance(reply, Reply):
                reply(self)
                return
            etag = reply.headers.get("ETag")
            unchanged = (
                reply.status == 200 and etag is not None and asked.get("if-none-match") == etag
            )
            self.send_response(304 if unchanged else reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            body = b"" if unchanged else reply.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Site(f"127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
