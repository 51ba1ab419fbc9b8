"""Which names of a feed a question may hold at all, by its words: most names have none there.

The comparison of a heard word with every word of the names is kept: people ask in few words.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from frontdesk.tools.waits.spelling import MOST_SLIPS, similar, sound

REMEMBERED = 8192  # heard words and pairs of words


class Keys:
    """The words of names, each with the numbers of the names it is a key of. Safe to share."""

    def __init__(self, keys_of_names: Iterable[Sequence[str]]) -> None:
        names: dict[str, list[int]] = defaultdict(list)
        sounds: dict[str, list[str]] = defaultdict(list)
        for number, keys in enumerate(keys_of_names):
            for key in dict.fromkeys(keys):
                if key not in names:
                    sounds[sound(key)].append(key)
                names[key].append(number)
        self._names = dict(names)
        self._sounds = dict(sounds)
        self._words = list(names)
        self._meant = lru_cache(maxsize=REMEMBERED)(self._compare)

    def near(self, heard: Sequence[str]) -> list[int]:
        """Return the numbers of the names that a heard word, or two as one, may belong to."""
        runs = {*heard, *map("".join, zip(heard, heard[1:], strict=False))}
        return sorted(set().union(*map(self._meant, runs)))

    def _compare(self, run: str) -> frozenset[int]:
        """Return the names of the keys that begin `run` or that it may be a way of writing."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found = {run[:end] for end in range(1, len(run) + 1)} & self._names.keys()
        slips = process.cdist([run], self._words, scorer=OSA.distance, score_cutoff=MOST_SLIPS)
        likely = {key for key, n in zip(self._words, slips[0], strict=True) if n <= MOST_SLIPS}
        likely.update(self._sounds.get(sound(run), ()))
        likely.update(key for key in self._words if key.startswith(run))
        found.update(key for key in likely if similar(key, run, True))
        return frozenset(number for key in found for number in self._names[key])
