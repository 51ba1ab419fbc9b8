"""The sample organisation with its bundled model, asked at any time of Wednesday 11 February 2026.

Everything is real: the website and the feed on loopback, PostgreSQL, the encoder, the model. Only
the clock is the test's, the feed's and the desk's alike.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from frontdesk.agents.decision import Decider
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder
from frontdesk.db.store import Store
from frontdesk.graphs.memory import Memory
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.session import Assistant
from frontdesk.graphs.settings import Settings
from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times import WaitTimes

SAMPLE = Path(__file__).parents[2] / "examples" / "kestrel-valley"
sys.path.append(str(SAMPLE))

import serve as serve  # noqa: E402

DAY = datetime(2026, 2, 11, 14, 0, tzinfo=serve.TIMEZONE)
DURATION = re.compile(r"\b(?:\d+ h(?: \d+ min)?|\d+ min)\b")
SENTENCE = re.compile(r"(?<=[.?!])(?<!\bSt\.)\s+(?=[A-Z\"])")


class Clock:
    """The time at the feed and at the desk."""

    def __init__(self) -> None:
        self.now = DAY

    def __call__(self) -> datetime:
        return self.now

    def set(self, clock: str, day: datetime = DAY) -> None:
        """Set the time of `day`: "21:05"."""
        hour, minute = map(int, clock.split(":"))
        self.now = day.replace(hour=hour, minute=minute, second=0)


class Clocked(Resources):
    """The resources of an assistant whose live waits go by the test's clock."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(settings)
        self._clock = clock

    @cached_property
    def waits(self) -> WaitTimes:
        """The live waits; a question waits for a newer reading rather than take the one kept."""
        timezone = self.settings.organisation.timezone
        wait_times = self.settings.wait_times.model_copy(update={"patience_seconds": 20.0})
        return WaitTimes(wait_times, self.store, self.client, clock=self._clock, timezone=timezone)


@dataclass
class Desk:
    """The open desk, the clock, and the feed's server."""

    settings: Settings
    clock: Clock
    server: serve.SampleServer
    store: Store
    encoder: GGUFEmbedder
    decider: Decider
    client: GuardedClient

    def at(self, clock: str, *, feed: str = "") -> "Asked":
        """Return the desk at a time of day, with a feed (and so a history) of its own."""
        self.clock.set(clock)
        url = f"{self.server.origin}{serve.FEED}?{feed or clock}"
        wait_times = self.settings.wait_times.model_copy(update={"url": url})
        return Asked(self, self.settings.model_copy(update={"wait_times": wait_times}))


class Asked:
    """A desk at a time of day; `ask` is what `frontdesk ask --json` prints."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.clock = desk.clock
        self.resources = Clocked(settings, desk.clock)
        embedder = RememberingEmbedder(desk.encoder)
        vars(self.resources).update(
            store=desk.store,
            client=desk.client,
            encoder=desk.encoder,
            embedder=embedder,
            decider=desk.decider,
            memory=Memory(desk.store),
        )
        self.assistant = Assistant(self.resources)

    def ask(self, question: str, thread: str | None = None) -> "Said":
        """Ask one question of the whole assistant."""
        reply = self.assistant.ask(question, thread).plain()
        return Said(question, json.loads(json.dumps(reply)), self.rows())

    def rows(self) -> dict[str, Department]:
        """The departments of the reading that answers are made from, by site."""
        return {row.site: row for row in self.resources.waits.board().departments}

    def pass_time(self, **length: float) -> None:
        """Move the clock of the feed and of the desk."""
        self.clock.now += timedelta(**length)


@dataclass(frozen=True)
class Said:
    """What was answered, beside the rows that the feed had at that moment."""

    question: str
    reply: dict[str, Any]
    rows: dict[str, Department]

    @property
    def text(self) -> str:
        """The answer."""
        return str(self.reply["answer"])

    @property
    def numbers(self) -> list[str]:
        """The durations in the answer, in order."""
        return DURATION.findall(self.text)

    def told(self) -> str:
        """Everything that explains a failure."""
        steps = [(step["tool"], step["arguments"]) for step in self.reply["steps"]]
        return f"{self.question!r} -> {self.reply['outcome']} {steps}\n{self.text}"

    def sentences_of(self, site: str) -> Sequence[str]:
        """The sentences that name a site."""
        return [part for part in SENTENCE.split(self.text) if site in part]
