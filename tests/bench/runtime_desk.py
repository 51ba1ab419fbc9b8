"""The sample organisation's desk: warm turns, 32 people at once, memory, what is not the model.

Everything is real: website and feed on loopback, embedded PostgreSQL, encoder, graph and model.
"""

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from bench_ask import QUESTIONS as COLD_QUESTIONS
from bench_ask import SAMPLE, cold, sample_desk
from runtime_turns import TOKENS, Straight

from frontdesk.agents.chat.writing import AnswerWriter
from frontdesk.agents.runtime.engine import Engine
from frontdesk.graphs import Assistant, Settings

CROWD = 32


def questions() -> list[str]:
    """Return the sample organisation's questions."""
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(line)["q"]) for line in lines]


def bundled() -> dict[str, Any]:
    """Measure the bundled model: warm turns, a crowd, the memory of server and database."""
    with sample_desk(), Assistant.open(Settings.load()) as assistant, peak_memory() as peak:
        for question in questions()[:8]:
            assistant.ask(question)
        outcomes: Counter[str] = Counter()
        alone = []
        for question in questions():
            started = time.perf_counter()
            outcomes[assistant.ask(question).outcome] += 1
            alone.append(1000 * (time.perf_counter() - started))
        crowd = [_crowd(assistant, questions()[n : n + CROWD]) for n in range(0, 160, CROWD)]
        name = assistant.ask("hello").model
    lasts = [seconds for row in crowd for seconds in row]
    return {
        "model": name,
        "warm": {
            "turns": len(alone),
            "p50_ms": float(np.percentile(alone, 50)),
            "p95_ms": float(np.percentile(alone, 95)),
            "outcomes": dict(outcomes),
        },
        "crowd": {
            "people": CROWD,
            "rounds": len(crowd),
            "p50_seconds": float(np.percentile(lasts, 50)),
            "p95_seconds": float(np.percentile(lasts, 95)),
            "slowest_seconds": max(lasts),
        },
        "peak_memory_mb": peak,
    }


def _crowd(assistant: Assistant, asked: Sequence[str]) -> list[float]:
    """Let everybody ask at once; return the seconds of each. Fails when one is not answered."""

    def ask(question: str) -> float:
        started = time.perf_counter()
        reply = assistant.ask(question)
        if reply.outcome == "error":
            raise SystemExit(f"bench: {question!r} of {len(asked)} at once: {reply.answer}")
        return time.perf_counter() - started

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(ask, asked))


def cold_start(runs: int = 5) -> dict[str, Any]:
    """Measure `frontdesk ask` in new processes: seconds to the answer's first bytes."""
    with sample_desk():
        cold(COLD_QUESTIONS["a page"])  # reads the files from the disk for those that count
        taken = {kind: [cold(q)[0] for _ in range(runs)] for kind, q in COLD_QUESTIONS.items()}
    firsts = [seconds for each in taken.values() for seconds in each]
    medians = {kind: statistics.median(each) for kind, each in taken.items()}
    return {"runs": len(firsts), "median_seconds": statistics.median(firsts), "by_kind": medians}


def overhead(model: Path, threads: int, count: int = 4) -> dict[str, float]:
    """Measure the share of whole turns of the 3 B model that is not spent in llama.cpp.

    Whole turns: graph, tools, database, encoder, constraint, checkpoint. The encoder is llama.cpp
    as well, but counts as ours here.
    """
    settings_path = SAMPLE / "frontdesk.toml"
    with sample_desk(), Engine(model, threads=threads) as engine:
        settings = Settings.load(settings_path)
        grounded = settings.model.model_copy(update={"grounding": "grounded"})
        settings = settings.model_copy(update={"model": grounded})
        decider = Straight(engine, "3b", settings.organisation, writer=AnswerWriter(engine, TOKENS))
        with Assistant.open(settings, decider=decider) as assistant:
            assistant.ask("good afternoon to all of you at the desk")
            rows = []
            for question in questions()[:count]:
                before, started = engine.stats.decode_seconds, time.perf_counter()
                reply = assistant.ask(question)
                seconds = time.perf_counter() - started
                rows.append((seconds, engine.stats.decode_seconds - before))
                if reply.outcome == "error":
                    raise SystemExit(f"bench: {question!r}: {reply.answer}")
    return {
        "turns": len(rows),
        "turn_seconds": statistics.median(seconds for seconds, _ in rows),
        "other_seconds": statistics.median(seconds - inside for seconds, inside in rows),
        "share": statistics.median((seconds - inside) / seconds for seconds, inside in rows),
    }


@contextmanager
def peak_memory(every: float = 0.2) -> Iterator["Peak"]:
    """Yield a number that follows the memory of this process and its database, in MB, at its peak.

    Proportional set sizes: what PostgreSQL's processes share counts once.
    """
    stop, peak = threading.Event(), Peak()

    def watch() -> None:
        while not stop.wait(every):
            peak.see(memory())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


class Peak(dict[str, int]):
    """The largest total seen, with its parts: {"total": 512, "python": 380, "postgres": 132}."""

    def see(self, parts: dict[str, int]) -> None:
        """Keep `parts` when they are the largest so far."""
        if parts["total"] > self.get("total", 0):
            self.update(parts)


def memory() -> dict[str, int]:
    """Return the MB of this process and of the PostgreSQL processes on this machine now."""
    own = _proportional(Path("/proc/self/smaps_rollup"))
    database = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().startswith("postgres"):
                database += _proportional(folder / "smaps_rollup")
        except OSError:
            continue  # it has ended
    return {
        "total": (own + database) // 1024,
        "python": own // 1024,
        "postgres": database // 1024,
    }


def _proportional(file: Path) -> int:
    """Return the Pss of a process in kB."""
    for line in file.read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
