"""The tool `wait_times`: live waits at the departments of the organisation's feed.

waits = WaitTimes(settings.wait_times, store, client, timezone="America/Edmonton")
waits.ask(["foothils"]).text
# "Foothills Medical Centre (emergency): about 3 h 10 min to see a doctor. ... Fetched 14:05, ..."
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from frontdesk.tools.feeds import Department, make_adapter
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.wait_times_answer import (
    Answer,
    Question,
    answer_compare,
    answer_now,
    answer_shortest,
)
from frontdesk.tools.wait_times_board import (
    Ask,
    Board,
    BoardState,
    KindFilter,
    ResultState,
    Usual,
    WaitRow,
    WaitsResult,
)
from frontdesk.tools.wait_times_feed import Clock, Feed, Snapshot
from frontdesk.tools.wait_times_nearest import answer_nearest
from frontdesk.tools.wait_times_open import answer_open
from frontdesk.tools.wait_times_places import PlaceMatch, Places
from frontdesk.tools.wait_times_resolve import Target, resolve
from frontdesk.tools.wait_times_shelf import MemoryShelf, Saved, Shelf
from frontdesk.tools.wait_times_trend import History, NoHistory, answer_trend
from frontdesk.tools.wait_times_when import read_when
from frontdesk.tools.wait_times_words import fetched, withheld

if TYPE_CHECKING:
    from frontdesk.db.ingest.client import GuardedClient
    from frontdesk.db.store import Store

__all__ = [
    "Board",
    "Department",
    "PlaceMatch",
    "Usual",
    "WaitRow",
    "WaitTimes",
    "WaitsResult",
    "read_when",
]


def system_clock() -> datetime:
    """Return the time of the machine."""
    return datetime.now(UTC)


def steady_clock() -> float:
    """Return seconds that no clock setting moves and that go on while the machine sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class WaitTimes:
    """Live waits: the board, the places that a question names, and the answers. Thread safe.

    Without a `store` the reading is this process's own and there is no history. `clock` returns
    aware times; a steady clock of its own follows it unless `monotonic` is given.
    """

    def __init__(
        self,
        settings: WaitTimesSettings,
        store: "Store | None",
        client: "GuardedClient | None",
        *,
        clock: Clock | None = None,
        timezone: str = "UTC",
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock or system_clock
        self._zone = ZoneInfo(timezone)
        self._fixed: tuple[Department, ...] | None = None
        self._places: tuple[object, Places] | None = None
        self._feed: Feed | None = None
        self._history: History = NoHistory()
        if not settings.adapter or client is None:
            return
        adapter = make_adapter(settings.adapter, settings.mapping)
        shelf: Shelf = MemoryShelf()
        if store is not None:
            from frontdesk.tools.wait_times_store import StoreShelf

            shelf = self._history = StoreShelf(store, settings, timezone)
        derived = clock and partial(_seconds, clock)
        steady = monotonic or derived or steady_clock
        self._feed = Feed(settings, adapter, client, shelf, self._clock, steady)

    @classmethod
    def fixed(
        cls,
        departments: Iterable[Department],
        *,
        timezone: str = "UTC",
        clock: Clock | None = None,
        aliases: Mapping[str, str] | None = None,
        towns: Mapping[str, tuple[float, float]] | None = None,
        url: str = "",
    ) -> Self:
        """Return the tool over departments that never change: for training and tests."""
        rows = tuple(departments)
        settings = WaitTimesSettings(
            page_url=url, aliases=dict(aliases or {}), towns=dict(towns or {})
        )
        newest = max((row.fetched_at for row in rows), default=datetime.now(UTC))
        waits = cls(settings, None, None, clock=clock or (lambda: newest), timezone=timezone)
        waits._fixed = rows
        return waits

    @property
    def source_url(self) -> str:
        """The official page for people: the settings', else the feed's origin."""
        parts = urlsplit(self.settings.url)
        origin = f"{parts.scheme}://{parts.netloc}/" if parts.netloc else ""
        return self.settings.page_url or origin

    def board(self) -> Board:
        """Return every department at the newest reading that may be shown. Never raises."""
        if self._fixed is not None:
            newest = max((row.fetched_at for row in self._fixed), default=None)
            seconds = (self._clock() - newest).total_seconds() if newest else None
            return Board(
                departments=self._fixed,
                fetched_at=newest,
                age_seconds=seconds,
                state="fresh",
                source_url=self.source_url,
            )
        if self._feed is None:
            return Board(reason="no wait-times feed is set up", source_url=self.source_url)
        snapshot = self._feed.current()
        return self._board(snapshot, self._feed.age(snapshot))

    def _board(self, snapshot: Snapshot, age: float | None) -> Board:
        saved = snapshot.saved
        state = self._state(saved, age)
        rows = snapshot.departments
        if state == "withheld":
            rows = tuple(
                row.model_copy(update={"minutes": None, "state": "unavailable"}) for row in rows
            )
        keys = {row.key for row in rows}
        gone = [seen for seen in snapshot.seen if seen.row["key"] not in keys]
        return Board(
            departments=rows,
            missing=tuple(Department.model_validate(seen.row) for seen in gone),
            fetched_at=saved.fetched_at,
            age_seconds=age,
            state=state,
            reason=saved.error,
            source_url=self.source_url,
            notices=saved.notices,
            former_names={str(seen.row["key"]): seen.names for seen in snapshot.seen},
        )

    def _state(self, saved: Saved, age: float | None) -> BoardState:
        if age is None:
            return "unavailable"
        if age > self.settings.max_age_minutes * 60:
            return "withheld"
        late = age > self.settings.refresh_seconds and saved.failures > 0
        return "stale" if late else "fresh"

    def match(self, text: str) -> list[PlaceMatch]:
        """Return the places that `text` names, best first; empty when it names none."""
        return self._names(self.board()).match(text)

    def _names(self, board: Board) -> Places:
        """The place names of a board; made once a reading."""
        key = (board.fetched_at, len(board.departments), len(board.missing))
        held = self._places
        if held is None or held[0] != key:
            current = {row.key: row.site for row in board.departments}
            former = {
                name: current[row_key]
                for row_key, names in board.former_names.items()
                for name in names
                if row_key in current and name != current[row_key]
            }
            rows = [*board.departments, *board.missing]
            extra = {**former, **self.settings.aliases}
            held = key, Places(rows, extra, self.settings.towns)
            self._places = held
        return held[1]

    def ask(
        self,
        places: Sequence[str] = (),
        kind: KindFilter = "any",
        ask: Ask = "now",
        at: str | None = None,
    ) -> WaitsResult:
        """Answer one question about live waits at the organisation's departments.

        `places` are sites, towns or regions as the person wrote them; none means everywhere. `ask`:
        "now" the wait, "shortest", "compare" the places, "open" (at the time `at`, in words),
        "nearest" to the first place, "trend" whether it is getting better.
        """
        board = self.board()
        now = self._clock().astimezone(self._zone)
        targets, unknown = resolve(places, board, self._names(board))
        said = partial(self._result, board=board, ask=ask, kind=kind, targets=targets, now=now)
        if unknown and not targets:
            return said(self._unknown(unknown, board), state="unknown_place")
        moment = read_when(at, now) if at else None
        question = Question(ask, kind, targets, board, now, moment)
        hours = ask == "open" and moment is not None
        if board.state == "unavailable" or (board.state == "withheld" and not hours):
            return said(Answer([withheld(board, now)]), state=board.state)
        answer = self._answer(question)
        sentences = [*answer.sentences]
        if unknown:
            sentences.append(f"No place called {_quoted(unknown)} is in this feed.")
        if at and ask == "open" and moment is None:
            sentences.insert(0, f"The time in {_quoted([at])} is not clear, so this is for now.")
        sentences.append(withheld(board, now) if board.state == "withheld" else fetched(board, now))
        state: ResultState = "ok" if board.state == "fresh" else board.state
        return said(Answer(sentences, answer.rows), state=state)

    def _answer(self, question: Question) -> Answer:
        if question.ask == "shortest":
            return answer_shortest(question)
        if question.ask == "compare":
            return answer_compare(question)
        if question.ask == "open":
            return answer_open(question)
        if question.ask == "nearest":
            return answer_nearest(question, self.settings.towns)
        if question.ask == "trend":
            return answer_trend(question, self._history)
        return answer_now(question)

    def _unknown(self, unknown: Sequence[str], board: Board) -> Answer:
        names = list(dict.fromkeys(row.site for row in board.departments))
        listed = f" It lists {', '.join(names)}." if 0 < len(names) <= 8 else ""
        link = f" The official page: {board.source_url}" if board.source_url else ""
        return Answer([f"No place called {_quoted(unknown)} is in this feed.{listed}{link}"])

    def _result(
        self,
        answer: Answer,
        *,
        board: Board,
        ask: Ask,
        kind: KindFilter,
        targets: Sequence[Target],
        now: datetime,
        state: ResultState,
    ) -> WaitsResult:
        return WaitsResult(
            text=" ".join(part for part in answer.sentences if part),
            rows=tuple(answer.rows),
            ask=ask,
            kind=kind,
            places=tuple(target.name for target in targets),
            state=state,
            fetched_at=board.fetched_at and board.fetched_at.astimezone(now.tzinfo),
            age_seconds=board.age_seconds,
            url=board.source_url,
        )


def _quoted(names: Sequence[str]) -> str:
    return " or ".join(f'"{name[:80]}"' for name in names)


def _seconds(clock: Clock) -> float:
    return clock().timestamp()
