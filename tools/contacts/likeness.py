"""How likely one word is a way of writing another: slips, sound, short forms, initials."""

from functools import lru_cache

from rapidfuzz.distance import OSA, Levenshtein

from frontdesk.tools.contacts.names import sound
from frontdesk.tools.contacts.nicknames import short_forms

NEAR_KEY = 0.25  # how much of an edit is forgiven where the neighbouring key was struck
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    key: "".join(
        other
        for level, line in enumerate(_KEYBOARD)
        for at, other in enumerate(line)
        if other != key and abs(level - row) < 2 and abs(at + level / 2 - place - row / 2) <= 1
    )
    for row, keys in enumerate(_KEYBOARD)
    for place, key in enumerate(keys)
}


@lru_cache(maxsize=1 << 16)
def likeness(form: str, word: str, given: bool) -> float:
    """Return how likely `form` is a way of writing `word` of a name, 0 to 1.

    `given` says that `word` may be a given name: then nicknames and initials stand for it.
    """
    if form == word:
        return 1.0
    if given and (len(form) == 1 or len(word) == 1):
        return 0.65 if form[0] == word[0] else 0.0
    longest = max(len(form), len(word))
    score = 1 - OSA.distance(form, word) / longest
    if 0.4 <= score:
        score += NEAR_KEY * _near_keys(form, word) / longest
    if given and form in short_forms(word):
        score = max(score, 0.9)
    if given and len(form) > 2 and word.startswith(form):
        score = max(score, 0.85)
    if len(form) > 3 and score >= 0.4 and sound(form) == sound(word):
        score = max(score, 0.79 + 0.1 * score)
    return score


def _near_keys(form: str, word: str) -> int:
    """Return how many letters were struck on a neighbouring key."""
    return sum(
        edit.tag == "replace" and form[edit.src_pos] in _NEIGHBOURS.get(word[edit.dest_pos], "")
        for edit in Levenshtein.editops(form, word)
    )
