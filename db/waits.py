"""Waits in the database: a feed's last reading, its gate, and every change it ever showed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from frontdesk.db.errors import StoreError
from frontdesk.db.store import Connection, Store

# A stretch is not carried over a longer silence: what was said in between is not known.
LONGEST_GAP = timedelta(minutes=30)


class FeedRow(NamedTuple):
    """The state of one feed."""

    departments: list[dict[str, Any]]
    notices: list[str]
    etag: str | None
    last_modified: str | None
    fetched_at: datetime | None
    attempted_at: datetime | None
    retry_at: datetime | None
    failures: int
    error: str


class StretchRow(NamedTuple):
    """A stretch in which a department said the same thing."""

    since: datetime
    until: datetime
    state: str
    minutes: int | None
    label: str


class UsualRow(NamedTuple):
    """Minutes over days: the quartiles and how many days they rest on."""

    low: float
    median: float
    high: float
    days: int


@contextmanager
def connected(store: Store) -> Iterator[Connection]:
    """Lend a connection; whatever PostgreSQL refuses is a StoreError, as when it is gone."""
    try:
        with store.connection() as connection:
            yield connection
    except psycopg.Error as error:
        raise StoreError(f"the waits cannot be kept: {str(error).splitlines()[0]}") from error


def load_feed(connection: Connection, source: str) -> FeedRow | None:
    """Return the state of a feed, None when nothing is known of it."""
    row = connection.execute(
        "SELECT departments, notices, etag, last_modified, fetched_at, attempted_at, retry_at,"
        " failures, error FROM wait_feeds WHERE source = %s",
        [source],
    ).fetchone()
    return FeedRow(*row) if row else None


def claim_feed(
    connection: Connection, source: str, now: datetime, retry_at: datetime, put_back: datetime
) -> bool:
    """Pass the gate and close it until `retry_at`; False when it is closed at `now`.

    An attempt after `put_back` was made under a clock that ran ahead: its gate does not count.
    """
    row = connection.execute(
        "INSERT INTO wait_feeds (source, attempted_at, retry_at) VALUES (%(source)s, %(now)s,"
        " %(retry_at)s) ON CONFLICT (source) DO UPDATE SET attempted_at = %(now)s,"
        " retry_at = %(retry_at)s WHERE wait_feeds.retry_at IS NULL"
        " OR wait_feeds.retry_at <= %(now)s OR wait_feeds.attempted_at > %(put_back)s"
        " RETURNING 1",
        {"source": source, "now": now, "retry_at": retry_at, "put_back": put_back},
    ).fetchone()
    return row is not None


def save_reading(
    connection: Connection,
    source: str,
    departments: Sequence[Mapping[str, Any]],
    notices: Sequence[str],
    etag: str | None,
    last_modified: str | None,
    fetched_at: datetime,
) -> None:
    """Keep a good reading and clear the failures. `departments` go to JSON as they are."""
    connection.execute(
        "INSERT INTO wait_feeds (source, departments, notices, etag, last_modified, fetched_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (source) DO UPDATE SET"
        " departments = EXCLUDED.departments, notices = EXCLUDED.notices, etag = EXCLUDED.etag,"
        " last_modified = EXCLUDED.last_modified, fetched_at = EXCLUDED.fetched_at,"
        " failures = 0, error = ''",
        [source, Jsonb(list(departments)), list(notices), etag, last_modified, fetched_at],
    )


def save_failure(connection: Connection, source: str, retry_at: datetime, error: str) -> None:
    """Count a failure and close the gate until `retry_at`; what is known stays."""
    connection.execute(
        "INSERT INTO wait_feeds (source, retry_at, failures, error) VALUES (%s, %s, 1, %s)"
        " ON CONFLICT (source) DO UPDATE SET retry_at = EXCLUDED.retry_at,"
        " failures = wait_feeds.failures + 1, error = EXCLUDED.error",
        [source, retry_at, error],
    )


def save_departments(
    connection: Connection, source: str, departments: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Remember each department's row and its site's names, the newest name first."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO wait_departments AS known (source, key, department, names, last_seen)"
            " VALUES (%(source)s, %(key)s, %(department)s, ARRAY[%(site)s::text], %(now)s)"
            " ON CONFLICT (source, key) DO UPDATE SET department = EXCLUDED.department,"
            " last_seen = EXCLUDED.last_seen,"
            " names = %(site)s::text || array_remove(known.names, %(site)s::text)",
            [
                {
                    "source": source,
                    "key": row["key"],
                    "department": Jsonb(dict(row)),
                    "site": row["site"],
                    "now": now,
                }
                for row in departments
            ],
        )


def load_departments(
    connection: Connection, source: str, since: datetime
) -> list[tuple[dict[str, Any], datetime, list[str]]]:
    """Return (row, last seen, names) of every department read at or after `since`."""
    return connection.execute(
        "SELECT department, last_seen, names FROM wait_departments"
        " WHERE source = %s AND last_seen >= %s ORDER BY key",
        [source, since],
    ).fetchall()


def save_stretches(
    connection: Connection, source: str, departments: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Add a stretch for each department that says something new, and lengthen the others'."""
    parameters = [
        {
            "source": source,
            "key": row["key"],
            "state": row["state"],
            "minutes": row["minutes"],
            "label": row["raw_label"],
            "now": now,
            "oldest": now - LONGEST_GAP,
        }
        for row in departments
    ]
    with connection.cursor() as cursor:
        # A reading is only as late as the next one: the last stretch ends where a new one begins.
        cursor.executemany(
            "WITH newest AS (SELECT id, state, minutes, label FROM wait_readings"
            " WHERE source = %(source)s AND key = %(key)s AND until BETWEEN %(oldest)s AND %(now)s"
            " ORDER BY until DESC, id DESC LIMIT 1),"
            " longer AS (UPDATE wait_readings r SET until = %(now)s FROM newest n"
            " WHERE r.id = n.id RETURNING n.state = %(state)s"
            " AND n.minutes IS NOT DISTINCT FROM %(minutes)s::int AND n.label = %(label)s AS same)"
            " INSERT INTO wait_readings (source, key, state, minutes, label, since, until)"
            " SELECT %(source)s, %(key)s, %(state)s, %(minutes)s::int, %(label)s, %(now)s, %(now)s"
            " WHERE NOT EXISTS (SELECT 1 FROM longer WHERE same)",
            parameters,
        )


