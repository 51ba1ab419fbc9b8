"""How hurried people type: typos, dropped letters, SMS spellings, lost punctuation."""

import random

_NEIGHBOURS = {
    "a": "qsz", "b": "vgn", "c": "xvd", "d": "sfec", "e": "wrd", "f": "dgrv", "g": "fhtb",
    "h": "gjyn", "i": "uok", "j": "hkum", "k": "jlio", "l": "kop", "m": "nj", "n": "bmh",
    "o": "ipl", "p": "ol", "q": "wa", "r": "etf", "s": "adwx", "t": "ryg", "u": "yij",
    "v": "cbf", "w": "qes", "x": "zsc", "y": "tuh", "z": "xas",
}  # fmt: skip
_SMS = {
    "you": "u", "are": "r", "please": "pls", "for": "4", "to": "2", "your": "ur", "thanks": "thx",
    "because": "cuz", "about": "abt", "what is": "whats", "tomorrow": "tmrw", "right now": "rn",
    "people": "ppl", "with": "w", "and": "n", "how": "hw", "number": "nr", "appointment": "appt",
    "where is": "wheres", "who is": "whos", "i am": "im", "don't know": "dunno", "message": "msg",
}  # fmt: skip


def misspell(word: str, rng: random.Random) -> str:
    """Return `word` with one slip: swapped, dropped, doubled or neighbouring letter."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = rng.randrange(1, len(word) - 1)
    slip = rng.randrange(4)
    if slip == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 1:
        return word[:at] + word[at + 1 :]
    if slip == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + rng.choice(_NEIGHBOURS.get(word[at].lower(), "e")) + word[at + 1 :]


def roughen(text: str, rng: random.Random) -> str:
    """Return `text` as somebody in a hurry would type it; deterministic for a seeded `rng`."""
    for plain, short in _SMS.items():
        if rng.random() < 0.25:
            text = f" {text} ".replace(f" {plain} ", f" {short} ").strip()
    words = text.split()
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
        at = rng.randrange(len(words))
        words[at] = misspell(words[at], rng)
    if len(words) > 5 and rng.random() < 0.2:
        words.pop(rng.randrange(len(words)))
    if len(words) > 3 and rng.random() < 0.15:
        at = rng.randrange(len(words) - 1)
        words[at], words[at + 1] = words[at + 1], words[at]
    text = " ".join(words)
    if rng.random() < 0.5:
        text = text.replace("'", "").replace("?", "").replace(",", "")
    if rng.random() < 0.1:
        text = text.upper()
    return text
