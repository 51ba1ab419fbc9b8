"""One question from its words to its answer: resolve, choose what answers it, date the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.answer import (
    Answer,
    Question,
    answer_compare,
    answer_now,
    answer_shortest,
)
from frontdesk.tools.waits.board import Ask, Board, KindFilter, ResultState, WaitsResult
from frontdesk.tools.waits.departments import called
from frontdesk.tools.waits.nearest import answer_nearest
from frontdesk.tools.waits.open import answer_open
from frontdesk.tools.waits.places import Places
from frontdesk.tools.waits.resolve import resolve
from frontdesk.tools.waits.trend import History, answer_trend
from frontdesk.tools.waits.when import read_when
from frontdesk.tools.waits.words import fetched, withheld


class Asked(NamedTuple):
    """The arguments of a question, as they came."""

    places: Sequence[str]
    kind: KindFilter
    ask: Ask
    at: str | None
    department: str = ""


def answer(
    asked: Asked,
    board: Board,
    places: Places,
    settings: WaitTimesSettings,
    history: History,
    now: datetime,
) -> WaitsResult:
    """Return the answer to a question at `now` (local)."""
    targets, unknown = resolve(asked.places, board, places, asked.department)
    shown = board if targets else _of_department(board, asked.department)
    moment = read_when(asked.at, now) if asked.at else None
    question = Question(asked.ask, asked.kind, targets, shown, now, moment)
    link = f" The official page: {board.source_url}" if board.source_url else ""
    state: ResultState = "ok" if board.state == "fresh" else board.state
    # Doors keep their hours when the feed is silent; waits do not.
    hours = board.state == "withheld" and asked.ask == "open" and moment is not None
    if unknown and not targets:
        found = Answer([_unknown(unknown, places) + link])
        state = "unknown_place"
    elif board.state in ("withheld", "unavailable") and not hours:
        found = Answer([withheld(board, now)])
    else:
        found = _dated(asked, question, unknown, _answer(question, settings, history))
    return WaitsResult(
        text=" ".join(part for part in found.sentences if part),
        rows=tuple(found.rows),
        ask=asked.ask,
        kind=asked.kind,
        places=tuple(target.name for target in targets),
        state=state,
        fetched_at=board.fetched_at and board.fetched_at.astimezone(now.tzinfo),
        age_seconds=board.age_seconds,
        url=board.source_url,
    )


def _of_department(board: Board, department: str) -> Board:
    """Return the board with the departments called so, wherever they are; whole where none is."""
    rows = called(department, board.departments) if department else []
    return board.model_copy(update={"departments": tuple(rows)}) if rows else board


def _answer(question: Question, settings: WaitTimesSettings, history: History) -> Answer:
    if question.ask == "shortest":
        return answer_shortest(question)
    if question.ask == "compare":
        return answer_compare(question)
    if question.ask == "open":
        return answer_open(question)
    if question.ask == "nearest":
        return answer_nearest(question, settings.towns)
    if question.ask == "trend":
        return _trend(question, history)
    return answer_now(question)


def _trend(question: Question, history: History) -> Answer:
    from frontdesk.db.errors import StoreError

    try:
        return answer_trend(question, history)
    except StoreError:
        now = answer_now(question)
        return Answer([*now.sentences, "Its history cannot be read right now."], now.rows)


def _dated(asked: Asked, question: Question, unknown: Sequence[str], found: Answer) -> Answer:
    """Return an answer with what could not be understood, and when its data was fetched."""
    board, now = question.board, question.now
    sentences = [*found.sentences]
    if asked.at and asked.ask == "open" and question.at is None:
        sentences.insert(0, f"The time in {_quoted([asked.at])} is not clear, so this is for now.")
    if unknown:
        sentences.append(f"No place called {_quoted(unknown)} is in this feed.")
    sentences.append(withheld(board, now) if board.state == "withheld" else fetched(board, now))
    return Answer(sentences, found.rows)


def _unknown(unknown: Sequence[str], places: Places) -> str:
    near = places.near(unknown[0])
    offer = f" Do you mean {' or '.join(near)}?" if near else ""
    return f"No place called {_quoted(unknown)} is in this feed.{offer}"


def _quoted(names: Sequence[str]) -> str:
    return " or ".join(f'"{name[:80]}"' for name in names)
