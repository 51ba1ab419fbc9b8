"""A department's day as it was, and what is usual for each of its hours: for a chart or a table."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from frontdesk.tools.feeds import Department
from frontdesk.tools.waits.board import Usual
from frontdesk.tools.waits.trend import History


class Stretch(BaseModel):
    """A stretch of local time in which a department said the same; no `minutes` for a state."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    since: datetime
    until: datetime
    state: str
    minutes: int | None = None


class DepartmentHistory(BaseModel):
    """One local day of one department; `usual` maps each hour (0 to 23) to what is usual then."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    department: Department
    day: date
    stretches: tuple[Stretch, ...] = ()
    usual: dict[int, Usual] = {}


def day_of(row: Department, day: date, history: History, zone: ZoneInfo) -> DepartmentHistory:
    """Return one local day of `row`: 23 or 25 hours long where the clocks change."""
    began = datetime.combine(day, time(), zone)
    ended = datetime.combine(day + timedelta(days=1), time(), zone)
    stretches = [
        Stretch(
            since=max(past.since.astimezone(zone), began),
            until=min(past.until.astimezone(zone), ended),
            state=past.state,
            minutes=past.minutes,
        )
        for past in history.past(row.key, began, ended)
    ]
    return DepartmentHistory(
        department=row,
        day=day,
        stretches=tuple(stretches),
        usual=history.usual(row.key, day, range(24)),
    )
