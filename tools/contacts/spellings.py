"""The words that a few slips of the pen turn into another, found without aligning every word.

A slip changes the length of a word by one at most, and the set of its letters by two. Both sets
are compared in one pass over arrays, and only the few words left are aligned.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

Numbers = NDArray[np.int64]


class Spellings:
    """Words ready to be compared; the number of a word is its place in `words`."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._lengths = np.asarray([len(word) for word in words], np.int16)
        self._letters = np.asarray([_letters(word) for word in words], np.uint32)

    def within(self, forms: Sequence[str], limit: int) -> tuple[Numbers, NDArray[np.uint8]]:
        """Return the numbers of the words at most `limit` edits from one of `forms`, and how many.

        The distance is that of optimal string alignment, the least over `forms`.
        """
        near = np.zeros(len(self._words), np.bool_)
        for form in forms:
            longer = np.abs(self._lengths - np.int16(len(form)))
            others = np.bitwise_count(self._letters ^ np.uint32(_letters(form)))
            near |= (longer <= limit) & (others <= 2 * limit - longer)
        numbers = np.flatnonzero(near)
        if not len(numbers):
            return numbers, np.zeros(0, np.uint8)
        words = [self._words[number] for number in numbers.tolist()]
        slips = process.cdist(
            forms, words, scorer=OSA.distance, score_cutoff=limit, dtype=np.uint8
        ).min(axis=0)
        return numbers[slips <= limit], slips[slips <= limit]


def _letters(word: str) -> int:
    """Return the set of a word's letters, one bit a letter; two letters may share a bit."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 31)
    return bits
