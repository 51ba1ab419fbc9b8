"""The table of emergency.toml and its phrase language: slots, small words between, wide gaps."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from frontdesk.agents.policy.emergency_words import Spelling

_WIDE_GAP = 4
_NUMBERS = frozenset(
    "two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty sixty "
    "hundred deux trois dix vingt dos tres diez veinte".split()
)
Words = Sequence[str]


@dataclass(frozen=True)
class Slot:
    """One place of a phrase: the words that fit it."""

    words: frozenset[str]
    wide: bool = False  # up to four words of any kind may stand before it
    optional: bool = False


Phrase = tuple[Slot, ...]


@dataclass(frozen=True)
class Table:
    """emergency.toml, parsed: `signs` holds (sign, kind, phrase), in the order of the file."""

    signs: tuple[tuple[str, str, Phrase], ...]
    words: Mapping[str, frozenset[str]]
    phrases: Mapping[str, tuple[Phrase, ...]]
    spelling: Spelling

    def spans(self, phrase: Phrase, words: Words) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each place where `phrase` stands in `words`."""
        for start, word in enumerate(words):
            if _fits(phrase[0], word):
                end = _end(phrase, 1, words, start + 1, self.words["fillers"])
                if end:
                    yield start, end

    def holds(self, name: str, words: Words) -> bool:
        """Whether one of the context phrases `name` stands in `words`."""
        return any(True for phrase in self.phrases[name] for _ in self.spans(phrase, words))


@cache
def table() -> Table:
    """Read emergency.toml, once."""
    text = files("frontdesk.agents.policy").joinpath("emergency.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    groups = {name: words.split() for name, words in raw["groups"].items()}
    signs = tuple(
        (sign["name"], kind, _phrase(text, groups))
        for sign in raw["signs"]
        for kind in ("reports", "requests", "events", "nouns")
        for text in sign.get(kind, ())
    )
    context = dict(raw["context"])
    phrases = {
        name: tuple(_phrase(text, groups) for text in texts)
        for name, texts in context.pop("phrases").items()
    }
    words = {name: frozenset(text.split()) for name, text in context.items()}
    words["definite"] = words["own"] | words["kin"]
    words["people"] = (words["own"] - words["possessive"]) | words["kin"] | words["anyone"]
    return Table(signs, words, phrases, _spelling(raw["spelling"], signs, words))


def _spelling(
    raw: Mapping[str, Any],
    signs: Sequence[tuple[str, str, Phrase]],
    words: Mapping[str, frozenset[str]],
) -> Spelling:
    known = {word for _, _, phrase in signs for slot in phrase for word in slot.words}
    meant = {typed: meaning for meaning, forms in raw["meant"].items() for typed in forms.split()}
    known |= words["people"] | words["things"] | words["topics"]
    honest = frozenset(raw["honest"].split())
    return Spelling(frozenset(known - meant.keys()), honest, meant)


def _phrase(text: str, groups: Mapping[str, Sequence[str]]) -> Phrase:
    slots = []
    wide = False
    for part in text.split():
        if part == "..":
            wide = True
            continue
        names = part.removesuffix("?").split("|")
        words = frozenset(word for name in names for word in groups.get(name, [name]))
        slots.append(Slot(words, wide, part.endswith("?")))
        wide = False
    return tuple(slots)


def _end(phrase: Phrase, at: int, words: Words, position: int, fillers: frozenset[str]) -> int:
    """Return where the slots from `at` on end if they match from `position`, or 0."""
    if at == len(phrase):
        return position
    slot = phrase[at]
    skipped = 0
    for here in range(position, min(len(words), position + 2 * _WIDE_GAP)):
        if _fits(slot, words[here]):
            end = _end(phrase, at + 1, words, here + 1, fillers)
            if end:
                return end
        skipped += words[here] not in fillers
        if skipped > (_WIDE_GAP if slot.wide else 0):
            break
    return _end(phrase, at + 1, words, position, fillers) if slot.optional else 0


def _fits(slot: Slot, word: str) -> bool:
    if word in slot.words:
        return True
    if "NUMBER" in slot.words and (word in _NUMBERS or (word.isdigit() and len(word) < 4)):
        return True
    return "YEAR" in slot.words and len(word) == 4 and word[:2] in {"19", "20"} and word.isdigit()
