"""The moment that a question means: "at nine tonight", "tomorrow 7:30 am", "saturday noon".

read_when("will it be open at nine tonight", now=Wed 14:05) -> Wed 21:00
"""

import re
from datetime import datetime, time, timedelta

from frontdesk.tools.feeds.hours import DAYS

_NUMBERS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve".split(),
        range(1, 13),
        strict=True,
    )
)
_HOUR = rf"\d{{1,2}}|{'|'.join(_NUMBERS)}"
_CLOCK = re.compile(
    rf"\b(?:(?P<half>half\s+past)\s+)?(?P<hour>{_HOUR})"
    r"(?:[:.h](?P<minute>[0-5]\d)|\s+(?P<thirty>thirty))?"
    r"\s*(?P<suffix>a\.?m\b\.?|p\.?m\b\.?|o'?\s?clock)?(?![\d:])",
    re.IGNORECASE,
)
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_LATE = re.compile(r"\b(?:tonight|evening|afternoon|night|pm)\b", re.IGNORECASE)
_EARLY = re.compile(r"\b(?:morning|am)\b", re.IGNORECASE)
# Without an hour of its own, a part of the day stands for a time in its middle.
_PARTS = {
    "morning": time(9),
    "afternoon": time(15),
    "evening": time(19),
    "tonight": time(21),
    "night": time(21),
}
_DAY = re.compile(r"\b(?:on\s+)?(mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\b", re.I)


def read_when(text: str, now: datetime) -> datetime | None:
    """Return the local moment, at or after `now`'s day, that `text` means; None for no time in it.

    `now` is local and aware; the answer has its time zone. An hour without am or pm is the next one
    to come, unless the words around it say which ("nine tonight").
    """
    said = text.casefold().replace("’", "'")
    day = _day(said, now)
    clock = _clock(said)
    if clock is None:
        if day is None:
            return now if re.search(r"\b(?:now|currently|rn)\b", said) else None
        return datetime.combine(day, now.time(), now.tzinfo)
    moment_time, certain = clock
    moment = datetime.combine(day or now.date(), moment_time, now.tzinfo)
    if moment_time.hour < 5 and re.search(r"\b(?:to)?night\b", said):
        return _tomorrow(moment)  # the small hours of "tonight" are another date
    if day is None and moment < now:
        later = moment + timedelta(hours=12)
        half = not certain and moment_time.hour < 12 and later.date() == moment.date()
        moment = later if half and later >= now else _tomorrow(moment)
    return moment


def _tomorrow(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + timedelta(days=1), moment.time(), moment.tzinfo)


def _clock(said: str) -> tuple[time, bool] | None:
    """Return the time of day said, and whether its half of the day is certain."""
    for name, named in _NAMED.items():
        if re.search(rf"\b{name}\b", said):
            return named, True
    for match in _CLOCK.finditer(said):
        before = said[: match.start()].rstrip()
        anchored = match["suffix"] or match["minute"] or match["half"]
        anchored = anchored or re.search(r"\b(?:at|by|until|till|after|around|@)$", before)
        anchored = anchored or _LATE.match(said[match.end() :].lstrip())
        if not (anchored or said.strip() == match[0].strip()):
            continue
        hour = int(_NUMBERS.get(match["hour"], 0) or match["hour"])
        minute = 30 if match["half"] or match["thirty"] else int(match["minute"] or 0)
        if hour < 24:
            return _half_of_day(said, hour, minute, match["suffix"] or "")
    for part, middle in _PARTS.items():
        if re.search(rf"\b{part}\b", said):
            return middle, True
    return None


def _half_of_day(said: str, hour: int, minute: int, suffix: str) -> tuple[time, bool]:
    if hour > 12 or hour == 0:
        return time(hour, minute), True
    if suffix[:1] == "p" or (suffix[:1] != "a" and _LATE.search(said)):
        night = hour == 12 and re.search(r"\b(?:to)?night\b", said) and suffix[:1] != "p"
        return time(0 if night else hour % 12 + 12, minute), True
    if suffix[:1] == "a" or _EARLY.search(said):
        return time(hour % 12, minute), True
    return time(hour, minute), False


def _day(said: str, now: datetime) -> datetime | None:
    if "tomorrow" in said:
        return now + timedelta(days=1)
    if match := _DAY.search(said):
        wanted = next(n for n, day in enumerate(DAYS) if day.startswith(match[1][:3]))
        return now + timedelta(days=(wanted - now.weekday()) % 7)
    today = re.search(r"\b(?:today|tonight|this (?:evening|afternoon|morning))\b", said)
    return now if today else None
