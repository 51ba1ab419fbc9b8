"""The kind of department that a question's own words mean.

kind_said("my toddler has a fever, er wait?") -> "children"
kind_said("how long at the er in elm") -> "emergency"
kind_said("how long at elm") -> None
"""

import re
from collections.abc import Mapping

from frontdesk.tools.waits.board import KindFilter

_WORDS: Mapping[KindFilter, str] = {
    "children": (
        r"(?:child(?:ren)?|kid|p(?:a?e)diatric)s?'?s?|kiddos?|teen(?:ager)?s?|toddlers?|infants?"
        r"|newborns?|babies|(?:three|two|\d) little ones"
        r"|(?<!having )(?<!have )(?<!expecting )"
        r"(?:my|our|the|a) (?:grand)?(?:son|daughter|baby|little (?:one|boy|girl))(?:'s)?"
        r"|(?:\d|1[0-5]) ?-?(?:yrs?|years?|months?|mo)[- ]?olds?|(?:boy|girl)s?(?:'s)?"
    ),
    "emergency": r"er|ed|emergency|emergencies|emerg|a ?(?:&|and|n) ?e",
    "urgent_care": r"urgent cares?|walk[- ]?ins?|minor injur(?:y|ies)",
}
_KINDS = {kind: re.compile(rf"(?<![\w'])(?:{words})(?!\w)") for kind, words in _WORDS.items()}
_ADULTS = re.compile(r"\b(?:adults?|grown[- ]?ups?)\b")


def kind_said(question: str) -> KindFilter | None:
    """Return the kind of department that the words mean; None where they name none.

    Whoever speaks of a child is seen where children are, whatever else is said; adults and
    children, or two kinds held against each other, are any kind.
    """
    said = question.casefold().replace("’", "'")
    found = [kind for kind, words in _KINDS.items() if words.search(said)]
    adults = bool(_ADULTS.search(said))
    if "children" in found:
        return "any" if adults else "children"
    if not found:
        return "any" if adults else None
    return found[0] if len(found) == 1 else "any"
