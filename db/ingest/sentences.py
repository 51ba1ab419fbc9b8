"""Cut text into sentences, exactly: each is a slice of the text, shown to people as it stands.

    sentences("Dr. Osei is in at 8 a.m. Monday. Call 403-555-0199.")
    -> ["Dr. Osei is in at 8 a.m. Monday.", "Call 403-555-0199."]

A wrong cut shows half a sentence to a person, a missing one only a longer quote, so what is
doubtful stays together.
"""

import re

# A possible end: closing punctuation, then quotes or brackets, then white space (or CJK marks).
_END = re.compile(r"[.!?\u2026]+[\"'\u2019\u201d)\]]*(?=\s)|[\u3002\uff01\uff1f][\u300d\u201d)]*")
_REACH = 200  # characters looked at on either side
_WORD = re.compile(r"\S+$")
# Before a name or a number these never end a sentence.
_NEVER = frozenset(
    "dr mr mrs ms mx prof rev hon sgt lt col gen capt sen rep gov pres fr sr e.g i.e eg ie vs cf"
    " viz incl excl".split()
)
_BEFORE_NUMBER = frozenset(
    "no nos ext tel fax fig figs p pp vol ch sec art par approx ca rm ste apt bldg unit"
    " item".split()
)
# These may end a sentence; only a word that usually opens one shows it.
_MAYBE = frozenset(
    "a.m p.m am pm st ave rd blvd hwy sq mt ft inc ltd co corp dept univ assn bros jr esq ph.d m.d"
    " b.a b.sc m.sc r.n etc al est min max hr hrs wk wks mo yr yrs"
    " jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun"
    " n.b p.s u.s u.s.a u.k e.u d.c b.c a.d n.w n.e s.w s.e n s e w".split()
)
_OPENERS = frozenset(
    "the this that these those there here if when while after before once until it its he she they"
    " we you your our their his her i a an in on at for from to with without by please do does did"
    " is are was were be can could may might must should will would have has had not no all any"
    " each every some most many more other another both either neither what which who where why how"
    " call ask bring visit see check book use read take make note however also but and or so as"
    " then because although since people patients visitors parents children staff".split()
)


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` in order; joined, they hold all of it but white space."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        if end.end() > start and _is_end(text, start, end):
            found.append(text[start : end.end()].strip())
            start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _is_end(text: str, start: int, end: re.Match[str]) -> bool:
    after = text[end.end() : end.end() + _REACH].lstrip()
    if not after:
        return True
    if text[end.start()] in "\u3002\uff01\uff1f":
        return True
    if after[0].islower() or _inside_brackets(text[start : end.end()]):
        return False
    if end.group()[0] != ".":
        return True
    before = text[max(start, end.start() - _REACH) : end.start()].lstrip()
    last = _WORD.search(before)
    return last is None or _ends_after(last.group(), after, is_first=last.start() == 0)


def _ends_after(word: str, after: str, *, is_first: bool) -> bool:
    """Decide on a full stop after `word`, with what follows it."""
    bare = word.lstrip("\"'\u2018\u201c([").lower()
    following = re.split(r"[\s,.;:!?]", after.lstrip("\"'\u2018\u201c(["), maxsplit=1)[0]
    if bare in _NEVER:
        return False
    if is_first and (bare.isdigit() or len(bare) == 1):
        return False  # the number of a list: "1. Take a ticket."
    if bare in _BEFORE_NUMBER:
        return not following[:1].isdigit() and not following.startswith("#")
    if re.fullmatch(r"\d{3}", bare[-3:]) and re.fullmatch(r"\d{3,4}", following):
        return False  # a telephone number written with full stops
    initials = re.fullmatch(r"[^\W\d_](\.[^\W\d_])*", bare) is not None
    if bare in _MAYBE or initials:
        return following.lower() in _OPENERS and following != "I"
    return True


def _inside_brackets(text: str) -> bool:
    near = text[-_REACH:]
    return near.rfind("(") > near.rfind(")")
