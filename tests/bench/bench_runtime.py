"""The model runtime against what people do today, part by part.

    python tests/bench/bench_runtime.py                    # every part: about half an hour
    python tests/bench/bench_runtime.py --part bundled     # one, merged into the JSON

Parts: turns, crowd, speed, constraint, drafting, overhead (a 3 B model of random weights, made
first), stress, bundled, cold, memory of the server with them. Each says when it was measured, so
that parts measured again replace only themselves. docs/performance.md says what each one means.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "agents")]

import runtime_desk
import runtime_speed
import runtime_stress
import runtime_turns
from runtime_table import table
from three_billion import passages, timing_model

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".frontdesk" / "bench"


class Bench:
    """The parts, with what they share made when first asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.threads: int = options.threads
        self.turns_asked: int = options.turns
        self.people: list[int] = options.people
        self.texts = passages(ROOT / "examples")
        FOLDER.mkdir(parents=True, exist_ok=True)

    @property
    def model(self) -> Path:
        """The 3 B model of random weights."""
        return timing_model(FOLDER / "random-3b-q4_0.gguf", self.texts)

    @property
    def library(self) -> runtime_turns.Library:
        """The passages that both sides search."""
        return runtime_turns.Library(self.texts, FOLDER)

    def turns(self) -> Any:
        return runtime_turns.turns(self.model, self.library, self.turns_asked, self.threads)

    def crowd(self) -> Any:
        return runtime_turns.crowd(self.model, self.library, self.people, self.threads)

    def speed(self) -> Any:
        return runtime_speed.decoding(self.model, self.threads)

    def constraint(self) -> Any:
        return runtime_speed.constraint(FOLDER)

    def drafting(self) -> Any:
        return runtime_speed.drafting(self.model, self.threads)

    def overhead(self) -> Any:
        return runtime_desk.overhead(self.model, self.threads)

    def stress(self) -> Any:
        return runtime_stress.stress(FOLDER, self.library)

    def bundled(self) -> Any:
        return runtime_desk.bundled()

    def cold(self) -> Any:
        return runtime_desk.cold_start()


PARTS = (
    "turns", "crowd", "speed", "constraint", "drafting", "overhead", "stress", "bundled", "cold",
)  # fmt: skip


def main() -> None:
    """Measure the parts asked for, print the table of all, save the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--turns", type=int, default=4, help="single turns of each side")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 2, 4, 8], help="at once")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/runtime.json")
    options = parser.parse_args()
    bench = Bench(options)
    rows: dict[str, Any] = {}
    if options.json.is_file():
        rows = json.loads(options.json.read_text(encoding="utf-8"))
    for name in options.part or PARTS:
        print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
        measured: Callable[[], Any] = getattr(bench, name)
        rows[name] = {"date": time.strftime("%Y-%m-%d"), "result": measured()}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
