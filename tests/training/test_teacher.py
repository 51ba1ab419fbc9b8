"""What a teacher writes is checked: real servers on loopback, one lies and one babbles."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from frontdesk.training.corpus import Expectation, Organisation, Question
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.teacher import Teacher

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "agents")]

from random_model import write_model
from tiny_desk import PAGES

WRITTEN = "\n".join(
    [
        "Here are some questions:",
        '{"q": "can i pay parking with coins", "quote": "The machine takes cards and coins."}',
        '{"q": "is parking free on sunday", "quote": "Parking is free on Sundays."}',
        '{"q": "when is parking free"}',
        '{"q": "broken", ',
        '{"q": "whats the number of maya oyelaran"}',
        '{"q": "whats the number of the heart doctor"}',
    ]
)


@pytest.fixture
def clinic() -> Organisation:
    return Organisation(
        slug="clinic", name="Clinic", scope="", pages=PAGES, contacts=[], places=[], questions=[]
    )


@pytest.fixture
def fluent() -> Iterator[str]:
    """The URL of a server that writes true, invented and broken lines."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            message = {"role": "assistant", "content": WRITTEN}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
            body = json.dumps({**answer, "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def babbling(tmp_path: Path) -> Iterator[str]:
    """The URL of a llama_cpp.server whose model has random weights."""
    pytest.importorskip("starlette_context", reason="llama-cpp-python[server] is not installed")
    model = write_model(tmp_path / "random.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model)]
    command += ["--port", str(port), "--n_ctx", "2048", "--n_threads", "1", "--verbose", "false"]
    command += ["--chat_format", "chatml"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/v1"
    until = time.monotonic() + 120
    try:
        while time.monotonic() < until and process.poll() is None:
            try:
                httpx.get(f"{url}/models", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def test_only_quotes_that_stand_in_the_page_are_kept(fluent: str, clinic: Organisation) -> None:
    teacher = Teacher(fluent, "m")
    kept = list(teacher.ask_about(clinic, count=3, calls=2))
    assert {question.q for question in kept} == {"can i pay parking with coins"}
    (quote,) = kept[0].steps[0].quotes
    assert any(quote in page for page in PAGES.values())
    assert teacher.counts["dropped: the quote does not stand in the page"] > 0
    assert teacher.counts["dropped: no question or no quote"] > 0


def test_a_wording_keeps_the_names(fluent: str) -> None:
    step = Expectation(step="contact_lookup", contact="Maya Oyelaran")
    asked = Question(q="phone of maya oyelaran", steps=(step,))
    kept = list(Teacher(fluent, "m").reword([asked], count=2))
    assert [question.q for question in kept] == ["whats the number of maya oyelaran"]
    assert kept[0].steps == asked.steps


def test_a_model_that_babbles_teaches_nothing(babbling: str, clinic: Organisation) -> None:
    teacher = Teacher(babbling, "random")
    assert list(teacher.ask_about(clinic, count=2, calls=1)) == []
    assert teacher.counts["calls"] == 1


def test_no_server_is_one_clear_line(clinic: Organisation) -> None:
    with pytest.raises(TrainingError, match="127.0.0.1:9.*teacher_url"):
        list(Teacher("http://127.0.0.1:9/v1", "m").ask_about(clinic, count=1, calls=1))
