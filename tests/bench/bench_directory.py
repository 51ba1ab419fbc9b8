"""How well and how fast the directory finds people, at 260 and at 100,000 rows.

    python tests/bench/bench_directory.py [--questions 600] [--json bench_directory.json]

Rank 1: the first match bears the name that was misspelt (a namesake's row counts, for the question
cannot tell them apart). Hit: one of the five matches does. The rows' embeddings are random here,
because only the time that comparing them takes is measured; the question is embedded for real
when an encoder is at hand (--data-dir).
"""

import argparse
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from directory_rows import ASKED, FIELDS, PLACES, misspelt, people

from frontdesk.db.contacts import Contact, Vector
from frontdesk.tools.contact_lookup import Directory

Question = tuple[str, str]  # what is asked, and the name that must be found ("" where none must)


class RandomRows:
    """Random unit vectors for rows; real ones for a question where an encoder is given."""

    def __init__(self, data_dir: Path | None) -> None:
        self._rng = np.random.default_rng(0)
        self._encoder: Any = None
        if data_dir is not None:
            from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path

            self._encoder = GGUFEmbedder(encoder_path(data_dir))

    def embed(self, texts: Sequence[str]) -> Vector:
        if len(texts) == 1 and self._encoder is not None:
            encoded: Vector = self._encoder.embed(texts)
            return encoded
        rows = self._rng.standard_normal((len(texts), 384), dtype=np.float32)
        unit: Vector = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


def questions(contacts: Sequence[Contact], count: int) -> dict[str, list[Question]]:
    """Return the questions of each kind."""
    rng = random.Random(11)
    chosen = rng.sample(contacts, min(count, len(contacts)))

    def names(slip: Callable[[str], str], asked: Sequence[str]) -> list[Question]:
        return [(rng.choice(asked).format(slip(c.name)), c.name) for c in chosen]

    return {
        "name, as written": names(str.lower, ASKED),
        "name, one typo": names(lambda name: misspelt(name, rng, 1), ASKED[:1]),
        "name, two typos": names(lambda name: misspelt(name, rng), ASKED[:1]),
        "two typos, in a question": names(lambda name: misspelt(name, rng), ASKED),
        "a description": [
            (f"who handles {rng.choice(FIELDS)} at {rng.choice(PLACES).lower()} clinic", "")
            for _ in chosen
        ],
    }


def measure(directory: Directory, asked: Sequence[Question]) -> dict[str, float]:
    """Ask every question once."""
    times, work, first, hit = [], [], 0, 0
    directory.lookup(asked[0][0])
    for question, name in asked:
        start, busy = time.perf_counter(), time.process_time()
        matches = directory.lookup(question).matches
        times.append((time.perf_counter() - start) * 1000)
        work.append((time.process_time() - busy) * 1000)
        found = [match.contact.name for match in matches]
        first += found[:1] == [name]
        hit += name in found
    result = {
        "questions": float(len(asked)),
        "p50_ms": statistics.median(times),
        "p95_ms": float(np.percentile(times, 95)),
        "p95_cpu_ms": float(np.percentile(work, 95)),
    }
    if asked[0][1]:
        result |= {"rank_1": first / len(asked), "hit": hit / len(asked)}
    return result


def main() -> None:
    """Print one table and save it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--rows", type=int, nargs="+", default=[260, 100_000])
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", type=Path, default=Path("bench_directory.json"))
    options = parser.parse_args()
    report: dict[str, Any] = {}
    heads = ("rank 1", "hit", " p50 ms", " p95 ms", "p95 cpu")
    print(f"{'rows':>8} {'question':26}", " ".join(f"{head:>7}" for head in heads))
    for rows in options.rows:
        contacts = people(rows)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        directory = Directory.fixed(contacts, RandomRows(options.data_dir))
        directory.lookup("nobody of this name")
        load = (time.perf_counter() - start) * 1000
        report[str(rows)] = {"load_ms": load, "kinds": {}}
        for kind, asked in questions(contacts, options.questions).items():
            result = measure(directory, asked)
            report[str(rows)]["kinds"][kind] = result
            shares = [
                f"{result[key]:7.1%}" if key in result else " " * 7 for key in ("rank_1", "hit")
            ]
            taken = f"{result['p50_ms']:8.2f} {result['p95_ms']:8.2f} {result['p95_cpu_ms']:8.2f}"
            print(f"{rows:8} {kind:26} {' '.join(shares)} {taken}")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
        report[str(rows)]["memory_mb"] = grown
        print(f"{rows:8} ready in {load:.0f} ms, {grown:.0f} MB")
    options.json.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
