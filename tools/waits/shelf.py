"""Where a feed's last reading, its gate and its history are kept; here: in memory.

`db/waits.py` keeps the same in PostgreSQL, so that processes share one reading and one gate.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

Row = Mapping[str, Any]
# A gate or a reading this far ahead of the clock was set by a clock that has since been put back.
SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class Saved:
    """The state of one feed. `rows` are departments as plain values, the last good reading.

    `retry_at` is the gate: no request before it. `failures` counts failures in a row.
    """

    rows: Sequence[Row] = ()
    notices: tuple[str, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: datetime | None = None
    attempted_at: datetime | None = None
    retry_at: datetime | None = None
    failures: int = 0
    error: str = ""


@dataclass(frozen=True)
class Seen:
    """A department's last row, when it was read, and every name its site has had."""

    row: Row
    last_seen: datetime
    names: tuple[str, ...]


class Shelf(Protocol):
    """Keeps one feed's state; every method may raise StoreError."""

    def load(self) -> Saved:
        """Return the state."""

    def claim(self, now: datetime, retry_at: datetime) -> bool:
        """Pass the gate and close it until `retry_at`; False when another has passed it."""

    def succeed(self, now: datetime, saved: Saved) -> None:
        """Keep a reading, and what it changed in the history."""

    def fail(self, now: datetime, retry_at: datetime, error: str) -> None:
        """Count a failure and close the gate until `retry_at`."""

    def seen(self, since: datetime) -> Sequence[Seen]:
        """Return the last row of every department read at or after `since`."""

    def last_change(self, keys: Sequence[str]) -> datetime | None:
        """Return when any of the departments `keys` last said something new."""


@dataclass
class MemoryShelf:
    """The shelf of a process without a store."""

    saved: Saved = field(default_factory=Saved)
    last: dict[str, Seen] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> Saved:
        """Return the state."""
        return self.saved

    def claim(self, now: datetime, retry_at: datetime) -> bool:
        """Pass the gate and close it until `retry_at`; False when another has passed it."""
        with self._lock:
            gate, attempted = self.saved.retry_at, self.saved.attempted_at
            put_back = attempted is not None and attempted > now + SKEW
            if gate is not None and gate > now and not put_back:
                return False
            self.saved = replace(self.saved, attempted_at=now, retry_at=retry_at)
            return True

    def succeed(self, now: datetime, saved: Saved) -> None:
        """Keep a reading."""
        with self._lock:
            self.saved = replace(
                saved, attempted_at=self.saved.attempted_at, retry_at=self.saved.retry_at
            )
            for row in saved.rows:
                before = self.last.get(row["key"])
                if before is None or before.row["raw_label"] != row["raw_label"]:
                    self.changed[row["key"]] = now
                names = dict.fromkeys([row["site"], *(before.names if before else ())])
                self.last[row["key"]] = Seen(row, now, tuple(names))

    def fail(self, now: datetime, retry_at: datetime, error: str) -> None:
        """Count a failure and close the gate until `retry_at`."""
        with self._lock:
            failures = self.saved.failures + 1
            self.saved = replace(self.saved, failures=failures, error=error, retry_at=retry_at)

    def seen(self, since: datetime) -> Sequence[Seen]:
        """Return the last row of every department read at or after `since`."""
        with self._lock:
            return [seen for seen in self.last.values() if seen.last_seen >= since]

    def last_change(self, keys: Sequence[str]) -> datetime | None:
        """Return when any of the departments `keys` last said something new."""
        with self._lock:
            return max((self.changed[key] for key in keys if key in self.changed), default=None)
