"""The freshness contract of a live feed, for everybody who asks at once.

- One request an interval, whoever asks: single flight among threads, a gate among processes.
- A reading is shared for `refresh_seconds`; then a request runs behind the answer, which waits for
  it only `patience_seconds` while the reading kept is young enough to show.
- Past `max_age_minutes` nothing is shown; the asker waits for the request itself.
- A failure keeps what is known, and puts the next request off, longer each time.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from frontdesk.tools.feeds import Adapter, Department
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.request import Request, RequestFailed
from frontdesk.tools.waits.retry import back_off
from frontdesk.tools.waits.shelf import SKEW, Saved, Seen, Shelf

if TYPE_CHECKING:
    from frontdesk.db.ingest.client import GuardedClient

Clock = Callable[[], datetime]
RECHECK = 2.0  # seconds between two looks at the shelf while the gate is closed
POLL = 0.05
REMEMBERED = timedelta(days=1)  # how long a department that the feed leaves out is known


@dataclass(frozen=True)
class Snapshot:
    """The reading held by this process; `read_mono` is when it was fetched, on the steady clock.

    `seen` holds every department of the last day, those that the feed now leaves out too, and
    `changed_at` is when a department last said something new.
    """

    departments: tuple[Department, ...] = ()
    saved: Saved = Saved()
    read_mono: float = 0.0
    seen: tuple[Seen, ...] = ()
    changed_at: datetime | None = None


class Flight:
    """A refresh under way: `loaded` once the shelf was read, `done` at the end."""

    def __init__(self) -> None:
        self.loaded = threading.Event()
        self.done = threading.Event()


class Feed:
    """One feed, kept fresh. Thread safe."""

    def __init__(
        self,
        settings: WaitTimesSettings,
        adapter: Adapter,
        client: "GuardedClient",
        shelf: Shelf,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._request = Request(settings, adapter, client)
        self._shelf = shelf
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._flight: Flight | None = None
        self._looked: float | None = None  # when the shelf was last looked at
        self._asked = self._not_before = float("-inf")  # this process's own gate

    def current(self) -> Snapshot:
        """Return the newest reading there is, asking the feed when that is due."""
        if self._is_fresh():
            return self._snapshot
        flight = self._start()
        if flight is not None:
            limit = self._settings.timeout_seconds + 1
            flight.loaded.wait(limit)
            age = self.age(self._snapshot)
            shown = age is not None and age <= self._settings.max_age_minutes * 60
            flight.done.wait(self._settings.patience_seconds if shown else limit)
        return self._snapshot

    def known(self) -> Snapshot:
        """Return a reading of any age, at once when there is one: for names, which do not age."""
        flight = None if self._is_fresh() else self._start()
        if flight is not None and not self._snapshot.departments:
            limit = self._settings.timeout_seconds + 1
            flight.loaded.wait(limit)
            if not self._snapshot.departments:
                flight.done.wait(limit)
        return self._snapshot

    def held(self) -> Snapshot:
        """Return the reading held, asking nothing."""
        return self._snapshot

    @property
    def requests(self) -> int:
        """How many requests this process has sent."""
        return self._request.count

    def age(self, snapshot: Snapshot) -> float | None:
        """Return the seconds since `snapshot` was fetched; None for no reading.

        The larger of the wall clock's and the steady clock's answer: a clock that is put back, or
        a machine that slept, never makes a reading younger than it is.
        """
        if snapshot.saved.fetched_at is None:
            return None
        wall = (self._clock() - snapshot.saved.fetched_at) / timedelta(seconds=1)
        return max(wall, self._monotonic() - snapshot.read_mono, 0.0)

    def _start(self) -> Flight | None:
        """Return the flight to wait for: the one under way, or a new one if one is due."""
        with self._lock:
            if self._flight is not None:
                return self._flight
            now = self._monotonic()
            if self._looked is not None and 0 <= now - self._looked < self._recheck():
                return None
            self._looked = now
            self._flight = flight = Flight()
        threading.Thread(target=self._fly, args=(flight,), daemon=True, name="waits").start()
        return flight

    def _recheck(self) -> float:
        return min(RECHECK, self._settings.refresh_seconds / 4)

    def _fly(self, flight: Flight) -> None:
        try:
            self._refresh(flight)
        finally:
            with self._lock:
                self._flight = None
            flight.loaded.set()
            flight.done.set()

    def _refresh(self, flight: Flight) -> None:
        """Take what another process has read, or ask the feed if the gate lets this one through."""
        from frontdesk.db.errors import StoreError

        try:
            self._adopt(self._shelf.load())
            flight.loaded.set()
            if self._is_fresh() or self._gate_closed():
                return
            now = self._clock()
            interval = timedelta(seconds=self._settings.refresh_seconds)
            if not self._shelf.claim(now, now + interval):
                self._await_other()
                return
        except StoreError:
            # Without a store this process goes on alone, with its own gate.
            if self._gate_closed():
                return
        self._adopt(self._ask(self._clock()))

    def _is_fresh(self) -> bool:
        age = self.age(self._snapshot)
        return age is not None and age < self._settings.refresh_seconds

    def _gate_closed(self) -> bool:
        return self._asked <= self._monotonic() < self._not_before

    def _await_other(self) -> None:
        """Wait for the reading of another process that is asking the feed at this moment."""
        patience = time.monotonic() + self._settings.timeout_seconds
        while time.monotonic() < patience:
            saved = self._shelf.load()
            self._adopt(saved)
            latest = self._clock() - timedelta(seconds=self._settings.timeout_seconds)
            asking = saved.attempted_at is not None and saved.attempted_at > latest
            if self._is_fresh() or saved.failures or not asking:
                return
            time.sleep(POLL)

    def _ask(self, now: datetime) -> Saved:
        """Send the request and keep what it brought: a reading or a failure."""
        from frontdesk.db.errors import StoreError

        saved = self._snapshot.saved
        self._asked = self._monotonic()
        self._not_before = self._asked + self._settings.refresh_seconds
        try:
            reading = self._request.send(saved, now)
        except RequestFailed as error:
            delay = back_off(
                saved.failures + 1,
                self._settings.refresh_seconds,
                self._settings.max_backoff_seconds,
                error.retry_after,
            )
            self._not_before = self._asked + delay
            retry_at = now + timedelta(seconds=delay)
            with suppress(StoreError):
                self._shelf.fail(now, retry_at, str(error))
            return replace(saved, failures=saved.failures + 1, error=str(error), retry_at=retry_at)
        with suppress(StoreError):
            self._shelf.succeed(now, reading)
        return reading

    def _adopt(self, saved: Saved) -> None:
        """Make `saved` this process's reading, unless it is older than what is held."""
        held = self._snapshot
        now, mono = self._clock(), self._monotonic()
        fetched_at = saved.fetched_at
        if fetched_at is not None and fetched_at > now + SKEW:
            # Read under a clock that has been put back since: its age cannot be told.
            age = self._settings.max_age_minutes * 60 + 1
        else:
            age = 0.0 if fetched_at is None else (now - fetched_at) / timedelta(seconds=1)
        newer = fetched_at is not None and fetched_at != held.saved.fetched_at
        held_age = self.age(held)
        if newer and (held_age is None or age <= held_age):
            rows = tuple(
                Department.model_validate({**row, "fetched_at": fetched_at}) for row in saved.rows
            )
            seen, changed_at = self._before(now, [row.key for row in rows])
            self._snapshot = Snapshot(rows, saved, mono - max(age, 0.0), seen, changed_at)
        else:
            self._snapshot = replace(
                held,
                saved=replace(
                    held.saved,
                    failures=saved.failures,
                    error=saved.error,
                    retry_at=saved.retry_at,
                ),
            )

    def _before(
        self, now: datetime, keys: Sequence[str]
    ) -> tuple[tuple[Seen, ...], datetime | None]:
        """Return what was seen in the last day, and when any of `keys` last changed."""
        from frontdesk.db.errors import StoreError

        try:
            return tuple(self._shelf.seen(now - REMEMBERED)), self._shelf.last_change(keys)
        except StoreError:
            return self._snapshot.seen, None
