"""The place that a question names and the feed does not know: its wait must not be made up.

named_elsewhere("how long is the wait at Foothills Medical Centre?", "Example Health")
    -> "Foothills Medical Centre"
"""

import re

from frontdesk.tools.waits.cover import ASKING
from frontdesk.tools.waits.names import GENERIC, Word, normal, words
from frontdesk.tools.waits.spelling import is_common

_BEFORE = re.compile(r"\b(?:at|in|near)\s+(?:the\s+)?(?=\w)", re.IGNORECASE)
_ENDS = re.compile(r"[?!,;:()\n]|\.(?:\s|$)")
LONGEST = 5  # words
# Written with a capital, and no place's name.
_DATES = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december christmas easter english french""".split()
)


def named_elsewhere(text: str, own: str = "") -> str:
    """Return the first name that stands where a place's would, "" for none.

    `own` is what the organisation says of itself: its own name is no other place.
    """
    ours = frozenset(normal(own))
    shouted = text.isupper() or text.istitle()
    for match in _BEFORE.finditer(text[:2000]):
        rest = _ENDS.split(text[match.end() : match.end() + 200], maxsplit=1)[0]
        name = _name(rest, ours, shouted)
        if name:
            return name
    return ""


def _name(rest: str, ours: frozenset[str], shouted: bool) -> str:
    """Return the words that `rest` begins with, where one of them can only be a name."""
    run: list[Word] = []
    for word in words(rest)[:LONGEST]:
        if word.text in ASKING or word.text.isdigit():
            break
        run.append(word)
    telling = [
        word
        for word in run
        if word.text not in GENERIC | ours | _DATES and len(word.text) > 2 and word.text.isalpha()
    ]
    known = any(word.text in ours - GENERIC for word in run)
    sure = any(
        (rest[word.start].isupper() and not shouted) or not is_common(word.text) for word in telling
    )
    return rest[run[0].start : run[-1].end] if sure and not known else ""
