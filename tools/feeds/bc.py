"""Adapter `bc`: British Columbia's edwaittimes.ca.

    [{"name": "Lions Gate Hospital", "slug": "lgh", "type": "ed", "audience": "all",
      "showWaitTimes": true, "waitTime": {"waitTimeMinutes": 95, "elosMinutes": 260,
      "status": "open", "createdAt": "2026-02-11T19:28:04.000Z"}, "open247": true, ...}]

`waitTimeMinutes` is the wait for a physician. `elosMinutes`, the whole length of stay, is no wait
and goes to the note.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from frontdesk.tools.feeds.ahs import CHILDREN
from frontdesk.tools.feeds.department import Department, Kind
from frontdesk.tools.feeds.errors import SchemaChanged
from frontdesk.tools.feeds.labels import LONGEST, Label, read_label
from frontdesk.tools.feeds.reading import Collector, Reading, decode
from frontdesk.tools.feeds.text import MAX_LABEL, lines, plain

REQUIRED = ("name", "type", "showWaitTimes", "waitTime")
KEYS = frozenset(
    """name slug type audience showWaitTimes waitTimeFallback alertShow alertTitle address latitude
    longitude website phone open247 operatingHours waitTime""".split()
)


class BcAdapter:
    """Reads the `bc` shape: an array of facilities."""

    def read(self, body: bytes, fetched_at: datetime) -> Reading:
        """Return the departments of `body`; raises FeedError when it cannot be trusted."""
        payload = decode(body)
        if not isinstance(payload, list):
            raise SchemaChanged(f"the feed is a {type(payload).__name__}, not an array")
        collector = Collector(fetched_at, KEYS)
        for record in payload:
            known = collector.check_keys(record, REQUIRED)
            if known and plain(known["name"]):
                collector.rows.append(_department(known, fetched_at))
        return collector.finish()


def _department(record: Mapping[str, Any], fetched_at: datetime) -> Department:
    urgent = record["type"] == "upcc"
    wait, label = _wait(record)
    measured = record["waitTime"] if isinstance(record["waitTime"], dict) else {}
    return Department(
        site=plain(record["name"], 120),
        department="Urgent and primary care" if urgent else "Emergency",
        kind=_kind(record, urgent),
        minutes=wait.minutes,
        state=wait.state,
        raw_label=label,
        source_time=instant(measured.get("createdAt")),
        fetched_at=fetched_at,
        note=_note(record, measured),
        address=lines(record.get("address")),
        coordinates=point(record.get("latitude"), record.get("longitude")),
        url=plain(record.get("website"), 300),
        phone=plain(record.get("phone"), 40) or None,
    )


def _wait(record: Mapping[str, Any]) -> tuple[Label, str]:
    """Return what a record says of the wait, and the words it says it with."""
    fallback = plain(record.get("waitTimeFallback"), MAX_LABEL)
    measured = record["waitTime"]
    if record["showWaitTimes"] is not True:
        return Label("not_published"), fallback
    if not isinstance(measured, dict):
        return Label("unknown_text"), plain(measured, MAX_LABEL)
    minutes = measured.get("waitTimeMinutes")
    status = plain(measured.get("status"), MAX_LABEL)
    said = read_label(status)
    if said.state in ("closed", "closing_soon", "unavailable"):
        return Label(said.state), status
    if minutes is None:
        return Label("unavailable"), fallback
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= LONGEST:
        return Label("unknown_text"), plain(str(minutes), MAX_LABEL)
    return Label("ok", minutes), f"{minutes} min"


def _kind(record: Mapping[str, Any], urgent: bool) -> Kind:
    if CHILDREN.search(f"{record['name']} {record.get('audience') or ''}"):
        return "children"
    return "urgent_care" if urgent else "emergency"


def _note(record: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    stay = measured.get("elosMinutes")
    parts = [
        plain(record.get("alertTitle")) if record.get("alertShow") is True else "",
        "Open 24 hours" if record.get("open247") is True else plain(record.get("operatingHours")),
        f"Whole stay about {stay} min" if isinstance(stay, int) and stay > 0 else "",
    ]
    return "".join(f"{part.rstrip('.')}. " for part in parts if part).strip()


def instant(value: object) -> datetime | None:
    """Return the time of an ISO string in UTC, or None when it is none or has no offset."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment and moment.tzinfo else None


def point(latitude: object, longitude: object) -> tuple[float, float] | None:
    """Return (latitude, longitude) in degrees, or None when they are not on the globe."""
    try:
        place = float(str(latitude)), float(str(longitude))
    except ValueError:
        return None
    return place if abs(place[0]) <= 90 and abs(place[1]) <= 180 and any(place) else None
