"""The same interface over a URL, against llama-cpp-python's own server in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from frontdesk.agents.chat.model import GGUFChatModel
from frontdesk.agents.chat.opening import open_chat_model, open_instruct_decider
from frontdesk.agents.chat.server_decider import ServerDecider
from frontdesk.agents.decision import Decision, Evidence, Writer
from frontdesk.agents.errors import ServerError
from frontdesk.agents.settings import ModelSettings, OrganisationSettings


@pytest.fixture(scope="module")
def server(model_path: Path) -> Iterator[str]:
    """The URL of a llama_cpp.server that serves the random model."""
    pytest.importorskip("starlette_context", reason="llama-cpp-python[server] is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model_path)]
    command += ["--port", str(port), "--n_ctx", "1024", "--n_threads", "1", "--verbose", "false"]
    command += ["--chat_format", "chatml", "--logits_all", "true"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{url}/v1/models", timeout=2).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError("the model server did not start")


def test_a_server_answers_and_streams(server: str, tmp_path: Path) -> None:
    settings = ModelSettings(url=server, max_answer_tokens=8, name="random")
    model = open_chat_model(settings, tmp_path)
    answer = model.invoke("how long is the wait?")
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] <= 8
    streamed = "".join(chunk.text for chunk in model.stream("how long is the wait?"))
    assert isinstance(streamed, str)


def test_a_server_decides(server: str, tmp_path: Path) -> None:
    model = open_chat_model(ModelSettings(url=server, max_answer_tokens=24), tmp_path)
    decider = ServerDecider(model, "random", OrganisationSettings(name="Kestrel"))
    for _ in range(2):
        decision = decider.decide(Evidence("who do i call?"))
        assert decision.step in {"search", "contact_lookup", "refuse", "clarify"}


def test_a_server_tells_probabilities(server: str, tmp_path: Path) -> None:
    model = open_chat_model(ModelSettings(url=server, max_answer_tokens=8), tmp_path)
    reply = model.invoke("how long is the wait?", logprobs=True, top_logprobs=1)
    told = reply.response_metadata["logprobs"]["content"]
    assert told
    assert all(token["logprob"] <= 0 for token in told)


def test_a_server_writes(server: str, tmp_path: Path) -> None:
    settings = ModelSettings(url=server, max_answer_tokens=8, grounding="grounded")
    organisation = OrganisationSettings(name="Kestrel")
    decider = open_instruct_decider(settings, organisation, tmp_path)
    assert isinstance(decider, Writer)
    assert "".join(decider.write(Evidence("who do i call?"), Decision("answer"), []))


def test_no_server_is_one_clear_error(tmp_path: Path) -> None:
    settings = ModelSettings(url="http://127.0.0.1:9", turn_timeout_seconds=5)
    model = open_chat_model(settings, tmp_path)
    with pytest.raises(ServerError, match="no model server answers at http://127.0.0.1:9/v1"):
        model.invoke("hello")
    with pytest.raises(ServerError, match="start it"):
        list(model.stream("hello"))


def test_a_file_is_opened_here(model_path: Path, tmp_path: Path) -> None:
    settings = ModelSettings(path=str(model_path), max_answer_tokens=4, context_tokens=512)
    model = open_chat_model(settings, tmp_path)
    assert isinstance(model, GGUFChatModel)
    with model.engine:
        assert model.invoke("hello").response_metadata["model_name"] == model_path.stem
