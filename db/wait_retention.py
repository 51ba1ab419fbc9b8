"""How long the history of waits is kept: what is older is forgotten, a feed at a time."""

from datetime import timedelta

from frontdesk.db.store import Connection


def forget(connection: Connection, source: str, keep: timedelta) -> int:
    """Delete what a feed said longer than `keep` before its last reading; return how many.

    Before its last reading and not before now: a clock that is set years ahead by mistake must not
    cost the history. A department that the feed has not held for so long is forgotten with it.
    """
    row = connection.execute(
        "SELECT fetched_at FROM wait_feeds WHERE source = %s", [source]
    ).fetchone()
    if row is None or row[0] is None:
        return 0
    oldest = row[0] - keep
    deleted = connection.execute(
        "DELETE FROM wait_readings r USING wait_departments d WHERE d.source = %(source)s"
        " AND r.source = d.source AND r.key = d.key AND r.until < %(oldest)s",
        {"source": source, "oldest": oldest},
    ).rowcount
    connection.execute(
        "DELETE FROM wait_departments WHERE source = %s AND last_seen < %s", [source, oldest]
    )
    return deleted
