"""Adapter `hk`: Hong Kong's Hospital Authority.

    {"waitTime": [{"hospName": "Queen Mary Hospital", "t1wt": "0 minute",
      "t2wt": "less than 15 minutes", "t3p50": "28 minutes", "t3p95": "77 minutes",
      "t45p50": "3.5 hours", "t45p95": "4 hours"}], "updateTime": "20/1/2026 4:30AM"}

Percentiles per triage level: four rows a hospital. The levels seen at once (1 and 2) are bounds,
not waits, and go to the note, so that they can never be the shortest wait in town.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from frontdesk.tools.feeds.department import Department, Metric
from frontdesk.tools.feeds.errors import SchemaChanged
from frontdesk.tools.feeds.labels import read_label
from frontdesk.tools.feeds.reading import Collector, Reading, decode
from frontdesk.tools.feeds.text import MAX_LABEL, plain

TIMEZONE = ZoneInfo("Asia/Hong_Kong")
LEVELS: tuple[tuple[str, Metric, str], ...] = (
    ("t3p50", "p50", "triage 3, urgent"),
    ("t3p95", "p95", "triage 3, urgent"),
    ("t45p50", "p50", "triage 4 and 5, less urgent"),
    ("t45p95", "p95", "triage 4 and 5, less urgent"),
)
REQUIRED = ("hospName", *(key for key, _, _ in LEVELS))
KEYS = frozenset((*REQUIRED, "t1wt", "t2wt", "manageT1case", "manageT2case"))


class HkAdapter:
    """Reads the `hk` shape: hospitals with text percentiles."""

    def read(self, body: bytes, fetched_at: datetime) -> Reading:
        """Return the departments of `body`; raises FeedError when it cannot be trusted."""
        payload = decode(body)
        if not isinstance(payload, dict) or not isinstance(payload.get("waitTime"), list):
            raise SchemaChanged('the feed has no list "waitTime"')
        updated = read_update_time(payload.get("updateTime"))
        collector = Collector(fetched_at, KEYS)
        for record in payload["waitTime"]:
            known = collector.check_keys(record, REQUIRED)
            if known and plain(known["hospName"]):
                collector.rows += _departments(known, updated, fetched_at)
        return collector.finish()


def _departments(
    record: Mapping[str, Any], updated: datetime | None, fetched_at: datetime
) -> Iterator[Department]:
    seen_first = [
        f"Triage {level}: {plain(record[key], MAX_LABEL)}."
        for level, key in ((1, "t1wt"), (2, "t2wt"))
        if plain(record.get(key))
    ]
    for key, metric, patients in LEVELS:
        label = plain(record[key], MAX_LABEL)
        wait = read_label(label)
        yield Department(
            site=plain(record["hospName"], 120),
            metric=metric,
            minutes=wait.minutes,
            state=wait.state,
            raw_label=label,
            source_time=updated,
            fetched_at=fetched_at,
            note=" ".join(seen_first),
            patients=patients,
        )


def read_update_time(value: object) -> datetime | None:
    """Return the time of "20/1/2026 4:30AM" (day first, Hong Kong time), or None."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.strptime(value.strip(), "%d/%m/%Y %I:%M%p").replace(tzinfo=TIMEZONE)
    except ValueError:
        return None
