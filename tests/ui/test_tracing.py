"""LangSmith hears of a turn when its own variables ask for it, and of nothing otherwise."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from desks import Desk


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that stands for LangSmith, and the paths that were asked of it."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer()

        def _answer(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", heard
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("asked_for", [False, True])
def test_a_turn_is_traced_only_when_asked_for(
    desk: Desk, listener: tuple[str, list[str]], asked_for: bool
) -> None:
    url, heard = listener
    variables = {"LANGSMITH_ENDPOINT": url, "LANGSMITH_API_KEY": "a key"}
    if asked_for:
        variables["LANGSMITH_TRACING"] = "true"
    traced = Desk(desk.config, {**desk.environment, **variables})
    done = traced.run("ask", "how much is parking", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"]
    assert bool(heard) == asked_for
