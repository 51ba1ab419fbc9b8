"""How waits, ages and times are said. Every number in a sentence comes from a department."""

from datetime import datetime

from frontdesk.tools.feeds import Department
from frontdesk.tools.feeds.hours import read_hours
from frontdesk.tools.waits.board import Board, KindFilter, Usual

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MEANINGS = {
    "estimate_to_physician": "It is an estimate of the time until a doctor sees you; "
    "the most urgent patients are seen first.",
    "longest": "It is the longest wait at the moment; the most urgent patients are seen first.",
    "p50": "Half of the patients wait less than that, half longer; the most urgent go first.",
    "p95": "Nearly all patients wait less than that; the most urgent go first.",
}
KINDS = {
    "any": "department",
    "emergency": "emergency department",
    "urgent_care": "urgent care centre",
    "children": "children's department",
}


def duration(minutes: float) -> str:
    """Return minutes as "45 min", "2 h", "3 h 10 min", and none at all as "0 min"."""
    hours, rest = divmod(round(minutes), 60)
    parts = (f"{hours} h" * bool(hours), f"{rest} min" * bool(rest))
    return " ".join(part for part in parts if part) or "0 min"


def ago(seconds: float) -> str:
    """Return an age as "just now", "1 minute ago" or "3 hours ago"."""
    if seconds < 60:
        return "just now"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)} ago"
    raise AssertionError(seconds)


def clock(moment: datetime, now: datetime) -> str:
    """Return a local time as "14:05", with its day when that is not `now`'s day."""
    said = f"{moment:%H:%M}"
    if moment.date() == now.date():
        return said
    return f"{WEEKDAYS[moment.weekday()]} {moment.day} {MONTHS[moment.month - 1]} {said}"


def called(row: Department) -> str:
    """Return "Avens General Hospital (emergency)", or the site alone where it says the rest."""
    department = row.department[:1].lower() + row.department[1:]
    if row.patients:
        department = f"{department}, {row.patients}"
    return row.site if department.lower() in row.site.lower() else f"{row.site} ({department})"


def wait(row: Department) -> str:
    """Return the wait or the state of a department, ready to stand after its name."""
    if row.state == "ok" and row.minutes is not None:
        said = duration(row.minutes)
        return {
            "estimate_to_physician": f"about {said} to see a doctor",
            "longest": f"the longest wait is {said}",
            "p50": f"half of the patients wait less than {said}",
            "p95": f"nearly all patients wait less than {said}",
        }[row.metric]
    if row.state in ("closed", "closing_soon"):
        hours = ", ".join(entry.text for entry in read_hours(row.note))
        note = f" (hours in its note: {hours})" if hours else ""
        closing = "closing soon and shows no wait" if row.state == "closing_soon" else "closed now"
        return closing + note
    if row.state == "unknown_text":
        return f'the feed shows "{row.raw_label}", which is not a wait in minutes'
    return (
        "the wait is unavailable right now" if row.state == "unavailable" else "publishes no wait"
    )


def line(row: Department) -> str:
    """Return one department as one sentence."""
    said = wait(row)
    if row.state in ("closed", "closing_soon"):
        return f"{called(row)} is {said}."
    if row.state == "not_published":
        return f"{called(row)} {said}."
    return f"{called(row)}: {said}{_dated(row)}."


def _dated(row: Department) -> str:
    """Return the feed's own time for a row, where that is well before it was fetched."""
    if row.source_time is None or row.state != "ok":
        return ""
    minutes = int((row.fetched_at - row.source_time).total_seconds() // 60)
    return f" (as reported {minutes} minutes before it was fetched)" if minutes >= 10 else ""


def short_state(row: Department) -> str:
    """Return why a department has no number, in one or two words."""
    return {
        "unavailable": "wait unavailable",
        "closed": "closed",
        "closing_soon": "closing soon",
        "not_published": "no wait published",
        "unknown_text": f'shows "{row.raw_label}"',
        "ok": "",
    }[row.state]


def fetched(board: Board, now: datetime) -> str:
    """Return when the board was fetched, its age, and a warning when it is stale."""
    if board.fetched_at is None or board.age_seconds is None:
        return ""
    moment = board.fetched_at.astimezone(now.tzinfo)
    said = f"Fetched {clock(moment, now)}, {ago(board.age_seconds)}."
    if board.unchanged_since is not None:
        since = clock(board.unchanged_since.astimezone(now.tzinfo), now)
        said += f" None of the feed's numbers has changed since {since}, so it may be stuck."
    if board.state == "stale":
        said += f" Newer data could not be read: {board.reason}. This may be out of date."
    return said


def withheld(board: Board, now: datetime) -> str:
    """Return why no waits can be shown, and where the official page is."""
    link = f" The official page: {board.source_url}" if board.source_url else ""
    if board.fetched_at is None or board.age_seconds is None:
        because = f": {board.reason}" if board.reason else ""
        return f"The live waits cannot be read right now{because}.{link}"
    because = f" Newer ones could not be read: {board.reason}." if board.reason else ""
    moment = board.fetched_at.astimezone(now.tzinfo)
    return (
        f"The live waits known are too old to show: they were fetched {clock(moment, now)}, "
        f"{ago(board.age_seconds)}.{because}{link}"
    )


def usual(figure: Usual, now: datetime) -> str:
    """Return what is usual for this hour, and what that rests on."""
    day = ("Mondays Tuesdays Wednesdays Thursdays Fridays Saturdays Sundays".split())[now.weekday()]
    if not figure.same_weekday:
        day = "weekdays" if now.weekday() < 5 else "weekends"
    return (
        f"Usual for {day} at this hour: about {duration(figure.median)} "
        f"(middle half {duration(figure.low)} to {duration(figure.high)}; "
        f"{figure.days} day{'s' * (figure.days != 1)} on record)."
    )


def kind_of(kind: KindFilter, count: int = 1) -> str:
    """Return the name of a kind of department, in the singular or plural."""
    return KINDS[kind] + "s" * (count != 1)
