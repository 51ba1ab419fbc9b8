"""The normal form of a wait-times feed: one row a department.

Department(site="Avens General Hospital", department="Emergency", kind="emergency",
           metric="estimate_to_physician", minutes=192, state="ok", raw_label="3 hr 12 min", ...)
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from frontdesk.tools.feeds.address import town_of

Kind = Literal["emergency", "urgent_care", "children"]
Metric = Literal["estimate_to_physician", "longest", "p50", "p95"]
State = Literal["ok", "unavailable", "closed", "closing_soon", "not_published", "unknown_text"]


class Department(BaseModel):
    """One department's wait, as one reading of the feed gave it.

    `minutes` is a number if and only if `state` is "ok": a closed or silent department has no
    number, so it can never be the shortest. `source_time` is the feed's own time for the row,
    `coordinates` are (latitude, longitude) in degrees, `patients` names the group of patients the
    number is for where a department publishes several, `shares_site_with` the names under which the
    same site publishes its other departments, and `key` is the department's identity across
    readings, which outlives a change of its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    site: str = Field(min_length=1)
    department: str = "Emergency"
    kind: Kind = "emergency"
    metric: Metric = "estimate_to_physician"
    minutes: int | None = Field(default=None, ge=0)
    state: State = "ok"
    raw_label: str = ""
    source_time: datetime | None = None
    fetched_at: datetime
    note: str = ""
    address: str = ""
    coordinates: tuple[float, float] | None = None
    url: str = ""
    phone: str | None = None
    region: str = ""
    patients: str = ""
    shares_site_with: tuple[str, ...] = ()
    key: str = ""

    @model_validator(mode="after")
    def _number_only_when_ok(self) -> Self:
        if (self.minutes is not None) != (self.state == "ok"):
            raise ValueError(f"state {self.state!r} does not go with minutes {self.minutes!r}")
        return self

    @property
    def town(self) -> str:
        """The town of the address, or "" where none can be read from it."""
        return town_of(self.address)
