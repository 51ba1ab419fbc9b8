"""A whole question, read for whom it seeks: its words, and which of them a name may be.

"whats dr smiths number"  -> one word, "smith", after an honorific and owning a number
"how long is the wait"    -> "long" and "wait", both everyday words without any sign of a name
"""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from frontdesk.tools.contacts.everyday_words import ASK, ASKS_FOR, CHAIN, CHAINED, EVERYDAY, OWNED
from frontdesk.tools.contacts.names import HONORIFICS, OFFICES, fold

# An e-mail address, or a word; an apostrophe binds, a hyphen separates.
_TOKEN = re.compile(
    r"\be-mails?\b|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[^\W_]+(?:['’‘ʼ`][^\W_]+)*", re.IGNORECASE
)
_ELISION = re.compile(r"^(?:l|d|qu|j|n|s|m|c|t)'(?=[^\W\d_]{3})")
_ASK_LONG = tuple(sorted(word for word in ASK if len(word) > 4))
HONORIFIC_CUE, OFFICE_CUE, ASKED_CUE, OWNER_CUE, CAPITAL_CUE, ALONE_CUE = (
    1.6,
    0.8,
    1.0,
    0.8,
    0.6,
    0.8,
)


# What asks for somebody, and not for the office that deals with it.
_PERSON = re.compile(
    r"\bwho(?: i|['’]?)s (?!open)|\bwho (?:runs|leads|heads|manages|was|are the)\b|\bname of\b"
    r"|\b(?:boss|chief|director|head of|human|in charge|manager|mgr|person|supervisor)\b",
    re.IGNORECASE,
)


def seeks_person(text: str) -> bool:
    """Tell whether a question seeks somebody by post: "who runs recovery", "the hexley boss"."""
    return bool(_PERSON.search(text))


@dataclass(frozen=True)
class Word:
    """A word of the question that may say who or what is sought.

    `forms` are its folded spellings, likeliest first ("smiths" may be "smith"); `start` and `end`
    are its place in the question; `cue` is how strongly its surroundings announce a name, in
    log-odds; `position` counts all words of the question, asking ones too.
    """

    forms: tuple[str, ...]
    start: int
    end: int
    position: int
    cue: float = 0.0
    everyday: bool = False
    asking: bool = False

    @property
    def text(self) -> str:
        """The likeliest spelling."""
        return self.forms[0]


@dataclass(frozen=True)
class Question:
    """The question as asked, and its words that are not asking words, in order."""

    text: str
    words: tuple[Word, ...]

    def span(self, words: Container[int]) -> str:
        """Return the part of the question from the first to the last of these word indices."""
        chosen = [word for at, word in enumerate(self.words) if at in words]
        return self.text[chosen[0].start : chosen[-1].end] if chosen else ""


def read_question(
    text: str, known: Container[str], together: Callable[[str, str], bool] = lambda _, __: True
) -> Question:
    """Split a question into words. `known` holds the folded words of the directory's names,
    `together` says whether two of them stand in one name.

    An asking word stays only where it stands after an honorific or is all there is ("Dr. Will").
    """
    pieces = [piece for match in _TOKEN.finditer(text) for piece in _pieces(match, known, together)]
    tokens = [_spelt(*piece, at) for at, piece in enumerate(pieces)]
    shouting = text.isupper() or text.istitle()
    kept: list[Word] = []
    for at, token in enumerate(tokens):
        before = [other.text for other in tokens[:at]]
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        titled = bool(before) and before[-1] in HONORIFICS
        noun = token.text in OFFICES and after in ASK  # "is there a rabbi please"
        if token.text in HONORIFICS and after and not noun:
            continue
        asking = _asks(token, known)
        if asking and not titled:
            continue
        cue = (OFFICE_CUE if before[-1] in OFFICES else HONORIFIC_CUE) if titled else 0.0
        if _announced(before):
            cue = max(cue, ASKED_CUE)
        if len(token.forms) > 1 and after in OWNED:
            cue += OWNER_CUE
        if at and not shouting and text[token.start].isupper():
            cue += CAPITAL_CUE
        kept.append(
            Word(token.forms, token.start, token.end, at, cue, token.text in EVERYDAY, asking)
        )
    if not kept:
        kept = [token for token in tokens if any(form in known for form in token.forms)]
    return Question(text, tuple(_alone(kept, len(tokens))))


def _alone(words: list[Word], asked: int) -> list[Word]:
    """Cue the words of a query that is nothing but a few words: "long", "grace long"."""
    if len(words) > 3 or asked > len(words) + 1:
        return words
    return [
        Word(w.forms, w.start, w.end, w.position, w.cue + ALONE_CUE, w.everyday, w.asking)
        for w in words
    ]


def _pieces(
    match: re.Match[str], known: Container[str], together: Callable[[str, str], bool]
) -> list[tuple[str, int]]:
    """Return a token and where it starts, or the two names it runs together ("johnsmith")."""
    word, start = match.group(), match.start()
    if (
        len(word) > 5
        and word.isalpha()
        and fold(word) not in known
        and len(fold(word)) == len(word)
    ):
        for cut in range(3, len(word) - 2):
            first, second = fold(word[:cut]), fold(word[cut:])
            if first in known and second in known and together(first, second):
                return [(word[:cut], start), (word[cut:], start + cut)]
    return [(word, start)]


def _spelt(word: str, start: int, position: int) -> Word:
    """Fold one token and list what it may be without a possessive or an elision."""
    raw = fold(word)
    forms = [raw.replace("'", "") if raw not in ("e-mail", "e-mails") else "email"]
    if raw.endswith("'s"):
        forms = [raw[:-2].replace("'", "")]
        forms.append(forms[0] + "s")
    elif forms[0].endswith("s") and len(forms[0]) > 3:
        forms.append(forms[0][:-1])
    elided = _ELISION.sub("", raw)
    if elided != raw:
        forms.append(elided.replace("'", ""))
    return Word(tuple(dict.fromkeys(forms)), start, start + len(word), position)


def _asks(token: Word, known: Container[str]) -> bool:
    """Whether a token only asks; a misspelt asking word does, unless the directory knows it."""
    if token.text in ASK or (
        len(token.forms) > 1 and token.forms[1] in ASK and len(token.text) < 6
    ):
        return True
    if len(token.text) < 5 or token.text in EVERYDAY or any(form in known for form in token.forms):
        return False
    return any(
        abs(len(word) - len(token.text)) < 2 and OSA.distance(word, token.text, score_cutoff=1) < 2
        for word in _ASK_LONG
    )


def _announced(before: list[str]) -> bool:
    """Whether the words before say that a name follows: "call", "speak to", "number for"."""
    if not before:
        return False
    if before[-1] in ASKS_FOR:
        return True
    at = len(before) - 1
    while at >= 0 and before[at] in CHAIN:
        at -= 1
    return at < len(before) - 1 and at >= 0 and before[at] in CHAINED
