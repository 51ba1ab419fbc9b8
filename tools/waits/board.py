"""What the tool returns: the board of all departments, and the answer to one question."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from frontdesk.tools.feeds import Department

Ask = Literal["now", "shortest", "compare", "open", "nearest", "trend"]
KindFilter = Literal["any", "emergency", "urgent_care", "children"]
BoardState = Literal["fresh", "stale", "withheld", "unavailable"]
ResultState = Literal["ok", "stale", "withheld", "unavailable", "unknown_place"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Board(_Frozen):
    """Every department of the feed at one reading.

    `former_names` maps a department's key to the names that its site has had.

    "fresh" is within the limit of age; "stale" is within it too, but the feed has stopped
    answering; "withheld" is past it, and its departments carry no numbers; "unavailable" means
    that nothing was ever read. `reason` says why it is not fresh, `missing` holds departments of
    the last day that the feed has left out, and `notices` what was odd about the payload.
    `unchanged_since` is set when the feed answers but its numbers have stood still for long: it may
    be repeating itself.
    """

    departments: tuple[Department, ...] = ()
    missing: tuple[Department, ...] = ()
    fetched_at: datetime | None = None
    age_seconds: float | None = None
    unchanged_since: datetime | None = None
    state: BoardState = "unavailable"
    reason: str = ""
    source_url: str = ""
    notices: tuple[str, ...] = ()
    former_names: dict[str, tuple[str, ...]] = {}

    def former(self, row: Department) -> tuple[str, ...]:
        """Return the names that the site of `row` has had."""
        return self.former_names.get(row.key, ())


class FeedHealth(_Frozen):
    """How the feed is doing, for `doctor`: its circuit, its last fault, and when it is asked next.

    "closed" is the healthy circuit; "open" means that nothing is asked before `retry_at`;
    "half_open" that the next question tries again.
    """

    circuit: Literal["closed", "open", "half_open"] = "closed"
    failures: int = 0
    error: str = ""
    fetched_at: datetime | None = None
    retry_at: datetime | None = None
    notices: tuple[str, ...] = ()


class Usual(_Frozen):
    """What is usual for one hour of one weekday, in minutes, and the `days` it rests on."""

    median: float
    low: float  # the lower quartile of the days
    high: float  # the upper quartile
    days: int
    same_weekday: bool = True  # else: the same kind of day, weekday or weekend


class WaitRow(_Frozen):
    """A department in an answer; `wait` is its wait or state in words."""

    department: Department
    wait: str
    open: bool | None = None
    distance_km: float | None = None
    usual: Usual | None = None


class WaitsResult(_Frozen):
    """The answer to one question: `text` says it in sentences rendered from `rows`."""

    text: str
    rows: tuple[WaitRow, ...] = ()
    ask: Ask = "now"
    kind: KindFilter = "any"
    places: tuple[str, ...] = ()
    state: ResultState = "ok"
    fetched_at: datetime | None = None
    age_seconds: float | None = None
    url: str = ""
