"""The shelf and the history of a feed in the store, shared by all processes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from frontdesk.db import wait_retention, waits
from frontdesk.db.store import Store
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.board import Usual
from frontdesk.tools.waits.shelf import SKEW, Saved, Seen
from frontdesk.tools.waits.trend import FEWEST_DAYS, Past

WEEKS = 12  # how far back "usual" looks
TIDYING = timedelta(days=1)


class StoreShelf:
    """One feed's state and history in PostgreSQL; every method may raise StoreError."""

    def __init__(self, store: Store, settings: WaitTimesSettings, timezone: str) -> None:
        self._store = store
        self._source = f"{settings.adapter} {settings.url}"
        self._timezone = timezone
        self._keep = timedelta(days=settings.keep_days)
        self._tidied: datetime | None = None

    def load(self) -> Saved:
        """Return the state."""
        with waits.connected(self._store) as connection:
            row = waits.load_feed(connection, self._source)
        if row is None:
            return Saved()
        return Saved(
            rows=row.departments,
            notices=tuple(row.notices),
            etag=row.etag,
            last_modified=row.last_modified,
            fetched_at=row.fetched_at,
            attempted_at=row.attempted_at,
            retry_at=row.retry_at,
            failures=row.failures,
            error=row.error,
        )

    def claim(self, now: datetime, retry_at: datetime) -> bool:
        """Pass the gate and close it until `retry_at`; False when another has passed it."""
        with waits.connected(self._store) as connection:
            return waits.claim_feed(connection, self._source, now, retry_at, now + SKEW)

    def succeed(self, now: datetime, saved: Saved) -> None:
        """Keep a reading, and what it changed in the history: all or nothing.

        Once a day, what is too old to be kept is forgotten.
        """
        tidy = self._tidied is None or abs(now - self._tidied) >= TIDYING
        with waits.connected(self._store) as connection:
            if tidy:
                wait_retention.forget(connection, self._source, self._keep)
            waits.save_reading(
                connection,
                self._source,
                saved.rows,
                saved.notices,
                saved.etag,
                saved.last_modified,
                now,
            )
            waits.save_departments(connection, self._source, saved.rows, now)
            waits.save_stretches(connection, self._source, saved.rows, now)
        self._tidied = now if tidy else self._tidied

    def fail(self, now: datetime, retry_at: datetime, error: str) -> None:
        """Count a failure and close the gate until `retry_at`."""
        with waits.connected(self._store) as connection:
            waits.save_failure(connection, self._source, retry_at, error)

    def seen(self, since: datetime) -> Sequence[Seen]:
        """Return the last row of every department read at or after `since`."""
        with waits.connected(self._store) as connection:
            rows = waits.load_departments(connection, self._source, since)
        return [Seen(row, last_seen, tuple(names)) for row, last_seen, names in rows]

    def last_change(self, keys: Sequence[str]) -> datetime | None:
        """Return when any of the departments `keys` last said something new."""
        with waits.connected(self._store) as connection:
            return waits.last_change(connection, self._source, keys)

    def past(self, key: str, since: datetime, until: datetime) -> Sequence[Past]:
        """Return the stretches of a department that touch the time, oldest first."""
        with waits.connected(self._store) as connection:
            found = waits.stretches(connection, self._source, key, since, until)
        return [Past(row.since, row.until, row.state, row.minutes) for row in found]

    def usual(self, key: str, day: date, hours: Sequence[int]) -> dict[int, Usual]:
        """Return what is usual on `day`'s weekday for each local hour that enough days speak for.

        With fewer than three such days on record, all weekdays (or the weekend) speak for it.
        """
        found: dict[int, Usual] = {}
        for same, days in ((True, same_weekday(day)), (False, same_kind(day))):
            left = [hour for hour in hours if hour not in found]
            if not left:
                break
            with waits.connected(self._store) as connection:
                rows = waits.usual(connection, self._source, key, days, left, self._timezone)
            for hour, row in rows.items():
                if row.days >= FEWEST_DAYS:
                    found[hour] = Usual(**row._asdict(), same_weekday=same)
        return found


def same_weekday(today: date) -> list[date]:
    """Return the earlier days of `today`'s weekday, the last twelve weeks."""
    return [today - timedelta(weeks=week) for week in range(1, WEEKS + 1)]


def same_kind(today: date) -> list[date]:
    """Return the earlier weekdays (or days of the weekend) of the last four weeks."""
    days = (today - timedelta(days=back) for back in range(1, 29))
    return [day for day in days if (day.weekday() < 5) == (today.weekday() < 5)]
