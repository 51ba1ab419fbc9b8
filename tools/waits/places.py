"""Which places of the feed a question names, however it spells them.

places.match("hows the wait at foothils rn")
    -> [PlaceMatch("Foothills Medical Centre", "site", 0.9, "foothils")]
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from frontdesk.tools.feeds import Department
from frontdesk.tools.waits.cover import Cover
from frontdesk.tools.waits.explain import PART, Naming, explain
from frontdesk.tools.waits.heard import Keys
from frontdesk.tools.waits.names import (
    GENERIC,
    PLAIN,
    Alias,
    PlaceKind,
    Word,
    aliases,
    words,
)
from frontdesk.tools.waits.sibling import sibling
from frontdesk.tools.waits.spelling import ANY_RANK, EVERYDAY_RANK, is_common, similar

LIMIT = 8
REMEMBERED = 4096  # texts: the titles of pages come again with each search
_NEAREST = re.compile(r"\b(?:nearest|closest)\b[^?.]*?\b(?:to|from)\b", re.IGNORECASE)
INITIALS_THAT_ARE_WORDS = frozenset(
    "er ed uc ok it is us am pm id ct ot pt dr no so to go up".split()
)


class PlaceMatch(NamedTuple):
    """A place that a text names: `score` 0 to 1, `span` the words of the text that name it."""

    name: str
    kind: PlaceKind
    score: float
    span: str


class _Hit(NamedTuple):
    alias: Alias
    score: float
    start: int
    end: int


class _Window(NamedTuple):
    """Neighbouring words of a text, from the word `start`, and all of them written as one."""

    start: int
    words: tuple[Word, ...]
    heard: tuple[str, ...]
    joined: str


class Places:
    """The places of one feed, ready to be found in questions. Immutable, so safe to share."""

    def __init__(
        self,
        departments: Iterable[Department],
        extra: Mapping[str, str] | None = None,
        towns: Iterable[str] = (),
    ) -> None:
        departments = list(departments)
        self.aliases = [
            alias
            for alias in aliases(departments, extra or {}, towns)
            if not (alias.rare and is_common(alias.words[0]))
        ]
        self._joined = ["".join(alias.words) for alias in self.aliases]
        self._keys = Keys(map(_keys, self.aliases))
        self._known = {word for alias in self.aliases for word in alias.words}
        self._cover = Cover(departments)
        self._found = lru_cache(maxsize=REMEMBERED)(self._match)

    def match(self, text: str) -> list[PlaceMatch]:
        """Return the places that `text` names, best first; empty when it names none.

        "The nearest emergency to Larkton" names Larkton, and no emergency there.
        """
        start = _NEAREST.search(text)
        return list((self._found(text[start.end() :]) if start else ()) or self._found(text))

    def _match(self, text: str) -> tuple[PlaceMatch, ...]:
        said = words(text[:2000])
        windows = lru_cache(maxsize=None)(lambda length: _windows(said, length))
        hits = [
            hit
            for number in self._keys.near([word.text for word in said])
            for hit in self._hits(number, windows, text)
        ]
        named = [
            Naming(hit.alias.name, hit.alias.kind, _sureness(hit), hit.start, hit.end)
            for hit in _undisputed(hits)
        ]
        best: dict[str, PlaceMatch] = {}
        for name, kind, score, start, end in explain(said, named, self._cover):
            match = PlaceMatch(name, kind, score, text[said[start].start : said[end - 1].end])
            if name not in best or best[name].score < score:
                best[name] = match
        return tuple(sorted(best.values(), key=lambda m: (-m.score, m.name))[:LIMIT])

    def sibling(self, previous: str, text: str) -> str:
        """Return the site that a few words mean beside the site `previous`, or ""."""
        return sibling(previous, [word.text for word in words(text[:2000])], self._cover)

    def near(self, text: str, limit: int = 2) -> list[str]:
        """Return the sites whose names come nearest to `text`, to offer when nothing matches."""
        from rapidfuzz import fuzz, process

        said = " ".join(word.text for word in words(text[:200]) if word.text not in GENERIC)
        names = {alias.name: " ".join(alias.words) for alias in self.aliases if alias.weight == 1.0}
        found = process.extract(said, names, scorer=fuzz.WRatio, score_cutoff=60, limit=limit)
        return [name for _, _, name in found] if said else []

    def _hits(
        self, number: int, windows: Callable[[int], Sequence[_Window]], text: str
    ) -> Iterator[_Hit]:
        alias, joined = self.aliases[number], self._joined[number]
        size = len(alias.words)
        for length in {size, size - 1, size + 1} - {0}:
            for window in windows(length):
                score = self._score(alias, joined, window, text)
                if score:
                    yield _Hit(alias, score * alias.weight, window.start, window.start + length)

    def _score(self, alias: Alias, joined: str, window: _Window, text: str) -> float:
        """Return how well `window` says `alias`: 1 exact, 0 not at all."""
        heard = window.heard
        if alias.initials:
            return _initials_score(alias, window.words, text)
        if heard == alias.words:
            return 1.0
        if window.joined == joined:
            return 0.98
        if len(heard) == len(alias.words):
            return _word_by_word(alias, heard)
        if _edges_differ(alias.words, heard):
            return 0.0
        rare = not all(word in self._known or is_common(word) for word in heard)
        return similar(joined, window.joined) if rare else 0.0


def _windows(said: Sequence[Word], length: int) -> list[_Window]:
    """Return every run of `length` neighbouring words."""
    found = []
    for start in range(len(said) - length + 1):
        chosen = tuple(said[start : start + length])
        heard = tuple(word.text for word in chosen)
        found.append(_Window(start, chosen, heard, "".join(heard)))
    return found


def _word_by_word(alias: Alias, heard: Sequence[str]) -> float:
    wanted = alias.words
    pairs = list(zip(wanted, heard, strict=True))
    if any(want != hear and not similar(want, hear, True) for want, hear in pairs):
        return 0.0
    exact = [want == hear for want, hear in pairs]
    # A word that tells this name from others, said as it is.
    anchored = any(same and want not in GENERIC for same, want in zip(exact, wanted, strict=True))
    # All of a long official name but one word: that word is misspelt, whatever it looks like.
    whole = alias.weight == 1.0 and len(wanted) > 2 and sum(exact) == len(wanted) - 1
    total, told = 0.0, anchored or whole
    for want, hear in pairs:
        # A common word that is one letter from a name ("surgeon", Sturgeon) is that word,
        # unless another word of the name stands beside it.
        free = anchored or whole or want in GENERIC or not is_common(hear)
        score = similar(want, hear, anchored) if want == hear or free else 0.0
        if not score:
            return 0.0
        told = told or (want not in PLAIN and not is_common(hear))
        total += score * len(want)
    return total / sum(map(len, wanted)) if told else 0.0


def _sureness(hit: _Hit) -> float:
    """Return the score of a hit; one everyday word for a site is a hint only: "airport"."""
    hint = hit.alias.kind == "site" and len(hit.alias.words) == 1 and not hit.alias.initials
    rank = ANY_RANK if hit.alias.rare else EVERYDAY_RANK
    everyday = hint and is_common(hit.alias.words[0], rank)
    return PART if everyday else round(hit.score, 3)


def _keys(alias: Alias) -> tuple[str, ...]:
    """Return the words of which one must be heard, roughly, for `alias` to be meant."""
    return tuple(word for word in alias.words if word not in GENERIC) or alias.words


def _undisputed(hits: list[_Hit]) -> list[_Hit]:
    """Return the hits that no better hit overlaps: longer first, then the higher score.

    Two places that the same words name equally well both stay.
    """
    hits.sort(key=lambda hit: (-(hit.score * (1 + 0.15 * (hit.end - hit.start))), hit.start))
    kept: list[_Hit] = []
    for hit in hits:
        over = [other for other in kept if hit.start < other.end and other.start < hit.end]
        same = all((o.start, o.end) == (hit.start, hit.end) for o in over)
        if not over or (same and hit.score >= over[0].score - 0.1):
            kept.append(hit)
    return kept


def _initials_score(alias: Alias, window: Sequence[Word], text: str) -> float:
    if len(window) != 1 or window[0].text != alias.words[0]:
        return 0.0
    letters = window[0].text
    capitals = text[window[0].start : window[0].end].isupper() and not text.isupper()
    if letters in INITIALS_THAT_ARE_WORDS or (not capitals and is_common(letters)):
        return 0.0
    return 1.0 if capitals or len(letters) > 2 else 0.0


def _edges_differ(wanted: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether a window begins or ends with a word that has no part in the name."""
    return wanted[0][:1] != heard[0][:1] or wanted[-1][-1:] != heard[-1][-1:]
