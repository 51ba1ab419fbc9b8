"""Is it getting better: today's readings of a department, and what is usual for this hour."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol

from frontdesk.tools.feeds import Department
from frontdesk.tools.waits.answer import Answer, Question, answer_now
from frontdesk.tools.waits.board import Usual, WaitRow
from frontdesk.tools.waits.resolve import of_kind
from frontdesk.tools.waits.words import called, clock, duration, usual, wait

BACK = timedelta(hours=3)
STEADY = 10  # minutes; less than this is no trend
ENOUGH = timedelta(minutes=20)
FEWEST_DAYS = 3


class Past(NamedTuple):
    """A stretch in which a department's reading did not change; `minutes` None for a state."""

    since: datetime
    until: datetime
    state: str
    minutes: int | None


class History(Protocol):
    """What the feed has said before."""

    def past(self, key: str, since: datetime, until: datetime) -> Sequence[Past]:
        """Return the stretches of a department that touch the time, oldest first."""

    def usual(self, key: str, day: date, hours: Sequence[int]) -> dict[int, Usual]:
        """Return what is usual for local `hours` of `day`; none where too few days speak for it."""


class NoHistory:
    """The history of a process without a store."""

    def past(self, key: str, since: datetime, until: datetime) -> Sequence[Past]:
        """Return nothing."""
        return ()

    def usual(self, key: str, day: date, hours: Sequence[int]) -> dict[int, Usual]:
        """Return nothing."""
        return {}


def answer_trend(question: Question, history: History) -> Answer:
    """Is it getting better?"""
    rows = of_kind(question.rows, question.kind) or question.rows
    if not question.targets or len(rows) > 4:
        return Answer(["Name a site to see how its wait has changed."])
    if not rows:
        return answer_now(question)
    sentences, table = [], []
    for row in rows:
        now = question.now.astimezone(UTC)
        past = history.past(row.key, now - BACK, now)
        hour = question.now.hour
        figure = history.usual(row.key, question.now.date(), [hour]).get(hour)
        sentences += [f"{called(row)}: {wait(row)}.", _change(row, past, question.now)]
        if figure:
            sentences.append(usual(figure, question.now))
        table.append(WaitRow(department=row, wait=wait(row), usual=figure))
    return Answer(sentences, table)


def _change(row: Department, past: Sequence[Past], now: datetime) -> str:
    known = [stretch for stretch in past if stretch.minutes is not None]
    if row.minutes is None:
        if not known:
            return "There is no number to compare."
        last = known[-1]
        return (
            f"The last wait shown was {duration(last.minutes or 0)} at "
            f"{clock(last.until.astimezone(now.tzinfo), now)}."
        )
    if not known or now.astimezone(UTC) - known[0].since < ENOUGH:
        return "There is not enough history yet to say whether it is getting better."
    then = now.astimezone(UTC) - timedelta(hours=1)
    first = min(reversed(known), key=_nearness(then))
    before = first.minutes or 0
    then = min(max(then, first.since), first.until)
    moment = clock(then.astimezone(now.tzinfo), now)
    change = row.minutes - before
    if abs(change) < STEADY:
        return f"It was {duration(before)} at {moment}: about the same."
    better = "getting shorter" if change < 0 else "getting longer"
    return f"It was {duration(before)} at {moment}: it is {better}."


def _nearness(moment: datetime) -> Callable[[Past], float]:
    def seconds(stretch: Past) -> float:
        if stretch.since <= moment <= stretch.until:
            return 0.0
        return min(
            abs((stretch.since - moment).total_seconds()),
            abs((stretch.until - moment).total_seconds()),
        )

    return seconds
