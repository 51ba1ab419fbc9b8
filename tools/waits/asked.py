"""What a question asks of the waits where its own words leave no doubt.

asked_plainly("will it be open at nine tonight") -> "open"
asked_plainly("is it getting any better at Foothills") -> "trend"
asked_plainly("hows the wait at foothils") -> None: whoever decides, decides
"""

import re

from frontdesk.tools.waits.board import Ask, KindFilter

_WORDS: dict[Ask, str] = {
    "nearest": r"nearest|closest",
    "trend": (
        r"(?:getting|gotten|been|become|becoming|going|come|coming|came|gone|went)"
        r" (?:any |much |a lot |a bit )?"
        r"(?:better|worse|shorter|longer|busier|quieter|slower|faster|down|up)"
        r"|improv(?:ed|es|e|ing)|(?:than|as|like) usual|calm(?:ed|ing) down"
    ),
    "open": r"(?:^(?:is|are|will)|be|still|stays?|its|it's) (?:\S+ ){0,6}?(?:open|shut|closed)",
    "shortest": r"shortest|quickest|fastest|soonest|least busy|lowest wait",
    "compare": r"compare|versus|vs|(?:faster|quicker|shorter|busier) than",
}
_PLAIN = {ask: re.compile(rf"\b(?:{words})\b") for ask, words in _WORDS.items()}


def asked_plainly(question: str) -> Ask | None:
    """Return what the words ask for; None where they say nothing, or two different things."""
    said = " ".join(question.casefold().replace("’", "'").split())
    found = [ask for ask, words in _PLAIN.items() if words.search(said)]
    return found[0] if len(found) == 1 else None


_CHILD = re.compile(
    r"\b(?:for (?:a |the |our |my )?(?:child(?:ren)?|kids?)"
    r"|(?:my|our) (?:child(?:ren)?|kids?|son|daughter|baby|toddler|little (?:one|boy|girl)))\b"
)
_URGENT = re.compile(r"\burgent care\b")
_EMERGENCY = re.compile(r"\b(?:er|ed|emergency|emergencies|emerg)\b")
_KINDS: dict[KindFilter, re.Pattern[str]] = {
    "children": re.compile(r"\b(?:child(?:ren)?|kid|p(?:a?e)diatric)s?'?s?\b"),
    "urgent_care": _URGENT,
    "emergency": _EMERGENCY,
}
_KIN = re.compile(
    r"\b(?:(?:my|our|the|a) )?(?:son|daughter|baby|toddler|infant|newborn|grand(?:son|daughter)"
    r"|little (?:one|boy|girl)|boy|girl)\b"
)
_WALK_IN = re.compile(r"\b(?:walk[- ]?in|minor injur(?:y|ies))\b")
# "and the children's one?", "what about urgent care", "for kids then": a kind and no place.
_ONE_KIND = re.compile(
    r"^(?:ok(?:ay)?,? )?(?:and|or|what about|how about|for)(?: (?:at|for|in|the))*"
    r" (?:child(?:ren)?(?:'?s)?|kids?(?:'?s)?|p(?:a?e)diatrics?|urgent care|er|ed|emergency)"
    r"(?: (?:one|department|hospital|emergency|er|side|wait|then|now))*\W*$"
)


_WAITING = re.compile(r"\b(?:waits?|waiting|queues?|line-?ups?|busy|wait ?times?)\b")
# A wait for something else than to be seen: a surgery, a result, a place on a list.
_OTHER_WAIT = re.compile(
    r"\bwait(?:s|ing)?(?: ?times?)? (?:for|to)\b|\bwaiting (?:lists?|rooms?)\b"
    r"|\b(?:appointments?|surger(?:y|ies)|results?|usual(?:ly)?|average|typical(?:ly)?)\b"
)


def waits_plainly(question: str) -> bool:
    """Tell whether the words ask for a wait to be seen; with a place named, it is the live one."""
    said = question.casefold()
    return bool(_WAITING.search(said)) and not _OTHER_WAIT.search(said)


def kinds_said(question: str) -> frozenset[KindFilter]:
    """Return the kinds of department that the words can mean; a number of another kind is wrong."""
    said = question.casefold()
    named = {kind for kind, words in _KINDS.items() if words.search(said)}
    if _KIN.search(said):
        named.add("children")
    if _WALK_IN.search(said):
        named.add("urgent_care")
    return frozenset(named)


def kind_plainly(question: str, ask: str) -> KindFilter | None:
    """Return the kind of department that the words mean; None where they leave it open.

    Two kinds held against each other are both meant, and where to take a child is asked of those
    who see children. Where a kind is all that a few words say ("and the children's one?"), it is
    what they are about.
    """
    said = question.casefold()
    if _URGENT.search(said) and _EMERGENCY.search(said):
        return "any"
    if _ONE_KIND.match(said):
        return next(kind for kind, words in _KINDS.items() if words.search(said))
    return "children" if ask == "shortest" and _CHILD.search(said) else None
