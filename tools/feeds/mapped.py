"""Adapter `json`: any JSON feed, by a mapping of JMESPath expressions in frontdesk.toml.

[wait_times.mapping]
rows = "facilities[]"              # the records
site = "title"                     # the rest is evaluated on one record
wait = "wait.minutes"              # a number of minutes or a label ("1 hr 5 min", "Closed")
kind = "type"                      # read through `kinds`
source_time = "updated"
required = ["title", "wait"]       # keys that must be there; by default what site and wait name
[wait_times.mapping.kinds]
"walk-in" = "urgent_care"
[wait_times.mapping.states]
"No data" = "unavailable"          # this feed's own words for a state
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

import jmespath
import jmespath.exceptions

from frontdesk.tools.feeds.ahs import CHILDREN
from frontdesk.tools.feeds.bc import instant, point
from frontdesk.tools.feeds.department import Department, Kind, Metric, State
from frontdesk.tools.feeds.errors import FeedError, SchemaChanged
from frontdesk.tools.feeds.labels import LONGEST, Label, read_label
from frontdesk.tools.feeds.reading import Collector, Reading, decode
from frontdesk.tools.feeds.text import MAX_LABEL, lines, plain

FIELDS = frozenset(
    """site department kind wait source_time note address latitude longitude url phone
    region""".split()
)
OTHER_KEYS = frozenset({"rows", "required", "metric", "kinds", "states"})


class JsonAdapter:
    """Reads any JSON feed through a mapping; raises FeedError when the mapping is wrong."""

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        unknown = sorted(set(mapping) - FIELDS - OTHER_KEYS)
        if unknown:
            known = ", ".join(sorted(FIELDS | OTHER_KEYS))
            raise FeedError(f"[wait_times.mapping] has no key {unknown[0]!r}: use {known}")
        for key in ("rows", "site", "wait"):
            if not isinstance(mapping.get(key), str):
                raise FeedError(f"[wait_times.mapping] needs {key!r}, a JMESPath expression")
        self._rows = _compiled("rows", mapping["rows"])
        self._fields = {key: _compiled(key, mapping[key]) for key in FIELDS & set(mapping)}
        self._kinds: dict[str, Kind] = _table(mapping, "kinds", get_args(Kind))
        self._states: dict[str, State] = _table(mapping, "states", get_args(State)[1:])
        self._metric: Metric = mapping.get("metric", "estimate_to_physician")
        if self._metric not in get_args(Metric):
            raise FeedError(f"metric {self._metric!r}: use one of {', '.join(get_args(Metric))}")
        default = [mapping[key] for key in ("site", "wait") if mapping[key].isidentifier()]
        self._required: list[str] = mapping.get("required", default)

    def read(self, body: bytes, fetched_at: datetime) -> Reading:
        """Return the departments of `body`; raises FeedError when it cannot be trusted."""
        records = self._rows.search(decode(body))
        if not isinstance(records, list):
            raise SchemaChanged(f"the feed has no list at {self._rows.expression!r}")
        collector = Collector(fetched_at)
        for record in records:
            known = collector.check_keys(record, self._required)
            if known is None:
                continue
            values = {key: self._value(key, known) for key in self._fields}
            if not plain(values["site"]):
                collector.broken.append(f"no text at {self._fields['site'].expression}")
                continue
            collector.rows.append(self._department(values, fetched_at))
        collector.strange.clear()  # a mapping names what it reads; the rest is none of its business
        return collector.finish()

    def _value(self, key: str, record: Mapping[str, Any]) -> Any:
        try:
            return self._fields[key].search(record)
        except jmespath.exceptions.JMESPathError:
            return None

    def _department(self, values: Mapping[str, Any], fetched_at: datetime) -> Department:
        wait, label = self._wait(values["wait"])
        said = plain(values.get("kind"), 60)
        site = plain(values["site"], 120)
        department = plain(values.get("department"), 60)
        children = CHILDREN.search(f"{site} {department}") is not None
        kind: Kind = self._kinds.get(said.casefold(), "children" if children else "emergency")
        return Department(
            site=site,
            department=department or kind.replace("_", " ").capitalize(),
            kind=kind,
            metric=self._metric,
            minutes=wait.minutes,
            state=wait.state,
            raw_label=label,
            source_time=instant(values.get("source_time")),
            fetched_at=fetched_at,
            note=plain(values.get("note")),
            address=lines(values.get("address")),
            coordinates=point(values.get("latitude"), values.get("longitude")),
            url=plain(values.get("url"), 300),
            phone=plain(values.get("phone"), 40) or None,
            region=plain(values.get("region"), 60),
        )

    def _wait(self, value: object) -> tuple[Label, str]:
        if value is None:
            return Label("not_published"), ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            whole = 1 <= value <= LONGEST
            label = plain(f"{value:g} min", MAX_LABEL)
            return (Label("ok", round(value)) if whole else Label("unknown_text")), label
        label = plain(value, MAX_LABEL)
        if state := self._states.get(label.casefold()):
            return Label(state), label
        return read_label(label), label


def _compiled(key: str, expression: object) -> Any:
    try:
        parsed = jmespath.compile(expression)
    except (jmespath.exceptions.JMESPathError, TypeError) as error:
        raise FeedError(f"[wait_times.mapping] {key} = {expression!r} is no JMESPath") from error
    parsed.expression = expression
    return parsed


def _table(mapping: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    table = mapping.get(name, {})
    for word, value in table.items():
        if value not in allowed:
            raise FeedError(f"{name}.{word} = {value!r}: use one of {', '.join(allowed)}")
    return {word.casefold(): value for word, value in table.items()}
