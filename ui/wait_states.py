"""How a department's state is shown, in the terminal and in the app: a word, a tone, a mark.

A state is told by its word and its mark as well as by its colour, so nothing depends on seeing
colours, and a department without a number never looks like one with a short wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from frontdesk.graphs.parts import Board, Department

Tone = Literal["short", "middle", "long", "closing", "closed", "unknown"]
SHORT, LONG = 90, 240  # minutes: a film, half a day; only for the colour of a number
KINDS = {"emergency": "Emergency", "urgent_care": "Urgent care", "children": "Children"}
METRICS = {
    "estimate_to_physician": "estimate until a doctor sees you",
    "longest": "the longest wait now",
    "p50": "half of the patients wait less",
    "p95": "nearly all patients wait less",
}


@dataclass(frozen=True)
class Shown:
    """A department's wait as it is shown: `text` is a duration or the state in words."""

    text: str
    tone: Tone
    mark: str


def shown(row: "Department") -> Shown:
    """Return how the wait of a department is shown."""
    if row.state == "ok" and row.minutes is not None:
        tone: Tone = "short" if row.minutes <= SHORT else "long" if row.minutes > LONG else "middle"
        return Shown(duration(row.minutes), tone, "●")
    if row.state == "closing_soon":
        return Shown("closing soon", "closing", "◐")
    if row.state == "closed":
        return Shown("closed", "closed", "○")
    if row.state == "unknown_text":
        return Shown(f"“{row.raw_label}”", "unknown", "?")
    text = "no wait published" if row.state == "not_published" else "unavailable"
    return Shown(text, "unknown", "–")


def duration(minutes: float) -> str:
    """Return minutes as "45 min", "2 h" or "3 h 10 min"."""
    hours, rest = divmod(round(minutes), 60)
    parts = (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "")
    return " ".join(part for part in parts if part)


def age(seconds: float | None) -> str:
    """Return how old a reading is: "12 s old", "4 min old"."""
    if seconds is None:
        return "never read"
    if seconds < 90:
        return f"{round(seconds)} s old"
    if seconds < 48 * 3600:
        return f"{duration(seconds / 60)} old"
    return f"{seconds / 86400:.0f} days old"


def ordered(rows: Iterable["Department"]) -> list["Department"]:
    """Return departments by wait, shortest first; those without a number after, by state."""
    states = ("ok", "closing_soon", "unknown_text", "unavailable", "not_published", "closed")
    return sorted(rows, key=lambda row: (states.index(row.state), row.minutes or 0, row.site))


def freshness(board: "Board", local: datetime | None) -> str:
    """Return one line on how fresh a board is; `local` is its time of reading in local time."""
    if board.state == "unavailable" or local is None:
        because = f": {board.reason}" if board.reason else ""
        return f"The live waits cannot be read right now{because}."
    said = f"Fetched {local:%H:%M}, {age(board.age_seconds)}"
    if board.state == "withheld":
        return f"{said}: too old to show, and the feed gives no newer ones ({board.reason})."
    if board.state == "stale":
        return f"{said}. The feed has stopped answering ({board.reason}): may be out of date."
    return f"{said}."
