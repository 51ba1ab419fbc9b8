"""Badly typed text as plain words: clauses of lower-case words, with the typos of alarm mended."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

_CLAUSE_END = re.compile(r"[.!?;\n…]+")
_APOSTROPHES = re.compile(r"(?<=\w)['’`´ʼ](?=\w)")
_WORD = re.compile(r"[a-z0-9]+")
_LONG_RUN = re.compile(r"([a-z])\1{2,}")
_SPELLED_PAUSES = re.compile(r"(?<=[a-z])[*_~-](?=[a-z])")
_ELISION = re.compile(r"\b(n|j|l|d|qu)['’](?=\w)")
_OVERDOSED = re.compile(r"\bo\.?d\.?['’]?(?:ed|d)\b(?<!odd)")
_CRY = 3  # clauses of fewer words than this belong together
# The shortest word whose typos are guessed; shorter ones have too many honest neighbours.
_GUESSED = 6


@dataclass(frozen=True, eq=False)
class Spelling:
    """What typos are mended towards, and what is left alone.

    `known` are words of alarm, `honest` are words within a typo of one, `meant` maps hurried
    spellings to words.
    """

    known: frozenset[str]
    honest: frozenset[str]
    meant: Mapping[str, str]


def clauses(text: str, spelling: Spelling) -> list[list[str]]:
    """Return the clauses of `text` as plain words, each word mended."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    plain = _ELISION.sub(r"\1 ", _OVERDOSED.sub("oded", plain))
    plain = _SPELLED_PAUSES.sub(" ", _APOSTROPHES.sub("", plain))
    found: list[list[str]] = []
    for part in _CLAUSE_END.split(plain):
        words = list(_mend(_WORD.findall(part), spelling))
        if words and found and len(words) < _CRY and len(found[-1]) < _CRY:
            found[-1] += words  # "Fire! Fire! Help!" is one cry
        elif words:
            found.append(words)
    return found


def _mend(words: Iterable[str], spelling: Spelling) -> Iterable[str]:
    for word in words:
        short = _LONG_RUN.sub(r"\1\1", word)
        single = _LONG_RUN.sub(r"\1", word)
        word = single if single in spelling.known or single in spelling.meant else short
        yield from (spelling.meant.get(word) or _nearest(word, spelling)).split()


@lru_cache(maxsize=4096)
def _nearest(word: str, spelling: Spelling) -> str:
    """Return the word of alarm that `word` is a typo of, or `word`.

    One slip (Damerau) for six to eight letters, two for more; the first letter is seldom wrong.
    """
    if word in spelling.known or word in spelling.honest or len(word) < _GUESSED - 1:
        return word
    best, least = word, 3
    for candidate in spelling.known:
        slips = 1 if len(candidate) < 9 else 2
        if len(candidate) < _GUESSED or candidate[0] != word[0]:
            continue
        distance = OSA.distance(word, candidate, score_cutoff=slips)
        if distance <= slips and (distance, candidate) < (least, best):
            best, least = candidate, distance
    return best
