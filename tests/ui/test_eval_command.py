"""`frontdesk eval` as people use it: a suite of their own, a judge, wrong usage."""

import json
import sys
from pathlib import Path

import pytest
from desks import Desk, failed

from frontdesk.ui.cli import run

sys.path.append(str(Path(__file__).parents[1] / "training"))  # where the judge by rule lies

from rule_judge import judging

SUITE = (
    {"q": "when may i visit somebody", "answer": "is from 10 am to 8:30 pm, every day."},
    {"q": "what does parking cost at avens general", "answer": ["Avens General, Bellwether, Wren"]},
    {"q": "phone number of maya oyelaran", "step": "contact_lookup", "contact": "Maya Oyelaran"},
    {"q": "who won the hockey game", "step": "refuse", "why": "off_topic"},
)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Labelled questions, in a folder that needs quoting."""
    folder = tmp_path / "it's mine"
    folder.mkdir()
    file = folder / "suite.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in SUITE), "utf-8")
    return file


def test_a_suite_is_asked_judged_and_reported(desk: Desk, suite: Path) -> None:
    place = suite.parent / "run"
    with judging() as judge:
        done = desk.run(
            *("eval", str(suite), "--responses", "2", "--folder", str(place), "--json"),
            *("--judge", judge.url, "--judge-model", "rule"),
            timeout=300,
        )
        asked = len(judge.requests)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["questions"] == len(SUITE) and summary["measures"]["routing"]["of"] == len(SUITE)
    ragas = summary["ragas"]
    assert ragas["judge"] == "rule" and asked
    for name in ("faithfulness", "context recall"):  # quotes, from the pages that hold the facts
        assert ragas["metrics"][name]["judged"] >= 2 and ragas["metrics"][name]["mean"] == 1.0, name
    page = Path(summary["report"]).read_text("utf-8")
    assert "What a judge said" in page and "judge failed" in page
    answers = Path(summary["responses"]).read_text("utf-8")
    assert answers.count("\n## ") + answers.startswith("## ") == 2
    failed(desk.run("eval", str(suite), "--folder", str(place)), 1, "already holds", "--folder")


def test_a_judge_that_is_down_stops_nothing(desk: Desk, suite: Path) -> None:
    place = suite.parent / "run"
    done = desk.run(
        *("eval", str(suite), "--folder", str(place), "--judge", "http://127.0.0.1:9/v1"),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    complaints = [line for line in done.stdout.splitlines() if "Connection refused" in line]
    assert len(complaints) == 1 and "http://127.0.0.1:9/v1" in complaints[0]
    assert "routing" in done.stdout and f"report: {place}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--judge", "localhost:8080"], "'localhost:8080': an address begins with http://"),
        (["--judge", "http://me:secret@localhost/v1"], "the key is OPENAI_API_KEY"),
        (["--set", "evaluate.mots=3"], "did you mean most?"),
        (["no-such-suite"], "no-such-suite: neither a folder of organisations nor a .jsonl file"),
        (["empty.jsonl"], "empty.jsonl holds no questions"),
        (["broken.jsonl"], "broken.jsonl line 1"),
    ],
)
def test_wrong_usage_is_one_line(
    desk: Desk,
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").write_text("\n", "utf-8")
    Path("broken.jsonl").write_text('{"q": "x"\n', "utf-8")
    assert run(["eval", "--config", str(desk.config), *arguments]) == 1
    line = capsys.readouterr().err.strip()
    assert line.startswith("frontdesk: ") and said in line and "\n" not in line
