"""People's names as they are compared: folded, split, and by how they sound.

fold("Dr. Marie-Ève O'Brien")        -> "dr. marie-eve o'brien"
parse_name("Brien, Dr. Marie-Ève")   -> parts ("marie", "eve", "brien")
sound("shaughnessy")                 -> the same key as "shonesy"
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Honorifics that are offices and nouns too: "is there a rabbi".
OFFICES = frozenset(
    "doctor docteur nurse sister pastor imam rabbi elder judge father fr rev".split()
)
HONORIFICS = OFFICES | frozenset(
    "dr dre prof professor professeur mr mrs ms miss mx sir dame reverend mme mlle madame monsieur"
    " hon".split()
)
_AFTER_NAME = frozenset(
    "md rn np lpn rpn phd msc bsc bscn ma ba mba pharmd bscpharm do dds dmd frcpc ccfp facp jr sr"
    " ii iii iv esq cpa peng rd rsw msw pt ot slp".split()
)
PARTICLES = frozenset(
    "de da do dos das di del della der den du la le van von vom zu el al bin ibn ben st san".split()
)
_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
    | dict.fromkeys("’‘ʼʻ`´′", "'")
    | dict.fromkeys("‐‑‒–—−", "-")
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Return `text` in lower case without diacritics, apostrophes and hyphens made plain."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in text if not unicodedata.combining(letter)).translate(
        _LETTERS
    )


def words(text: str) -> list[str]:
    """Return the words of a text, folded; an apostrophe inside a word joins its halves."""
    return [word.replace("'", "") for word in _WORD.findall(fold(text))]


@dataclass(frozen=True)
class Name:
    """A name split for comparing: given names first, then the surname.

    `parts` are the words that count, `particles` the small ones ("van", "de"), and `joined` spells
    neighbours as one word: `joined["marieeve"] == (0, 1)` are the indices it stands for.
    """

    parts: tuple[str, ...]
    particles: tuple[str, ...]
    joined: dict[str, tuple[int, ...]]


def parse_name(text: str) -> Name:
    """Split a name as a directory writes it, without honorifics and letters after the name."""
    before, _, after = text.partition(",")
    tail = [word for word in words(after) if word not in _AFTER_NAME]
    text = fold(f"{after} {before}" if tail and len(words(before)) <= 3 else before)
    found = [
        (word.group().replace("'", ""), text[word.start() - 1 : word.start()] == "-")
        for word in _WORD.finditer(text)
    ]
    found = [(word, tied) for word, tied in found if word not in HONORIFICS] or found
    while len(found) > 1 and found[-1][0] in _AFTER_NAME:
        found.pop()
    parts: list[str] = []
    particles: list[str] = []
    joined: dict[str, tuple[int, ...]] = {}
    run = ""
    for at, (word, tied) in enumerate(found):
        if word in PARTICLES and at + 1 < len(found) and not tied:
            particles.append(word)
            run += word
            continue
        if run:
            joined[run + word] = (len(parts),)
        run = ""
        parts.append(word)
        both_given = at + 1 < len(found) and len(parts) == 2
        if len(parts) > 1 and (tied or both_given):
            joined["".join(parts[-2:])] = (len(parts) - 2, len(parts) - 1)
    return Name(tuple(parts), tuple(particles), joined)


_SOUNDS = tuple(
    (re.compile(pattern), into)
    for pattern, into in (
        # capitals are sounds already decided, which no later rule may touch
        (r"^(?:kn|gn|pn)", "n"), (r"^wr", "r"), (r"^ps|^x", "s"), (r"^mc|^mac(?=[^aeiou])", "mk"),
        (r"(?:au|ou)gh", "o"), (r"eigh", "a"), (r"igh", "i"), (r"^ge(?=o)", "J"),
        (r"eau[xd]?s?$|[ae]?ault$|aut$|ot$|eaux?", "o"), (r"tsch|sch|tch|sh|ch|cz", "X"),
        (r"ph|pf", "f"), (r"gh", "g"), (r"dg(?=[eiy])|j", "J"), (r"th|dt", "t"), (r"wh", "w"),
        (r"s?c(?=[eiy])|z|tz|ts", "s"), (r"ck|qu?|c|x", "k"), (r"gn", "n"), (r"v", "f"),
        (r"mb$", "m"), (r"h", ""), (r"[aeo]w(?=[^aeiouy]|$)", "a"), (r"[ey]$|es$", ""),
        (r"^m[aeiouy]k", "mk"), (r"[aeiouy]+", "a"),
    )
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")


@lru_cache(maxsize=200_000)
def sound(word: str) -> str:
    """Return a key that words spelt differently but said alike share, English or French."""
    for pattern, into in _SOUNDS:
        word = pattern.sub(into, word)
    return _DOUBLED.sub(r"\1", word)
