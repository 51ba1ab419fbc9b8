"""How candidates are ranked: two scores fused, then the best looked at sentence by sentence.

The weights were chosen on the sample organisation and on SciFact together; docs/retrieval.md has
the tables.
"""

import re
from collections.abc import Sequence

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


def fuse(dense: Vector, lexical: Vector) -> Vector:
    """Fuse two scores of the same candidates: a weighted sum of their z-scores, shape (n,)."""
    fused = DENSE_WEIGHT * standardised(dense) + (1 - DENSE_WEIGHT) * standardised(lexical)
    return fused.astype(np.float32)


def standardised(values: Vector) -> Vector:
    """Scale to mean 0 and deviation 1; equal values become 0."""
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-6 else np.zeros_like(values)


def sentence_bonus(dense: Vector, best_sentence: Vector, spread: float) -> Vector:
    """What a chunk gains (or loses) by its best sentence being nearer than the whole."""
    return DENSE_WEIGHT * SENTENCE_WEIGHT * (best_sentence - dense) / max(spread, 1e-6)


def distinct(texts: Sequence[str], titles: Sequence[str]) -> list[int]:
    """Return the indices to keep, in order: of near-duplicates the first.

    The same words with other numbers are no duplicate, nor are the same few words under another
    title: "Open from 8 to 5" on two clinics' pages says two things.
    """
    kept: list[int] = []
    words = [_WORD.findall(text.casefold()) for text in texts]
    for i in range(len(texts)):
        if not any(_same(words[i], words[j], titles[i], titles[j]) for j in kept):
            kept.append(i)
    return kept


def _same(one: list[str], other: list[str], title: str, other_title: str) -> bool:
    if title.casefold() != other_title.casefold() and min(len(one), len(other)) < 60:
        return False
    a, b = set(one), set(other)
    if {word for word in a ^ b if any(c.isdigit() for c in word)}:
        return False
    return len(a & b) >= 0.95 * len(a | b)


def confidence(best_sentence: float) -> float:
    """The probability that passages whose best sentence has this cosine answer the question."""
    return float(1 / (1 + np.exp(-_CONFIDENCE_SLOPE * (best_sentence - _CONFIDENCE_MIDDLE))))
