"""Literals: the parts of an answer that must never be invented, and the check that holds it.

A literal is a URL, host, e-mail, phone number, date, time, price, percentage, ordinal, weekday or
month, a spelt-out amount ("twenty minutes") or any other token with a digit. An answer keeps a
sentence only if every literal in it stands in the texts that the turn may draw on: its
observations, the person's own words and the settings.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from frontdesk.agents.policy.literal_patterns import (
    LITERAL,
    NUMBER_WORDS,
    PHONE_DIGITS,
    canonical,
    readings,
)
from frontdesk.agents.policy.sentences import sentence_spans

_CITATION = re.compile(r"\[(\d{1,3})\]")
_TRAILING = ".,;:!?\"'”’»*_~`|>…。，、；：！？」）"
_LEADING = "([{\"'“‘«*_~`|<"
_LIST_MARK = re.compile(r"^(\s*)\d{1,3}[.)](\s+)(?=\S)")


@dataclass(frozen=True)
class Literal:
    """A literal of a text: `text[span[0]:span[1]]`, and what kind of thing it is."""

    text: str
    span: tuple[int, int]
    kind: str


@dataclass(frozen=True)
class Checked:
    """An answer after the check: what is left, the literals it keeps and those it lost."""

    text: str
    kept: tuple[str, ...]
    dropped: tuple[str, ...]


def literals(text: str) -> list[Literal]:
    """Return the literals of `text` in order; spans do not overlap."""
    found = []
    for match in LITERAL.finditer(text):
        kind = match.lastgroup or "number"
        start, end = _trim(text, *match.span(), kind)
        if start < end and _is_literal(text[start:end], kind):
            found.append(Literal(text[start:end], (start, end), kind))
    return found


class AllowedLiterals:
    """The literals that the texts of a turn hold, in the one form they are compared in."""

    def __init__(self, texts: Iterable[str]) -> None:
        texts = list(texts)
        self._forms: set[str] = set()
        self._words = "\n".join(texts).casefold()
        for text in texts:
            for literal in literals(text):
                self._forms |= readings(literal.text, literal.kind)
            self._forms |= {f"word:{word}" for word in re.findall(r"[^\W\d_]+", text.casefold())}

    def __contains__(self, literal: Literal) -> bool:
        form = canonical(literal.text, literal.kind)
        if form in self._forms:
            return True
        if literal.kind == "phone":
            return self._phone_beside_a_number(literal.text)
        if literal.kind == "amount":
            return self._amount(literal.text)
        if literal.kind == "day":
            return bool({f"word:{form[:3]}", f"word:{form[:4]}", f"word:{form}"} & self._forms)
        return False

    def _phone_beside_a_number(self, text: str) -> bool:
        """Whether `text` ("12 403-555-0100") is an allowed number next to an allowed phone."""
        groups = text.split()
        if len(groups) < 2:
            return False
        for first, rest in ((groups[:1], groups[1:]), (groups[:-1], groups[-1:])):
            phone = max(" ".join(first), " ".join(rest), key=_digits)
            number = min(" ".join(first), " ".join(rest), key=_digits)
            if (
                _digits(phone) >= PHONE_DIGITS
                and canonical(phone, "phone") in self._forms
                and canonical(number, "number") in self._forms
            ):
                return True
        return False

    def _amount(self, text: str) -> bool:
        """Whether a spelt-out amount stands in words, or its number stands in digits."""
        word, unit = re.split(r"[\s-]", text.casefold(), maxsplit=1)
        number = rf"(?:{word}|(?<![\d.,]){NUMBER_WORDS[word]})"
        return bool(re.search(rf"{number}[\s-]*{unit[:3]}", self._words))


def check(answer: str, allowed_texts: Iterable[str], *, sources: int = 0) -> Checked:
    """Drop every sentence of `answer` with a literal that stands nowhere in `allowed_texts`.

    Marks [1] to [`sources`] are citations, not literals. A list number that does not stand in the
    texts becomes a dash, since its line reads right without it.
    """
    allowed = AllowedLiterals(allowed_texts)
    dropped: list[str] = []
    text = answer
    while True:
        text, lost = _drop_once(text, allowed, sources)
        if not lost:
            break
        dropped += lost
    kept = [item.text for item in literals(text) if not _is_citation(text, item, sources)]
    return Checked(text.strip(), tuple(dict.fromkeys(kept)), tuple(dropped))


def _drop_once(text: str, allowed: AllowedLiterals, sources: int) -> tuple[str, list[str]]:
    """One pass over the sentences. Dropping one can join what stood around it: hence passes."""
    invented = [
        item
        for item in literals(text)
        if item not in allowed and not _is_citation(text, item, sources)
    ]
    if not invented:
        return text, []
    kept: list[str] = []
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        bad = [item for item in invented if item.span[0] < end and item.span[1] > start]
        mark = _LIST_MARK.match(sentence)
        if mark and bad and all(item.span[1] <= start + mark.end() for item in bad):
            kept.append(f"{mark[1]}-{mark[2]}{sentence[mark.end() :]}")
        elif not bad:
            kept.append(sentence)
        elif sentence.endswith("\n") and kept and not kept[-1].endswith("\n"):
            kept.append("\n")
    return re.sub(r"\n{3,}", "\n\n", "".join(kept)), [item.text for item in invented]


def _is_citation(text: str, literal: Literal, sources: int) -> bool:
    for mark in _CITATION.finditer(text):
        if mark.start() <= literal.span[0] and literal.span[1] <= mark.end():
            return 1 <= int(mark[1]) <= sources
    return False


def _is_literal(text: str, kind: str) -> bool:
    if kind == "number":
        return any(_numeric(character) for character in text)
    return True


def _trim(text: str, start: int, end: int, kind: str) -> tuple[int, int]:
    """Take off the punctuation of the sentence around a literal, not what belongs to it."""
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    if kind not in {"url", "number", "host"}:
        return start, end
    while start < end and text[start] in _LEADING:
        if text[start] in "([{" and text[end - 1] in ")]}":
            end -= 1
        start += 1
    while end > start and (
        text[end - 1] in _TRAILING or (text[end - 1] in ")]}" and not _closes(text[start:end]))
    ):
        end -= 1
    return start, end


def _closes(text: str) -> bool:
    opening = {")": "(", "]": "[", "}": "{"}[text[-1]]
    return text.count(opening) >= text.count(text[-1])


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _numeric(character: str) -> bool:
    return character.isdigit() or (character.isnumeric() and not character.isalpha())
