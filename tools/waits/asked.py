"""What a question asks of the waits, as far as its own words tell.

asked_plainly("will it be open at nine tonight") -> "open"
asked_plainly("hows the wait at foothils") -> None: whoever decides, decides
asked_of_waits("which desk has the fewest people") -> "shortest"
"""

import re
from collections.abc import Mapping

from frontdesk.tools.waits.board import Ask

# Words that ask for this whatever else is said.
_PLAIN: Mapping[Ask, str] = {
    "nearest": r"nearest|closest",
    "trend": (
        r"(?:gett?ing?|gotten|been|become|becoming|going?|com(?:e|ing)|came|gone|went)"
        r" (?:any |much |a lot |a bit )?"
        r"(?:better|worse|shorter|longer|busier|quieter|slower|faster|down|up)"
        r"|improv(?:ed|es|e|ing)|(?:than|as|like) usual|calm(?:ed|ing) down"
    ),
    "compare": (r"compare|versus|vs|(?:faster|quicker|shorter|busier) than(?! (?:\d|an? |half))"),
    "shortest": r"shortest|quickest|fastest|soonest|least busy|lowest wait",
    "open": r"(?:^(?:is|are|will)|be|still|stays?|its|it's) (?:\S+ ){0,6}?(?:open|shut|closed)",
}
_FASTER = r"(?:quick|fast|short|soon|slow|bus[yi]|quiet)i?er|less busy|better|longer"
# More words that ask for it once it is clear that a wait is asked for. Where two are said, the
# first of them here holds: "who is close and open" wants the nearest.
_OF_WAITS: Mapping[Ask, str] = {
    "nearest": r"near(?:by| \S+)|close (?:by|to|and)|next one|around here|nowhere else",
    "trend": (
        r"(?:getting|got|going|went) (?:it )?(?:emptier|fuller|less)|got (?:any )?(?:\S+er|worse)"
        r"|up or down|trends?|compared (?:to|with)"
        r"|(?:than|as|like|to) (?:usual|before|earlier|yesterday|this morning"
        r"|an? (?:half )?hour ago)"
        r"|(?:calm|slow|thinn?|eas|mov|speed|fill)(?:ed|ing)(?: (?:down|up|out|off))?"
        r"|(?:grow|shrink|dropp?|ris|fall|clear)(?:ing|s)"
    ),
    "compare": (
        rf"comparing|v|(?:{_FASTER}) th[ae]n(?! (?:\d|an? |half))|side by side"
        rf"|\bor\b.* (?:which|who|where|what)\S* .*(?:{_FASTER}|sooner|less|fewer)"
        rf"|(?:which|who|where|what)\S* .*(?:{_FASTER}|sooner|less|fewer).* or"
    ),
    "shortest": (
        r"(?:short|quick|fast|soon|quiet|low|empt[yi])i?est|least|fewest|smallest"
        r"|(?:no|less|fewer) (?:lines?|queues?|wait|waiting|people|ppl)|anywhere (?:\S+ )?\S+er"
        r"|(?:under|within|less than|below) (?:\S+ ){0,3}(?:mins?|minutes|hours?)"
        r"|which(?: one)? (?:should|do|would|shall|can) (?:i|we) (?:go|choose|pick|take|try)"
        r"|^(?:(?:ok|so|and|then|well) )*which(?: one)?(?: then)?\W*$"
    ),
    "open": (
        r"opens?|opened|shut|closed|closing|staffed|still there|(?:still|is|are) (?:\S+ )?running"
        r"|(?:tak(?:e|es|ing)|see(?:ing)?|admitt?ing|lett?ing)"
        r" (?:in |on )?(?:people|ppl|patients|walk[- ]?ins|any(?:one|body)|children|kids|names)"
        r"|still (?:\S+ ){0,2}(?:\S+ing|get|make it)|can (?:i|we|you) (?:still )?get in"
        r"|giving out|till? when|working (?:today|now|or)"
    ),
}
_PLAIN_WORDS = {ask: re.compile(rf"\b(?:{words})\b") for ask, words in _PLAIN.items()}
_WORDS_OF_WAITS = {
    ask: re.compile(rf"\b(?:{_PLAIN[ask]}|{words})\b") for ask, words in _OF_WAITS.items()
}
_WAITING = re.compile(r"\b(?:waits?|waiting|queues?|line-?ups?|busy|wait ?times?)\b")
# A wait for something else than to be seen: a surgery, a result, a place on a list.
_OTHER_WAIT = re.compile(
    r"\bwait(?:s|ing)?(?: ?times?)? (?:for|to)\b|\bwaiting (?:lists?|rooms?)\b"
    r"|\b(?:appointments?|surger(?:y|ies)|results?|usual(?:ly)?|average|typical(?:ly)?)\b"
)
_EITHER = re.compile(r"\b(?:or|both|which|between)\b")
_WHICH = re.compile(r"\b(?:which|what) (?:one )?(?:is|are|has|moves)\b")


def asked_plainly(question: str) -> Ask | None:
    """Return what the words ask for; None where they say nothing, or two different things."""
    said = _said(question)
    found = [ask for ask, words in _PLAIN_WORDS.items() if words.search(said)]
    return found[0] if len(found) == 1 else None


def asked_of_waits(question: str, named: int = 0) -> Ask | None:
    """Return what a question that is known to be about waits asks for; None: its words don't tell.

    `named` is how many places it names: "harlan or eastgate" compares them.
    """
    said = _said(question)
    found = [ask for ask, words in _WORDS_OF_WAITS.items() if words.search(said)]
    # "elm or oak, which is moving faster" asks for no trend.
    other = {"open"} if _WHICH.search(said) else {"open", "trend"}
    if named > 1 and _EITHER.search(said) and not other & set(found):
        return "compare"
    return found[0] if found else None


def waits_plainly(question: str) -> bool:
    """Tell whether the words ask for a wait to be seen; with a place named, it is the live one."""
    said = question.casefold()
    return bool(_WAITING.search(said)) and not _OTHER_WAIT.search(said)


def _said(question: str) -> str:
    return " ".join(question.casefold().replace("’", "'").split())
