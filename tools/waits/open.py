"""Is it open: now by the feed's label, at another time by the hours in its note."""

from datetime import datetime, timedelta

from frontdesk.tools.feeds import Department
from frontdesk.tools.feeds.hours import open_at, read_hours
from frontdesk.tools.waits.answer import LISTED, Answer, Question, is_open
from frontdesk.tools.waits.board import WaitRow
from frontdesk.tools.waits.resolve import of_kind
from frontdesk.tools.waits.words import called, clock, kind_of, wait

NOW = timedelta(minutes=10)  # a moment this near is "now": the label knows better than the note


def answer_open(question: Question) -> Answer:
    """Is it open, now or at a time?"""
    rows = of_kind(question.rows, question.kind) or question.rows
    sentences = [f"{t.name} is not in the feed right now." for t in question.targets if t.missing]
    moment = question.at
    now = moment is None or abs(moment - question.now) < NOW
    states = [
        _now(row, question.now) if now or moment is None else _at(row, moment) for row in rows
    ]
    table = [
        WaitRow(department=row, wait=wait(row), open=state)
        for row, state in zip(rows, states, strict=True)
    ]
    if question.targets and len(rows) <= LISTED:
        for row, state in zip(rows, states, strict=True):
            sentences.append(_sentence(row, state, question.now, None if now else moment))
        return Answer(sentences, table)
    when = "now" if now or moment is None else f"at {clock(moment, question.now)}"
    for said, wanted in (("Open", True), ("Closed", False), ("Hours not known for", None)):
        named = [row.site for row, state in zip(rows, states, strict=True) if state is wanted]
        if named:
            part = f" {when}:" if wanted is not None else ""
            sentences.append(f"{said}{part} {', '.join(dict.fromkeys(named))}.")
    if not rows:
        sentences.append(f"The feed lists no {kind_of(question.kind)}{question.where}.")
    return Answer(sentences, table)


def _now(row: Department, now: datetime) -> bool | None:
    labelled = is_open(row)
    return open_at(read_hours(row.note), now) if labelled is None else labelled


def _at(row: Department, moment: datetime) -> bool | None:
    return open_at(read_hours(row.note), moment)


def _sentence(row: Department, state: bool | None, now: datetime, moment: datetime | None) -> str:
    name = called(row)
    stated = read_hours(row.note)
    hours = ", ".join(entry.text for entry in stated)
    by = f" Its note gives the hours as {hours}." if hours else ""
    if stated and stated[0].opens is None:
        by = f' Its note says "{hours}".'
    if moment is not None:
        if state is None:
            return f"The feed gives no opening hours for {name}.{_today(row)}"
        said = "open" if state else "closed"
        return f"{name} should be {said} at {clock(moment, now)}.{by}"
    if state is None:
        return f"The feed does not say whether {name} is open: {wait(row)}."
    if row.state == "closing_soon":
        return f"{name} is open but closing soon, and shows no wait.{by}"
    if not state:
        return f"{name} is closed now.{by}"
    return f"{name} is open now: {wait(row)}.{by}"


def _today(row: Department) -> str:
    return f" Right now: {wait(row)}." if row.state == "ok" else ""
