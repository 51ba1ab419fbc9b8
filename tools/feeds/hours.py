"""Opening hours, read from the words of a feed's note.

    read_hours("Open 8 am – 10 pm, every day. Last registration depends on ...")
        -> [Hours(days=all, opens=08:00, closes=22:00)]
    read_hours("Open 24 hours. X-ray 7 am - 11 pm.")   -> [Hours(days=all, opens=None, closes=None)]

Only a clause that speaks of the doors counts ("Open …", "Hours: …", or a bare range): the hours of
an X-ray room are not those of the department. What is not plainly hours is not hours.
"""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_DAY = frozenset(range(7))
_DAY = r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?s?"
_CLOCK = r"(?:\d{1,2}(?:[:.]\d{2})?\s*(?:a\.?m\.?|p\.?m\.?)?|noon|midnight)"
_SPAN = re.compile(rf"({_CLOCK})\s*(?:-|–|—|to|until|till)\s*({_CLOCK})", re.IGNORECASE)
_ALWAYS = re.compile(r"24\s*(?:hours|hrs|h)\b|24/7|\b24\s*-\s*hours?\b", re.IGNORECASE)
_DAYS = re.compile(
    rf"({_DAY})\s*(?:-|–|—|to|through)\s*({_DAY})|({_DAY})|(weekdays)|(weekends)", re.IGNORECASE
)
# What may stand beside the hours in a clause about the doors.
_FILLER = re.compile(
    r"\b(?:we|are|is|now|open|opens|opening|hours|hrs|of|operation|daily|every|day|days|a|week|7|"
    r"seven|from|and|weekly|including|holidays|statutory|365|year|per|on|all|year-round|emergency|"
    r"department|urgent|care|centre|clinic)\b|[\s,:;&()/-]",
    re.IGNORECASE,
)


class Hours(NamedTuple):
    """Doors open from `opens` to `closes` local time on `days` (0 = Monday); None = all day.

    `closes` at or before `opens` means the next morning. `text` is how the note says it.
    """

    days: frozenset[int]
    opens: time | None
    closes: time | None
    text: str


def read_hours(note: str) -> list[Hours]:
    """Return the opening hours that `note` states; empty when it states none plainly."""
    found = []
    for clause in re.split(r"(?<![ap]\.m)(?<!\s[ap])[.;]\s+(?!m\b)|\n", note):
        found += list(_clause(clause.strip(" .")))
    always = [hours for hours in found if hours.opens is None]
    return always[:1] or found


def _clause(clause: str) -> Iterator[Hours]:
    opens = re.match(r"(?:we are |now )?(?:open|hours)\b", clause, re.IGNORECASE)
    if match := _ALWAYS.search(clause):
        if opens or not _FILLER.sub("", _ALWAYS.sub("", clause)):
            yield Hours(EVERY_DAY, None, None, match[0])
        return
    spans = list(_SPAN.finditer(clause))
    rest = _FILLER.sub("", _DAYS.sub("", _SPAN.sub("", clause)))
    if not spans or (rest and not opens):
        return
    start = 0
    for span in spans:
        if times := _times(span[1], span[2]):
            between = clause[start : span.start()]
            days = _days(between) or (_days(clause[span.end() :]) if len(spans) == 1 else None)
            yield Hours(days or EVERY_DAY, *times, span[0])
        start = span.end()


def _times(first: str, second: str) -> tuple[time, time] | None:
    opens, closes = _clock(first), _clock(second)
    if opens is None or closes is None or opens == closes:
        return None
    # "9:00 - 5:00" may mean an afternoon or a night: not plainly hours.
    halves = re.search(r"[ap]\.?m|noon|midnight", f"{first} {second}", re.IGNORECASE)
    return None if closes < opens and not halves and opens.hour <= 12 else (opens, closes)


def _clock(text: str) -> time | None:
    text = text.lower().replace(" ", "")
    if text in ("noon", "midnight"):
        return time(12) if text == "noon" else time(0)
    match = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?(a|p)?\.?(?:m\.?)?", text)
    if not match:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if not half and match[2] is None:
        return None
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour == 24 and minute == 0:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _days(text: str) -> frozenset[int] | None:
    days: set[int] = set()
    for first, last, single, weekdays, weekends in _DAYS.findall(text):
        if first:
            start, end = _day(first), _day(last)
            days |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
        elif single:
            days.add(_day(single))
        else:
            days |= set(range(5)) if weekdays else {5, 6} if weekends else set()
    return frozenset(days) or None


def _day(name: str) -> int:
    return next(n for n, day in enumerate(DAYS) if day.startswith(name.lower()[:3]))


def open_at(hours: list[Hours], moment: datetime) -> bool | None:
    """Whether the doors are open at `moment` (local time); None when no hours are known."""
    if not hours:
        return None
    return any(_covers(entry, moment) for entry in hours)


def _covers(entry: Hours, moment: datetime) -> bool:
    if entry.opens is None or entry.closes is None:
        return moment.weekday() in entry.days
    now = moment.time().replace(tzinfo=None)
    today = moment.weekday() in entry.days
    if entry.opens < entry.closes:
        return today and entry.opens <= now < entry.closes
    yesterday = (moment - timedelta(days=1)).weekday() in entry.days
    return (today and now >= entry.opens) or (yesterday and now < entry.closes)
