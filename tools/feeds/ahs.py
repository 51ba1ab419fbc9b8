"""Adapter `ahs`: Alberta Health Services, and feeds of its shape.

    {"Calgary": {"Emergency": [{"Name": "Foothills Medical Centre", "Category": "Emergency",
      "WaitTime": "3 hr 12 min", "TimesUnavailable": "False", "SplitFacility": null, ...}],
      "Urgent": []}, "RedDeer": {"Emergency": [...]}}

A record with `SplitFacility` holds two departments of one site, their values joined by "[;]".
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from frontdesk.tools.feeds.department import Department, Kind
from frontdesk.tools.feeds.errors import SchemaChanged
from frontdesk.tools.feeds.labels import Label, read_label
from frontdesk.tools.feeds.reading import Collector, Reading, decode
from frontdesk.tools.feeds.text import MAX_LABEL, lines, plain

REQUIRED = ("Name", "Category", "WaitTime")
KEYS = frozenset(
    """Name Category WaitTime TimesUnavailable SplitFacility SiteId SiteClosingSoon SiteOpen Note
    Address GoogleMapsLinkDirection URL""".split()
)
JOINT = "[;]"
CHILDREN = re.compile(r"\b(?:child(?:ren)?'?s?|p(?:a)?ediatrics?)\b", re.IGNORECASE)
_POINT = re.compile(r"^\s*(-?\d{1,2}\.\d+)\s*,\s*(-?\d{1,3}\.\d+)\s*$")


class AhsAdapter:
    """Reads the `ahs` shape: regions hold groups, groups hold records of twelve keys."""

    def read(self, body: bytes, fetched_at: datetime) -> Reading:
        """Return the departments of `body`; raises FeedError when it cannot be trusted."""
        payload = decode(body)
        if not isinstance(payload, dict):
            raise SchemaChanged(f"the feed is a {type(payload).__name__}, not regions by name")
        collector = Collector(fetched_at, KEYS)
        for region, groups in payload.items():
            if not isinstance(groups, dict):
                collector.broken.append(f"region {plain(region, 40)} holds no groups")
                continue
            for records in groups.values():
                if not isinstance(records, list):
                    collector.broken.append(f"a group of {plain(region, 40)} is no list")
                    continue
                for record in records:
                    if known := collector.check_keys(record, REQUIRED):
                        collector.rows += _departments(known, _spaced(region), fetched_at)
        return collector.finish()


def _departments(record: Mapping[str, Any], region: str, fetched_at: datetime) -> list[Department]:
    """Return the one or two departments of a record."""
    names = _parts(record, "Name")
    count = len(names)
    labels = _parts(record, "WaitTime")
    departments = _parts(record, "SplitFacility")
    rows = []
    for n, name in enumerate(names):
        own = {
            key: parts[n] if len(parts) == count else parts[0]
            for key in KEYS
            if (parts := _parts(record, key))
        }
        # Two departments and one number: whose is it? Nobody's.
        own["WaitTime"] = labels[n] if len(labels) == count else ""
        own["SplitFacility"] = departments[n] if len(departments) == count > 1 else ""
        others = tuple(plain(other) for other in names if other != name)
        if plain(name):
            rows.append(_department(own, region, fetched_at, others))
    return rows


def _department(
    own: Mapping[str, str], region: str, fetched_at: datetime, others: tuple[str, ...]
) -> Department:
    site = plain(own["Name"], 120)
    category = plain(own.get("Category", ""), 60) or "Emergency"
    label = plain(own["WaitTime"], MAX_LABEL)
    wait = _wait(label, own.get("TimesUnavailable", ""))
    return Department(
        site=site,
        department=plain(own["SplitFacility"], 60) or category,
        kind=_kind(category, own["SplitFacility"] or site),
        minutes=wait.minutes,
        state=wait.state,
        raw_label=label,
        fetched_at=fetched_at,
        note=plain(own.get("Note", "")),
        address=lines(own.get("Address", "")),
        coordinates=_coordinates(own.get("GoogleMapsLinkDirection", "")),
        url=plain(own.get("URL", ""), 300),
        region=region,
        shares_site_with=others,
    )


def _wait(label: str, unavailable: str) -> Label:
    # The feed was never below 30 minutes in 15,606 readings: a zero stands for "unknown".
    wait = read_label(label, shortest=1)
    if wait.state == "ok" and unavailable.strip().lower() == "true":
        return Label("unavailable")
    return wait


def _kind(category: str, name: str) -> Kind:
    if CHILDREN.search(name.replace("’", "'")):
        return "children"
    return "urgent_care" if "urgent" in category.lower() else "emergency"


def _parts(record: Mapping[str, Any], key: str) -> list[str]:
    value = record.get(key)
    return value.split(JOINT) if isinstance(value, str) else []


def _coordinates(link: str) -> tuple[float, float] | None:
    """Return the point of a maps link ("…&query=51.07,-114.14"), or None."""
    for value in parse_qs(urlsplit(link).query).get("query", []):
        if match := _POINT.match(value):
            latitude, longitude = float(match[1]), float(match[2])
            if abs(latitude) <= 90 and abs(longitude) <= 180:
                return latitude, longitude
    return None


def _spaced(region: str) -> str:
    """Return "Red Deer" for "RedDeer" and "Fort McMurray" for "FortMcMurray"."""
    return plain(re.sub(r"(?<=[a-z])(?=[A-Z])(?<!Mc)(?<!Mac)", " ", region), 60)
