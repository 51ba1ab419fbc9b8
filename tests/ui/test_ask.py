"""`ask`: the object is a contract, a batch loses nothing, and nothing heavy is imported."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import Desk, failed
from ruled_decider import RuledDecider

from frontdesk.graphs import Assistant, Settings
from frontdesk.ui.batch import answer_batch
from frontdesk.ui.failure import CommandError
from frontdesk.ui.terminal import printable, show, step_line

HEAVY = {"torch", "transformers", "sentence_transformers", "streamlit", "langchain", "pandas"}
KEYS = (
    "id thread answer outcome steps sources literals dropped_literals route_probability timings"
    " tokens model adapter"
).split()
WAIT = "how long is the wait at avens general"


@pytest.fixture(scope="module")
def assistant(desk: Desk) -> Iterator[Assistant]:
    with Assistant.open(Settings.load(desk.config), decider=RuledDecider()) as opened:
        yield opened


def test_the_terminal_streams_text_to_stdout_and_steps_to_stderr(
    assistant: Assistant, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = show(assistant.stream(WAIT))
    out, err = capsys.readouterr()
    assert reply["outcome"] == "answered"
    assert "Avens General Hospital" in out and "Fetched" in out
    assert "Reading the live waits: Avens General Hospital" in err


def test_the_terminal_lists_the_sources(
    assistant: Assistant, capsys: pytest.CaptureFixture[str]
) -> None:
    show(assistant.stream("how much is parking"))
    out, _ = capsys.readouterr()
    assert "[1] " in out and "/patients/parking.html" in out


def test_a_web_page_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x07c\u202e\nd\te") == "a[2Jbc\nd\te"
    assert "\n" not in step_line({"tool": "search", "arguments": {"query": "a\nb\x1b[31m"}})


def test_a_batch_answers_every_line(
    assistant: Assistant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [
        {"id": "a", "question": WAIT},
        {"id": 7, "question": "how much is parking", "thread": "mine", "history": None},
        {"question": "write a poem"},
    ]
    file = tmp_path / "asked.jsonl"
    file.write_text("\n\n".join(json.dumps(line) for line in asked))
    answer_batch(assistant, str(file))
    replies = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [reply["id"] for reply in replies] == ["a", "7", None]
    assert [reply["outcome"] for reply in replies] == ["answered", "answered", "refused"]
    assert replies[1]["thread"] == "mine"
    assert all(list(reply) == KEYS for reply in replies)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "not JSON"),
        ('["a"]', "question"),
        ('{"question": 3}', '"question" is not a string'),
        ('{"question": "a", "qestion": "b"}', 'unknown key "qestion"'),
        ('{"question": "a", "history": [{"role": "system", "content": ""}]}', "history"),
        ('{"question": " "}', "empty"),
        (json.dumps({"question": "a" * 20000}), "20000"),
    ],
)
def test_a_bad_line_is_one_error_among_answers(
    assistant: Assistant,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    line: str,
    reason: str,
) -> None:
    file = tmp_path / "asked.jsonl"
    file.write_text(f'{line}\n{{"question": "how much is parking"}}\n')
    with pytest.raises(CommandError, match="1 of 2 lines failed"):
        answer_batch(assistant, str(file))
    bad, good = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert bad["outcome"] == "error" and reason in bad["answer"] and list(bad) == KEYS
    assert good["outcome"] == "answered"


def test_an_ask_imports_nothing_heavy(desk: Desk) -> None:
    code = (
        "import sys; sys.path.append(sys.argv[1]); import frontdesk.ui.cli\n"
        "import frontdesk.agents.small.decider, frontdesk.agents.deciders\n"
        "from ruled_decider import RuledDecider\n"
        "from frontdesk.graphs import Assistant, Settings\n"
        "with Assistant.open(Settings.load(), decider=RuledDecider()) as assistant:\n"
        f"    assert assistant.ask({WAIT!r}).outcome == 'answered'\n"
        "    assert assistant.ask('how much is parking').sources\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        env=desk.environment,
        cwd=desk.config.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_a_missing_batch(desk: Desk) -> None:
    failed(desk.run("ask", "--batch", "none.jsonl"), 1, "none.jsonl", "no such file")
    failed(desk.run("ask", "a", "--batch", "none.jsonl"), 2, "--batch")


def test_ask_json_prints_one_object_with_the_keys_of_the_contract(desk: Desk) -> None:
    done = desk.run("ask", WAIT, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    reply = json.loads(line)
    assert list(reply) == KEYS
    assert reply["outcome"] == "answered" and "Avens General Hospital" in reply["answer"]
    assert list(reply["timings"]) == ["first_token_ms", "total_ms"]


def test_ask_goes_on_with_a_thread(desk: Desk) -> None:
    first = json.loads(desk.run("ask", WAIT, "--json", "--thread", "kept").stdout)
    assert first["thread"] == "kept"
    second = json.loads(desk.run("ask", "and at bellwether?", "--json", "--thread", "kept").stdout)
    assert second["outcome"] == "answered" and "Bellwether" in second["answer"]


def test_ask_refuses_what_is_too_long(desk: Desk) -> None:
    failed(desk.run("ask", "a" * 20000), 1, "20000")


def test_output_that_cannot_be_written(desk: Desk) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "frontdesk.ui.cli", "ask", WAIT, "--json"],
            env=desk.environment,
            cwd=desk.config.parent,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1 and "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
