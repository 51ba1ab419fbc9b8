"""One reading of a feed: its payload decoded, checked, and turned into departments."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from frontdesk.tools.feeds.department import Department
from frontdesk.tools.feeds.errors import FeedError, SchemaChanged
from frontdesk.tools.feeds.text import plain, slug

# A feed of which more than this share of records cannot be read has changed its format.
MOST_BROKEN = 0.2


@dataclass(frozen=True)
class Reading:
    """The departments of one payload, and `notices`: what was odd about it, a sentence each."""

    departments: tuple[Department, ...]
    notices: tuple[str, ...] = ()


class Adapter(Protocol):
    """Turns a feed's payload into the normal form."""

    def read(self, body: bytes, fetched_at: datetime) -> Reading:
        """Return the departments of `body`; raises FeedError when it cannot be trusted."""


def decode(body: bytes) -> Any:
    """Return the JSON value of `body`; raises FeedError naming what came instead."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:200].lstrip().lower()
        if start.startswith((b"<!doctype", b"<html", b"<")):
            raise FeedError("the feed sent a web page instead of JSON") from error
        if not start:
            raise FeedError("the feed sent an empty answer") from error
        raise FeedError("the feed sent JSON that is cut off or broken") from error


@dataclass
class Collector:
    """Gathers the rows of one payload, counts what could not be read, and decides at the end."""

    fetched_at: datetime
    known_keys: frozenset[str] = frozenset()
    rows: list[Department] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    strange: Counter[str] = field(default_factory=Counter)

    def check_keys(self, record: object, required: Iterable[str]) -> Mapping[str, Any] | None:
        """Return `record` if it is an object with the `required` keys; else count it as broken."""
        if not isinstance(record, dict):
            self.broken.append(f"a {type(record).__name__} where a record was expected")
            return None
        self.strange.update(key for key in record if key not in self.known_keys)
        missing = sorted(key for key in required if key not in record)
        if missing:
            self.broken.append(f"no {', '.join(missing)}")
            return None
        return record

    def finish(self) -> Reading:
        """Return the reading; raises SchemaChanged when the payload cannot be trusted."""
        total = len(self.rows) + len(self.broken)
        if not self.rows:
            what = f" ({self.broken[0]})" if self.broken else ""
            raise SchemaChanged(f"the feed has no department that can be read{what}")
        if len(self.broken) > MOST_BROKEN * total:
            raise SchemaChanged(
                f"the feed has changed its format: {len(self.broken)} of {total} records "
                f"cannot be read ({self.broken[0]})"
            )
        if all(row.state == "unknown_text" for row in self.rows):
            label = self.rows[0].raw_label
            raise SchemaChanged(f'the feed has changed its labels: none is known, as "{label}"')
        return Reading(tuple(identified(self.rows)), tuple(self._notices()))

    def _notices(self) -> Iterable[str]:
        if self.broken:
            yield f"{len(self.broken)} record(s) of the feed could not be read: {self.broken[0]}."
        if self.strange:
            yield f"The feed has new keys: {', '.join(plain(key, 40) for key in self.strange)}."
        odd = [row for row in self.rows if row.state == "unknown_text"]
        if odd:
            yield f'{len(odd)} label(s) of the feed are unknown, such as "{odd[0].raw_label}".'


def identified(rows: Iterable[Department]) -> list[Department]:
    """Return `rows`, each with a key: where it stands and what it is, not what it is called.

    A name may change twice a day; an address does not. Rows that would share a key are told apart
    by their site's name.
    """
    rows = list(rows)
    keys = [row.key or _key(row) for row in rows]
    counts = Counter(keys)
    return [
        row.model_copy(update={"key": key if counts[key] == 1 else f"{key}:{slug(row.site)}"})
        for row, key in zip(rows, keys, strict=True)
    ]


def _key(row: Department) -> str:
    place = slug(row.address)
    if not place and row.coordinates:
        place = "{:.4f},{:.4f}".format(*row.coordinates)
    parts = [slug(row.region), place or slug(row.site), row.kind]
    if row.metric != "estimate_to_physician" or row.patients:
        parts += [row.metric, slug(row.patients)]
    return ":".join(parts)
