"""A feed's words for a wait, read as a state and, only when it is plainly one, a number.

read_label("1 hr 57 min")            -> Label("ok", 117)
read_label("Wait times unavailable") -> Label("unavailable", None)
read_label("Over 3 hours")           -> Label("unknown_text", None): a bound is no number
"""

import re
from typing import NamedTuple

from frontdesk.tools.feeds.department import State

# A longer wait is a fault of the feed, not a wait: nobody has seen one above 14 hours.
LONGEST = 72 * 60
_HOURS = r"h|hr|hrs|hour|hours"
_MINUTES = r"m|min|mins|minute|minutes"
_DURATION = re.compile(
    rf"(?:(?P<hours>\d{{1,3}})\s*(?:{_HOURS})\.?(?:\s*,?\s*(?:and\s+)?(?P<rest>\d{{1,2}})"
    rf"\s*(?:{_MINUTES})\.?)?|(?P<tenths>\d{{1,2}}\.\d)\s*(?:{_HOURS})\.?"
    rf"|(?P<only>\d{{1,4}})\s*(?:{_MINUTES})\.?)",
    re.IGNORECASE | re.ASCII,
)
_STATES: tuple[tuple[State, re.Pattern[str]], ...] = (
    ("closing_soon", re.compile(r"closing\s+soon(?:\W.*)?", re.IGNORECASE)),
    ("closed", re.compile(r"(?:currently |now )?closed(?:\W.*)?", re.IGNORECASE)),
    (
        "unavailable",
        re.compile(
            r"(?:(?:wait(?:ing)?\s*times?|estimates?)\s+(?:are\s+|is\s+)?(?:currently\s+)?)?"
            r"(?:temporarily\s+)?(?:unavailable|not available)(?:\W.*)?",
            re.IGNORECASE,
        ),
    ),
    ("not_published", re.compile(r"|-|--|–|—|n/?a|not (?:published|reported|measured)", re.I)),
)


class Label(NamedTuple):
    """What a label says: `minutes` is None unless `state` is "ok"."""

    state: State
    minutes: int | None = None


def read_label(text: str, shortest: int = 1) -> Label:
    """Return what `text` (plain, one line) says; anything not plainly known is "unknown_text".

    The whole label must match: "45 min or more" is not 45 minutes. `shortest` is the least number
    of minutes that the feed can mean: below it, a number stands for "unknown".
    """
    label = " ".join(text.split())
    if match := _DURATION.fullmatch(label):
        minutes = _minutes(match)
        if minutes is not None and shortest <= minutes <= LONGEST:
            return Label("ok", minutes)
        return Label("unknown_text")
    for state, pattern in _STATES:
        if pattern.fullmatch(label):
            return Label(state)
    return Label("unknown_text")


def _minutes(match: re.Match[str]) -> int | None:
    if match["only"]:
        return int(match["only"])
    if match["tenths"]:
        return round(float(match["tenths"]) * 60)
    rest = int(match["rest"] or 0)
    return None if rest > 59 else int(match["hours"]) * 60 + rest
