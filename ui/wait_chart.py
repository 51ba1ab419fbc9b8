"""A department's day as an SVG chart: what it showed, over what is usual for each hour."""

from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from frontdesk.ui.picture import picture
from frontdesk.ui.wait_states import duration

if TYPE_CHECKING:
    from frontdesk.graphs.parts import DepartmentHistory

WIDTH, HEIGHT = 720.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 86.0, 14.0, 16.0, 30.0
STEPS = (30, 60, 120, 180, 240, 360, 480, 720)  # minutes between two lines


class _Scale:
    """Where a moment of the day and a wait stand in the picture. Hours are those of the clock."""

    def __init__(self, history: "DepartmentHistory", zone: ZoneInfo) -> None:
        self.began = datetime.combine(history.day, datetime.min.time(), zone)
        waits = [stretch.minutes or 0 for stretch in history.stretches]
        highest = max([*waits, *(usual.high for usual in history.usual.values()), 60])
        self.step = next((step for step in STEPS if highest / step <= 4.5), STEPS[-1])
        self.top = self.step * (int(highest // self.step) + 1)

    def x(self, moment: datetime) -> float:
        return self.hour((moment - self.began) / timedelta(hours=1))

    def hour(self, hour: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(24.0, max(0.0, hour)) / 24

    def y(self, minutes: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - minutes / self.top)


def day_chart(history: "DepartmentHistory", zone: ZoneInfo) -> str:
    """Return the chart of one local day, under a caption that says it in words."""
    row = history.department
    said = caption(history)
    scale = _Scale(history, zone)
    line = f'<path class="line" d="{_line(history, scale)}"/>'
    drawn = "".join((_axes(scale), _usual(history, scale), _states(history, scale), line))
    return (
        f'<figure class="fd-chart"><figcaption><b>{escape(row.site)} · {escape(row.department)}</b>'
        f" {escape(said)}</figcaption>"
        f"{picture(drawn, WIDTH, HEIGHT, said)}</figure>"
    )


def caption(history: "DepartmentHistory") -> str:
    """Return the chart in a sentence or two."""
    known = [stretch for stretch in history.stretches if stretch.minutes is not None]
    if not known:
        return "No waits are on record for today yet."
    minutes = [stretch.minutes or 0 for stretch in known]
    span = f"{duration(min(minutes))} to {duration(max(minutes))}"
    said = f"Today from {span}; last {duration(minutes[-1])}."
    usual = history.usual.get(known[-1].until.hour)
    if usual is None:
        return f"{said} Too few days are on record to say what is usual."
    middle = f"{duration(usual.low)} to {duration(usual.high)}"
    return f"{said} Usual for this hour: {duration(usual.median)} ({middle}, {usual.days} days)."


def _axes(scale: _Scale) -> str:
    size = f'width="{WIDTH - 2:.0f}" height="{HEIGHT - 2:.0f}"'
    paper = f'<rect class="paper" x="1" y="1" {size} rx="12"/>'
    lines = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(m):.1f}"'
        f' y2="{scale.y(m):.1f}"/><text class="soft" x="{LEFT - 8}" y="{scale.y(m) + 4:.1f}"'
        f' text-anchor="end">{duration(m) if m else "0"}</text>'
        for m in range(0, scale.top + 1, scale.step)
    )
    hours = "".join(
        f'<text class="soft" x="{scale.hour(hour):.1f}" y="{HEIGHT - 8}"'
        f' text-anchor="middle">{hour:02d}</text>'
        for hour in range(0, 25, 3)
    )
    return f"{paper}{lines}{hours}"


def _usual(history: "DepartmentHistory", scale: _Scale) -> str:
    """Return, for each hour that is known, the middle half as a band and the median as a dash."""
    drawn = []
    for hour, usual in sorted(history.usual.items()):
        left, right = scale.hour(hour), scale.hour(hour + 1)
        high, low, median = scale.y(usual.high), scale.y(usual.low), scale.y(usual.median)
        drawn.append(
            f'<rect class="band" x="{left:.1f}" y="{high:.1f}" width="{right - left:.1f}"'
            f' height="{max(1.0, low - high):.1f}"/><line class="median" x1="{left:.1f}"'
            f' x2="{right:.1f}" y1="{median:.1f}" y2="{median:.1f}"/>'
        )
    return "".join(drawn)


def _states(history: "DepartmentHistory", scale: _Scale) -> str:
    """Return the stretches without a number as grey columns."""
    return "".join(
        f'<rect class="gap" x="{scale.x(stretch.since):.1f}" y="{TOP}"'
        f' width="{max(2.0, scale.x(stretch.until) - scale.x(stretch.since)):.1f}"'
        f' height="{HEIGHT - TOP - BOTTOM}"/>'
        for stretch in history.stretches
        if stretch.minutes is None
    )


def _line(history: "DepartmentHistory", scale: _Scale) -> str:
    """Return the path of the waits: level while one stands, broken where there is none."""
    path: list[str] = []
    end: datetime | None = None
    for stretch in history.stretches:
        if stretch.minutes is None:
            end = None
            continue
        y = scale.y(stretch.minutes)
        joined = end is not None and stretch.since - end < timedelta(minutes=30)
        right = max(scale.x(stretch.until), scale.x(stretch.since) + 1)
        path.append(f"{'L' if joined else 'M'}{scale.x(stretch.since):.1f} {y:.1f}H{right:.1f}")
        end = stretch.until
    return "".join(path)