def stretches(
    connection: Connection, source: str, key: str, since: datetime, until: datetime
) -> list[StretchRow]:
    """Return the stretches of a department that touch the time, oldest first."""
    rows = connection.execute(
        "SELECT since, until, state, minutes, label FROM wait_readings WHERE source = %s"
        " AND key = %s AND until >= %s AND since <= %s ORDER BY since, id",
        [source, key, since, until],
    ).fetchall()
    return [StretchRow(*row) for row in rows]


def last_change(connection: Connection, source: str, keys: Sequence[str]) -> datetime | None:
    """Return when any of the departments `keys` last said something new."""
    row = connection.execute(
        "SELECT max(newest.since) FROM unnest(%s::text[]) AS known(key) CROSS JOIN LATERAL"
        " (SELECT since FROM wait_readings r WHERE r.source = %s AND r.key = known.key"
        " ORDER BY since DESC LIMIT 1) newest",
        [list(keys), source],
    ).fetchone()
    return row[0] if row else None


def usual(
    connection: Connection,
    source: str,
    key: str,
    days: Sequence[date],
    hours: Sequence[int],
    timezone: str,
) -> dict[int, UsualRow]:
    """Return, for each local hour with numbers, the quartiles over `days` of each day's mean wait.

    The mean weighs each reading by how long it stood. Days without a number in that hour do not
    count. The hour is local time, so it is the same hour of people's day on both sides of a change
    of the clocks; an hour that the change leaves out has no length and counts no day.
    """
    rows = connection.execute(
        "WITH slots AS (SELECT hour, day, (day + make_time(hour, 0, 0)) AT TIME ZONE %(zone)s AS"
        " began, (day + make_interval(hours => hour + 1)) AT TIME ZONE %(zone)s AS ended"
        " FROM unnest(%(days)s::date[]) AS day, unnest(%(hours)s::int[]) AS hour),"
        " means AS (SELECT s.hour, s.day, sum(r.minutes * w.seconds) / sum(w.seconds) AS minutes"
        " FROM slots s JOIN wait_readings r ON r.source = %(source)s AND r.key = %(key)s"
        " AND r.minutes IS NOT NULL AND r.since < s.ended AND r.until >= s.began"
        " CROSS JOIN LATERAL (SELECT greatest(1, extract(epoch FROM least(r.until, s.ended)"
        " - greatest(r.since, s.began)))::float8 AS seconds) w"
        " WHERE s.began < s.ended GROUP BY s.hour, s.day)"
        " SELECT hour, percentile_cont(0.25) WITHIN GROUP (ORDER BY minutes),"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes),"
        " percentile_cont(0.75) WITHIN GROUP (ORDER BY minutes), count(*)"
        " FROM means GROUP BY hour ORDER BY hour",
        {
            "hours": list(hours),
            "zone": timezone,
            "days": list(days),
            "source": source,
            "key": key,
        },
    ).fetchall()
    return {hour: UsualRow(*figures) for hour, *figures in rows}
