"""The tool `wait_times`: live waits at the departments of the organisation's feed.

waits = WaitTimes(settings.wait_times, store, client, timezone="America/Edmonton")
waits.ask(["foothils"]).text
# "Foothills Medical Centre (emergency): about 3 h 10 min to see a doctor. ... Fetched 14:05, ..."
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from frontdesk.tools.feeds import Department, make_adapter
from frontdesk.tools.feeds.reading import identified
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.ask import Asked, answer
from frontdesk.tools.waits.board import (
    Ask,
    Board,
    FeedHealth,
    KindFilter,
    Usual,
    WaitRow,
    WaitsResult,
)
from frontdesk.tools.waits.departments import named
from frontdesk.tools.waits.feed import Clock, Feed, Snapshot
from frontdesk.tools.waits.history import DepartmentHistory, Stretch, day_of
from frontdesk.tools.waits.places import PlaceMatch, Places
from frontdesk.tools.waits.resolve import resolve
from frontdesk.tools.waits.shelf import MemoryShelf, Shelf
from frontdesk.tools.waits.trend import History, NoHistory
from frontdesk.tools.waits.view import make_board, make_places
from frontdesk.tools.waits.when import read_when

if TYPE_CHECKING:
    from frontdesk.db.ingest.client import GuardedClient
    from frontdesk.db.store import Store

__all__ = [
    "Board",
    "Department",
    "DepartmentHistory",
    "FeedHealth",
    "PlaceMatch",
    "Stretch",
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
        # In UTC, since two local times of one zone subtract as if clocks were never changed.
        self._clock = partial(_in_utc, clock or system_clock)
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
            from frontdesk.tools.waits.store import StoreShelf

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
        rows = tuple(identified(departments))
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
        return self._board(self._feed, self._feed.current())

    def _board(self, feed: Feed, snapshot: Snapshot) -> Board:
        return make_board(snapshot, feed.age(snapshot), self.settings, self.source_url)

    def health(self) -> FeedHealth:
        """Return how the feed is doing, as this process knows it; asks nothing."""
        if self._feed is None:
            return FeedHealth()
        saved = self._feed.held().saved
        failing = saved.failures > 0 and saved.retry_at is not None
        waiting = saved.retry_at is not None and saved.retry_at > self._clock()
        return FeedHealth(
            circuit="closed" if not failing else "open" if waiting else "half_open",
            failures=saved.failures,
            error=saved.error,
            fetched_at=saved.fetched_at,
            retry_at=saved.retry_at if failing else None,
            notices=saved.notices,
        )

    def history(self, place: str, day: date | None = None) -> list[DepartmentHistory]:
        """Return the local `day` (today) of each department at a place, with what is usual.

        Raises StoreError when the database is gone.
        """
        board = self.board()
        targets, _ = resolve([place], board, self._names(board))
        today = self._clock().astimezone(self._zone).date()
        return [
            day_of(row, day or today, self._history, self._zone)
            for target in targets
            for row in (*target.rows, *([target.missing] if target.missing else []))
        ]

    def match(self, text: str) -> list[PlaceMatch]:
        """Return the places that `text` names, best first; empty when it names none."""
        return self._known().match(text)

    def department(self, text: str, sites: Sequence[str] = ()) -> str:
        """Return the department that `text` names, at `sites` or anywhere; "" for none, or many."""
        known = self._last_board().departments
        rows = [row for row in known if not sites or row.site in sites]
        names = {row.department for row in named(text, rows)}
        return names.pop() if len(names) == 1 else ""

    def sibling(self, previous: str, text: str) -> str:
        """Return the site that a few words mean beside the site just asked for ("and north?")."""
        return self._known().sibling(previous, text)

    def _known(self) -> Places:
        """The place names of the last reading, without asking the feed."""
        return self._names(self._last_board())

    def _last_board(self) -> Board:
        return self._board(self._feed, self._feed.known()) if self._feed else self.board()

    def _names(self, board: Board) -> Places:
        """The place names of a board; made once a reading."""
        key = (board.fetched_at, len(board.departments), len(board.missing))
        held = self._places
        if held is None or held[0] != key:
            held = key, make_places(board, self.settings)
            self._places = held
        return held[1]

    def ask(
        self,
        places: Sequence[str] = (),
        kind: KindFilter = "any",
        ask: Ask = "now",
        at: str | None = None,
        department: str = "",
    ) -> WaitsResult:
        """Answer one question about live waits at the organisation's departments.

        `places` are sites, towns or regions as the person wrote them; none means everywhere. `ask`:
        "now" the wait, "shortest", "compare" the places, "open" (at the time `at`, in words),
        "nearest" to the first place, "trend" whether it is getting better. `department` is one
        that the person names ("x-rays"); a place without it is answered for as a whole.
        """
        board = self.board()
        asked = Asked(tuple(places), kind, ask, at, department)
        now = self._clock().astimezone(self._zone)
        return answer(asked, board, self._names(board), self.settings, self._history, now)


def _in_utc(clock: Clock) -> datetime:
    return clock().astimezone(UTC)


def _seconds(clock: Clock) -> float:
    return clock().timestamp()
