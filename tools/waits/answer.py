"""The answers: one function a question, each rendered from the board's departments."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from frontdesk.tools.feeds import Department
from frontdesk.tools.feeds.ahs import CHILDREN
from frontdesk.tools.waits.board import Ask, Board, KindFilter, WaitRow
from frontdesk.tools.waits.resolve import Target, comparable, of_kind, with_number
from frontdesk.tools.waits.words import (
    MEANINGS,
    called,
    duration,
    kind_of,
    line,
    short_state,
    wait,
)

LISTED = 8  # departments named in a sentence each; the rows hold all


@dataclass(frozen=True)
class Question:
    """What is asked: of which targets, what kind of department, at which moment."""

    ask: Ask
    kind: KindFilter
    targets: Sequence[Target]
    board: Board
    now: datetime  # local
    at: datetime | None = None

    @property
    def rows(self) -> list[Department]:
        """The departments meant: those of the targets, or all."""
        if not self.targets:
            return list(self.board.departments)
        found = [row for target in self.targets for row in target.rows]
        return list({id(row): row for row in found}.values())

    @property
    def where(self) -> str:
        """ " in Port Avens", " at Bellwether Hospital" or ""."""
        names = [("at " if t.kind == "site" else "in ") + t.name for t in self.targets]
        return " " + " or ".join(names) if names else ""


@dataclass(frozen=True)
class Answer:
    """Sentences and the rows that they speak of."""

    sentences: Sequence[str]
    rows: Sequence[WaitRow] = ()


def table(rows: Iterable[Department]) -> list[WaitRow]:
    """Return departments as rows of an answer."""
    return [WaitRow(department=row, wait=wait(row), open=is_open(row)) for row in rows]


def is_open(row: Department) -> bool | None:
    """Whether a department is open now, as far as its label tells."""
    if row.state in ("ok", "closing_soon"):
        return True
    return False if row.state == "closed" else None


def answer_now(question: Question) -> Answer:
    """How long is the wait?"""
    sentences, rows = [], []
    for target in question.targets:
        said, found = _one_place(question, target)
        sentences += said
        rows += [row for row in found if row not in rows]
    if not question.targets:
        rows = of_kind(question.board.departments, question.kind)
        sentences = _many(question, rows)
        if question.kind == "children" and not rows:
            rows = _also_children(question.board.departments)
            sentences += [_quoting(row) for row in rows]
    return Answer([*sentences, *_meaning(rows)], table(rows))


def _one_place(question: Question, target: Target) -> tuple[list[str], list[Department]]:
    rows = of_kind(target.rows, question.kind)
    if question.kind == "emergency" and not rows:
        rows = of_kind(target.rows, "children")  # a children's hospital has an emergency too
    sentences = []
    if target.missing:
        sentences.append(f"{target.name} is not in the feed right now.")
        rows = list(target.rows)
        if rows:
            sentences.append("At the same site:")
    elif not rows:
        sentences.append(f"{target.name} lists no {kind_of(question.kind)} right now.")
        rows = list(target.rows)
        beside = _also_children(rows) if question.kind == "children" else []
        if beside:
            return [*sentences, *(_quoting(row) for row in beside)], beside
    if target.kind != "site" and len(rows) > 1:
        return [*sentences, *_many(question, rows, f" in {target.name}")], rows
    return [*sentences, *(line(row) for row in rows)], rows


def _many(question: Question, rows: list[Department], where: str = "") -> list[str]:
    known = with_number(rows)
    silent = [row for row in rows if row.state != "ok"]
    if not rows:
        return [f"The feed lists no {kind_of(question.kind)}{where}."]
    sentences = [line(row) for row in known[:LISTED]]
    if len(known) > LISTED:
        sentences.append("Those are the shortest; the table has the others.")
    return sentences + _without(silent, "No wait is shown for")


def _also_children(rows: Iterable[Department]) -> list[Department]:
    """Return the other departments whose note speaks of children: "seen here overnight"."""
    return [row for row in rows if row.kind != "children" and CHILDREN.search(row.note)]


def _quoting(row: Department) -> str:
    return f'{line(row)} Its note says: "{row.note.rstrip(".")}."'


def _without(rows: Sequence[Department], start: str) -> list[str]:
    if not rows:
        return []
    named = [f"{row.site} ({short_state(row)})" for row in rows[:LISTED]]
    more = " and others" if len(rows) > LISTED else ""
    return [f"{start} {', '.join(named)}{more}."]


def _meaning(rows: Iterable[Department]) -> list[str]:
    metrics = dict.fromkeys(row.metric for row in rows if row.state == "ok")
    return [MEANINGS[metric] for metric in metrics][:1]


def answer_shortest(question: Question) -> Answer:
    """Where is the shortest wait?"""
    rows = of_kind(question.rows, question.kind)
    children = []
    if question.kind == "any":
        children = [row for row in rows if row.kind == "children"]
        if len(children) == len(rows):
            children = []
        rows = [row for row in rows if row not in children]
    known = with_number(rows)
    if not known:
        nothing = f"No {kind_of(question.kind)}{question.where} shows a wait right now."
        sentences = [nothing, *_without(rows, "Not counted:")]
        if question.kind == "children":
            beside = _also_children(question.rows)
            sentences += [_quoting(row) for row in beside]
            rows = [*rows, *beside]
        return Answer([*sentences, *_meaning(rows)], table(rows))
    sentences = []
    for group in comparable(known):
        sentences += _shortest_of(question, group)
    silent = [row for row in rows if row.state != "ok"]
    sentences += _without(silent, "Not counted:")
    if children:
        names = ", ".join(dict.fromkeys(row.site for row in children))
        sentences.append(f"For children only: {names}.")
    return Answer([*sentences, *_meaning(known)], table([*known, *silent, *children]))


def _shortest_of(question: Question, group: list[Department]) -> list[str]:
    best, *others = with_number(group)
    ties = [row for row in others if row.minutes == best.minutes]
    names = " and ".join(called(row) for row in [best, *ties])
    what = f" for {best.patients}" if best.patients else ""
    kind = "" if question.kind == "any" else f" at a {kind_of(question.kind)}"
    kind = kind.replace(" a e", " an e").replace(" a u", " an u")
    sentences = [f"The shortest wait{kind}{question.where}{what} is at {names}: {wait(best)}."]
    following = [row for row in others if row not in ties][:2]
    if following:
        named = ", ".join(f"{called(row)} {duration(row.minutes or 0)}" for row in following)
        sentences.append(f"Next: {named}.")
    if question.kind == "any":
        other: KindFilter = "emergency" if best.kind == "urgent_care" else "urgent_care"
        rest = of_kind(others, other)
        if rest and rest[0] not in following:
            sentences.append(f"The shortest {kind_of(other)}: {rest[0].site}, {wait(rest[0])}.")
    return sentences


def answer_compare(question: Question) -> Answer:
    """Which of these is shorter? Of none in particular: the shortest of each kind."""
    if not question.targets:
        return answer_shortest(question)
    rows = of_kind(question.rows, question.kind) or question.rows
    if len(rows) < 2:
        return answer_now(question)
    sentences = [line(row) for row in rows[:LISTED]]
    for group in comparable(rows):
        known = with_number(group)
        if len(known) > 1 and known[0].minutes is not None and known[1].minutes is not None:
            gap = known[1].minutes - known[0].minutes
            first = called(known[0])
            sentences.append(
                f"{first} is shorter by {duration(gap)}."
                if gap
                else f"{first} and {called(known[1])} are the same."
            )
        elif len(group) > 1:
            sentences.append("They cannot be compared while one of them shows no wait.")
    return Answer([*sentences, *_meaning(rows)], table(rows))
