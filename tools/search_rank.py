"""How candidates are ranked: two scores fused, then the best looked at sentence by sentence.

The weights were chosen on the sample organisation and on SciFact together; docs/retrieval.md has
the tables.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
DENSE_WEIGHT = 0.6
SENTENCE_WEIGHT = 0.5  # how far the best sentence, rather than the whole chunk, says what it means
SUPERSEDED = 1.0  # what an old version of a page loses, in deviations
# Fitted on 211 questions that the sample organisation's pages answer against the same with the
# answering page taken away and 650 questions put to other organisations, the two sides weighing
# the same. The area under the curve is 0.95 against other kinds of organisation, 0.81 against
# other health services, 0.77 against the page taken away.
_CONFIDENCE_SLOPE = 14.7
_CONFIDENCE_MIDDLE = 0.547  # the cosine of the best sentence at which it is a toss-up
_WORD = re.compile(r"\w+")
_ALIKE = 0.95  # of all words of two texts, the share that near-duplicates have in common
_FEW_WORDS = 60


def fuse(dense: Vector, lexical: Vector) -> Vector:
    """Fuse two scores of the same candidates: a weighted sum of their z-scores, shape (n,)."""
    fused = DENSE_WEIGHT * standardised(dense) + (1 - DENSE_WEIGHT) * standardised(lexical)
    return fused.astype(np.float32)


def standardised(values: Vector) -> Vector:
    """Scale to mean 0 and deviation 1; equal values become 0."""
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)


def sentence_bonus(dense: Vector, best_sentence: Vector) -> Vector:
    """What a chunk gains (or loses) by its best sentence being nearer than the whole.

    Both in deviations: they may be cosines of two encoders.
    """
    return DENSE_WEIGHT * SENTENCE_WEIGHT * (best_sentence - dense)


def deviations(values: Vector, among: Vector) -> Vector:
    """Count `values` in deviations of the scores that they stand among."""
    return values / max(float(among.std()), 1e-6)


def distinct(texts: Sequence[str], titles: Sequence[str]) -> list[int]:
    """Return the indices to keep, in order: of near-duplicates the first.

    The same words with other numbers are no duplicate, nor are the same few words under another
    title: "Open from 8 to 5" on two clinics' pages says two things.
    """
    kept: list[tuple[int, _Wording]] = []
    for i, (text, title) in enumerate(zip(texts, titles, strict=True)):
        wording = _wording(text, title)
        if not any(wording.repeats(other) for _, other in kept):
            kept.append((i, wording))
    return [i for i, _ in kept]


@dataclass(frozen=True)
class _Wording:
    """The words of a text: how many, which, and which of them hold a digit."""

    title: str
    count: int
    words: frozenset[str]
    numbers: frozenset[str]

    def repeats(self, other: "_Wording") -> bool:
        if self.numbers != other.numbers:
            return False
        if self.title != other.title and min(self.count, other.count) < _FEW_WORDS:
            return False
        sizes = sorted((len(self.words), len(other.words)))
        if sizes[0] < _ALIKE * sizes[1]:  # the shorter cannot hold enough of the longer
            return False
        shared = len(self.words & other.words)
        return shared >= _ALIKE * (sum(sizes) - shared)


@lru_cache(maxsize=512)
def _wording(text: str, title: str) -> _Wording:
    found = _WORD.findall(text.casefold())
    words = frozenset(found)
    numbers = frozenset(word for word in words if any(map(str.isdigit, word)))
    return _Wording(title.casefold(), len(found), words, numbers)


def confidence(best_sentence: float) -> float:
    """The probability that passages whose best sentence has this cosine answer the question."""
    return float(1 / (1 + np.exp(-_CONFIDENCE_SLOPE * (best_sentence - _CONFIDENCE_MIDDLE))))
