"""Images described by a model behind an OpenAI-compatible URL: found by, never quoted."""

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image

from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.ingest.report import IngestReport
from frontdesk.db.ingest.vision import plain_words
from frontdesk.db.settings import ChunkSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.tools.search import Searcher

SAYS = "A golden retriever sits beside a wheelchair in a garden. Its phone number is 555-0123."


@dataclass(frozen=True)
class Settings:
    site: SiteSettings = field(default_factory=SiteSettings)
    chunks: ChunkSettings = field(default_factory=ChunkSettings)


@dataclass
class Seer:
    """A server that speaks OpenAI's protocol and says the same of every image."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200


@pytest.fixture
def seer() -> Iterator[Seer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            heard.asked.append({"path": self.path, **json.loads(self.rfile.read(length))})
            body = json.dumps({"choices": [{"message": {"content": SAYS}}]}).encode()
            self.send_response(heard.status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Seer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield heard
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def read(site: Any, store: Store, embedder: GGUFEmbedder, seer: Seer) -> Any:
    """Ingest a page with a picture and return the report."""
    picture = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(picture, "PNG")
    site.put("/dog.png", "")
    site.pages["/dog.png"].body = picture.getvalue()
    site.pages["/dog.png"].headers["Content-Type"] = "image/png"
    site.put(
        "/",
        "<main><h1>Volunteers</h1><h2>Visits</h2><p>They come on Monday.</p>"
        "<img src='/dog.png' alt='Max'><h2>Fees</h2><p>There is no fee.</p></main>",
    )

    def run(**options: Any) -> IngestReport:
        settings = SiteSettings(trusted_hosts=(site.host,), retries=0, **options)
        return ingest(store, [site.url], Settings(settings), embedder=embedder)

    return run


def test_a_description_helps_to_find_a_passage_and_is_nobodys_quote(
    read: Any, seer: Seer, store: Store, embedder: GGUFEmbedder
) -> None:
    question = "is there a therapy dog in the garden"
    searcher = Searcher(store, embedder)
    read()
    before = {p.text: p.dense for p in searcher.search(question).passages}
    with store.connection() as connection:
        connection.execute("TRUNCATE pages CASCADE")
    assert seer.asked == []
    read(vision_url=seer.url, vision_model="sees")
    (request,) = seer.asked
    assert (request["path"], request["model"]) == ("/v1/chat/completions", "sees")
    image = request["messages"][0]["content"][1]["image_url"]["url"]
    assert image.startswith("data:image/png;base64,")
    after = {p.text: p.dense for p in searcher.search(question).passages}
    assert after["They come on Monday."] > before["They come on Monday."] + 0.1
    assert after["There is no fee."] == pytest.approx(before["There is no fee."], abs=1e-3)
    with store.connection() as connection:
        held = connection.execute("SELECT text, sentences, links FROM chunks").fetchall()
    assert "retriever" not in str(held) and "555-0123" not in str(held)


def test_a_model_that_fails_is_a_warning(read: Any, seer: Seer) -> None:
    seer.status = 500
    report = read(vision_url=seer.url, vision_model="sees")
    assert report.stored == 1 and not report.failed
    (warning,) = report.warnings
    assert "dog.png is not described" in warning.reason and "500" in warning.reason


def test_what_could_be_taken_for_a_fact_is_dropped() -> None:
    assert plain_words(SAYS) == "A golden retriever sits beside a wheelchair in a garden."
    assert plain_words("See www.x.example now. Write to a@b.example.") == ""
