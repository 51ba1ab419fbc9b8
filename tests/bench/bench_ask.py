"""How long `frontdesk ask` takes on the sample organisation: a cold process, and turn after turn.

    python tests/bench/bench_ask.py [--runs 5] [--questions 211] [--json ask.json]

Cold: a new process for one question, from its start to the first bytes of the answer and to its
exit; nothing of the desk runs, so the database is started and stopped too. Warm: one process with
`--batch`; a turn is the time between two replies, as its reader sees it. The sample's website and
feed are served on loopback; what is not prepared yet is prepared first and not counted.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "kestrel-valley"
sys.path.append(str(SAMPLE))  # serve.py is no package

import serve  # noqa: E402

from frontdesk.graphs import Settings  # noqa: E402
from frontdesk.graphs.prepare import prepare  # noqa: E402

ASK = [sys.executable, "-m", "frontdesk.ui.cli", "ask"]
QUESTIONS = {
    "a page": "what time do visiting hours end",
    "a live wait": "how long is the wait at avens general",
    "a contact": "phone number of the parking office",
    "off topic": "write me a poem about my ex",
}


@contextmanager
def sample_desk() -> Iterator[None]:
    """Serve the sample's website and feed, and make its desk ready.

    A website that is served there already is used; a desk that runs would flatter the numbers.
    """
    os.environ["FRONTDESK_CONFIG"] = str(SAMPLE / "frontdesk.toml")
    try:
        server = serve.make_server(serve.PORT)
    except OSError:
        print(f"port {serve.PORT} is served already; close `make chat`", file=sys.stderr)
        prepare(Settings.load())
        yield
        return
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        prepare(Settings.load())
        yield
        server.shutdown()


def cold(question: str) -> tuple[float, float]:
    """Ask in a new process; return the seconds to the first bytes of the answer and to the end."""
    began = time.perf_counter()
    # As people run it: Python keeps what it has compiled.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(
        [*ASK, question], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        first = time.perf_counter() - began
        process.stdout.read()
    if process.returncode:
        raise SystemExit(f"bench_ask: {question!r} failed; try it: frontdesk ask {question!r}")
    return first, time.perf_counter() - began


def warm(questions: Sequence[str]) -> tuple[list[float], Counter[str]]:
    """Ask all in one process; return the milliseconds of each turn but the first, and outcomes."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps({"question": question}) + "\n" for question in questions)
        file.flush()
        stamps: list[float] = []
        outcomes: Counter[str] = Counter()
        with subprocess.Popen([*ASK, "--batch", file.name], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for line in process.stdout:
                stamps.append(time.perf_counter())
                outcomes[json.loads(line)["outcome"]] += 1
    turns = zip(stamps, stamps[1:], strict=False)
    return [(after - before) * 1000 for before, after in turns], outcomes


def measure(runs: int, questions: Sequence[str]) -> dict[str, Any]:
    """Return every number; seconds for cold processes, milliseconds for warm turns."""
    with sample_desk():
        cold(QUESTIONS["a page"])  # reads the files from the disk for those that count
        report: dict[str, Any] = {"runs": runs, "cold": {}}
        for kind, question in QUESTIONS.items():
            taken = [cold(question) for _ in range(runs)]
            report["cold"][kind] = {
                "first_seconds": statistics.median(first for first, _ in taken),
                "total_seconds": statistics.median(total for _, total in taken),
                "slowest_seconds": max(total for _, total in taken),
            }
        turns, outcomes = warm(questions)
    report["warm"] = {
        "turns": len(turns),
        "p50_ms": float(np.median(turns)),
        "p95_ms": float(np.percentile(turns, 95)),
        "outcomes": dict(outcomes),
    }
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return report | {"peak_memory_mb": round(children / 1024)}


def table(report: Mapping[str, Any]) -> str:
    """Return the numbers as a Markdown table beside what is wanted."""
    lines = ["| measured | first words | total | wanted |", "|---|---|---|---|"]
    for kind, row in report["cold"].items():
        first, total = row["first_seconds"], row["total_seconds"]
        lines.append(f"| cold process: {kind} | {first:.2f} s | {total:.2f} s | < 4 s |")
    row = report["warm"]
    lines += [
        f"| warm turn, median of {row['turns']} | | {row['p50_ms']:.0f} ms | < 300 ms |",
        f"| warm turn, p95 | | {row['p95_ms']:.0f} ms | |",
        f"| largest process | | {report['peak_memory_mb']} MB | |",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, save the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="cold processes a question")
    parser.add_argument("--questions", type=int, default=10_000, help="warm turns at most")
    parser.add_argument("--json", type=Path, default=ROOT / "docs" / "benchmarks" / "ask.json")
    options = parser.parse_args()
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [str(json.loads(line)["q"]) for line in lines[: options.questions]]
    report = measure(options.runs, questions)
    print(table(report))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
