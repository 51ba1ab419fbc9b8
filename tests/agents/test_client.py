"""Whose turn it is: what it cost them, and that nothing goes on for who has gone away."""

import asyncio
import threading
from pathlib import Path

import pytest

from frontdesk.agents.errors import SequenceCancelled
from frontdesk.agents.runtime.client import Client, serving
from frontdesk.agents.runtime.engine import Engine


def test_a_turn_counts_what_it_read(engine: Engine) -> None:
    prefix, client = engine.tokenize("you are the hospital assistant please"), Client()
    with serving(Client()), engine.open(prefix) as other:
        other.extend([1, 2])
    with serving(client), engine.open(prefix) as sequence:
        sequence.extend([1, 2, 3])
    assert (client.evaluated, client.reused) == (3, len(prefix))


def test_leaving_stops_what_is_being_read(engine: Engine) -> None:
    client = Client()
    with serving(client), engine.open() as sequence:
        threading.Timer(0.05, client.leave).start()
        with pytest.raises(SequenceCancelled):
            while True:
                sequence.extend([1, 2, 3] * 20)
                sequence.truncate(0)
    with serving(client), pytest.raises(SequenceCancelled, match="has gone away"):
        engine.open()
    assert engine.stats.active == 0


def test_leaving_the_line_lets_the_next_one_in(model_path: Path) -> None:
    with Engine(model_path, max_sequences=1) as engine:
        with engine.open():
            client = Client()
            threading.Timer(0.05, client.leave).start()
            with serving(client), pytest.raises(SequenceCancelled):
                engine.open()
            assert engine.stats.waiting == 0
        with engine.open() as after:
            after.extend([1])
        assert engine.stats.active == 0


def test_an_async_person_may_leave_the_line(model_path: Path) -> None:
    async def wait_and_leave(engine: Engine) -> None:
        client = Client()
        with engine.open(), serving(client):
            asyncio.get_running_loop().call_later(0.05, client.leave)
            with pytest.raises(SequenceCancelled):
                await engine.aopen()

    with Engine(model_path, max_sequences=1) as engine:
        asyncio.run(wait_and_leave(engine))
        assert (engine.stats.active, engine.stats.waiting) == (0, 0)
