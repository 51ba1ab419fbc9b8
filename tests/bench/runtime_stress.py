"""A thousand mixed turns with random cancellations: nothing crashes, nothing leaks, all are told.

The 3 B model would need hours; the shape does not matter for what can go wrong, so a random model
of four layers stands in for it. Turns decide, quote, write, vote and call tools, from threads and
tasks, and some of their people leave, are late, or stop listening in the middle.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from random_model import Shape, write_model
from runtime_turns import ORGANISATION, QUESTIONS, Library
from three_billion import spelling

from frontdesk.agents.chat.decider import ChatDecider
from frontdesk.agents.chat.model import GGUFChatModel
from frontdesk.agents.chat.prompting import Prompting
from frontdesk.agents.chat.writing import AnswerWriter
from frontdesk.agents.decision import Decision, Evidence, Observation
from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.client import Client, serving
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.evidence import observe

SHAPE = Shape(layers=4, context=2048, vocabulary=9000)


def stress(folder: Path, library: Library, turns: int = 1000, people: int = 24) -> dict[str, Any]:
    """Run `turns` turns by `people` at once; return how they ended."""
    path = folder / "stress.gguf"
    if not path.is_file():
        write_model(path, SHAPE, spelling=spelling(library.texts))
    searches = [library.search(question) for question in QUESTIONS]
    started = time.perf_counter()
    with Engine(path, context_tokens=4096, max_sequences=12, max_waiting=96) as engine:
        desk = Desk(engine, searches)
        with ThreadPoolExecutor(people) as pool:
            ends = Counter(pool.map(desk.turn, range(turns)))
        left_over = (engine.stats.active, engine.stats.waiting)
        with engine.open() as sequence:  # it still works
            sequence.extend([1, 2, 3])
    return {
        "turns": turns,
        "people": people,
        "seconds": time.perf_counter() - started,
        "ends": dict(ends),
        "left_over": sum(left_over),
    }


class Desk:
    """What a person may do with the engine: one random turn each."""

    def __init__(self, engine: Engine, searches: list[Any]) -> None:
        self.engine, self.searches = engine, searches
        self.chat = GGUFChatModel(engine=engine, max_tokens=24, timeout=20)
        writer = AnswerWriter(engine, 32)
        self.deciders = [
            ChatDecider(engine, name, ORGANISATION, 20, Prompting.named(name), writer)
            for name in ("zero_shot", "step_by_step", "self_consistency", "tree_of_thought")
        ]

    def turn(self, seed: int) -> str:
        """Run one turn; return how it ended. Anything but the runtime's own errors is a crash."""
        chance = random.Random(seed)
        client = Client()
        leaving = threading.Timer(chance.uniform(0.001, 0.3), client.leave)
        if chance.random() < 0.3:
            leaving.start()
        try:
            with serving(client):
                does = (self.decide, self.decide, self.write, self.stream, self.task)
                chance.choice(does)(chance)
        except ModelError as error:
            return type(error).__name__
        finally:
            leaving.cancel()
        return "done"

    def decide(self, chance: random.Random) -> None:
        """Decide, search, decide again."""
        self._decided(chance)

    def write(self, chance: random.Random) -> None:
        """Decide, then write; sometimes stop listening."""
        decider, evidence = self._decided(chance)
        pieces = decider.write(evidence, Decision("answer", quotes=(0,)), [])
        for n, _ in enumerate(pieces):
            if n > 4 and chance.random() < 0.1:
                break

    def stream(self, chance: random.Random) -> None:
        """Chat with a tool at hand; sometimes stop listening."""
        model = self.chat.bind_tools([look_up]) if chance.random() < 0.5 else self.chat
        for n, _ in enumerate(model.stream(chance.choice(QUESTIONS))):
            if n > 4 and chance.random() < 0.1:
                break

    def task(self, chance: random.Random) -> None:
        """Chat from a task, which is sometimes cancelled."""

        async def ask() -> None:
            asking = asyncio.create_task(self.chat.ainvoke(chance.choice(QUESTIONS)))
            done, _ = await asyncio.wait({asking}, timeout=chance.uniform(0.01, 2))
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=not done)

        asyncio.run(ask())

    def _decided(self, chance: random.Random) -> tuple[ChatDecider, Evidence]:
        decider = chance.choice(self.deciders)
        search = chance.choice(self.searches)
        question = search.query + chance.choice(("", " and where do i park?"))
        evidence = Evidence(question, search=search, waits_available=True)
        decider.decide(evidence)
        evidence = observe(evidence, Observation("search", {"query": question}, True, 1.0, search))
        decider.decide(evidence)
        return decider, evidence


def look_up(query: str) -> str:
    """Look something up."""
    return query
