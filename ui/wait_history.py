"""`frontdesk waits --history SITE`: the day hour by hour, beside what is usual for each hour."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from frontdesk.ui.failure import CommandError
from frontdesk.ui.wait_states import duration

if TYPE_CHECKING:
    from frontdesk.graphs.parts import DepartmentHistory, Parts, Usual

ALL_WEEKDAYS = "* too few such days on record: all weekdays, or all weekends, of four weeks"
BAR = 24  # characters of the longest wait's bar


@dataclass(frozen=True)
class Hour:
    """One local hour: what it showed on average (None: no number), the state it ended in, usual."""

    hour: int
    minutes: float | None
    state: str
    usual: "Usual | None"


def hours_of(history: "DepartmentHistory") -> list[Hour]:
    """Return the hours of a day of which anything is known; each mean weighs readings by time."""
    shown: dict[int, list[tuple[float, int]]] = {}
    states: dict[int, str] = {}
    for stretch in history.stretches:
        moment = stretch.since
        while moment <= stretch.until:
            following = (moment + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
            seconds = (min(following, stretch.until) - moment).total_seconds()
            states[moment.hour] = stretch.state
            if stretch.minutes is not None:
                shown.setdefault(moment.hour, []).append((max(1.0, seconds), stretch.minutes))
            moment = following
    return [
        Hour(hour, _mean(shown.get(hour, [])), states.get(hour, ""), history.usual.get(hour))
        for hour in range(24)
        if hour in states or hour in history.usual
    ]


def print_history(parts: "Parts", place: str, *, as_json: bool) -> None:
    """Print the day of each department at `place`. Raises `CommandError` when there is none."""
    found = parts.waits.history(place)
    if not found:
        raise CommandError(parts.waits.ask([place]).text)
    if as_json:
        days = [history.model_dump(mode="json") for history in found]
        print(json.dumps(days, ensure_ascii=False))
        return
    print(parts.waits.ask([place], ask="trend").text)
    for history in found:
        _print(history)


def _print(history: "DepartmentHistory") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    row = history.department
    title = f"{row.site}, {row.department}: {history.day:%A} {history.day.day} {history.day:%B}"
    hours = hours_of(history)
    console = Console(highlight=False)
    console.print(Text(title, style="bold"))
    if not hours:
        console.print(Text("  Nothing is on record for this day yet.", style="dim"))
        return
    longest = max([hour.minutes or 0 for hour in hours] + [1])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Hour", "Wait", "", "Usual", "Middle half", "Days"):
        table.add_column(name, justify="left" if name in ("", "Hour") else "right")
    for hour in hours:
        bar = "▇" * round(BAR * (hour.minutes or 0) / longest)
        wait = duration(hour.minutes) if hour.minutes is not None else hour.state or "–"
        table.add_row(f"{hour.hour:02d}:00", wait, Text(bar, style="cyan"), *_usual(hour.usual))
    console.print(table)
    if any(hour.usual and not hour.usual.same_weekday for hour in hours):
        console.print(Text(ALL_WEEKDAYS, style="dim"))


def _usual(usual: "Usual | None") -> tuple[str, str, str]:
    if usual is None:
        return "–", "–", "–"
    spread = f"{duration(usual.low)} – {duration(usual.high)}"
    return duration(usual.median), spread, f"{usual.days}{'' if usual.same_weekday else '*'}"


def _mean(readings: list[tuple[float, int]]) -> float | None:
    """Return the mean of (seconds, minutes) weighed by the seconds."""
    seconds = sum(weight for weight, _ in readings)
    return sum(weight * minutes for weight, minutes in readings) / seconds if seconds else None
