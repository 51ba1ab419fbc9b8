"""A made-up directory of any size and misspelt questions about it, the same for the same seed.

The names are Faker's real ones (English, French and other Latin scripts), drawn with the uneven
frequencies of real names, so that namesakes and near-namesakes are as common as in life.
"""

import importlib
import random
from collections.abc import Sequence

from frontdesk.db.contacts import Contact

LOCALES = "en_US en_GB en_IE en_NZ en_IN fr_FR fr_CA de_DE es_ES it_IT nl_NL pt_BR sv_SE".split()
DUTIES = (
    "Nurse,Clerk,Manager,Coordinator,Director,Assistant,Technician,Analyst,Officer,Advisor,"
    "Specialist,Supervisor,Inspector,Planner,Porter,Therapist,Physician,Pharmacist,Dietitian"
).split(",")
FIELDS = (
    "cardiology,radiology,billing,payroll,parking,immunization,housing,permits,water,waste,transit,"
    "library,recreation,admissions,records,privacy,security,maternity,oncology,neurology,pediatrics,"
    "dialysis,surgery,emergency,pharmacy,nutrition,volunteers,complaints,procurement,training"
).split(",")
PLACES = "North,South,East,West,Central,Riverside,Lakeview,Hillside,Foothill,Harbour".split(",")
KINDS = "Hospital,Clinic,Centre,Campus".split(",")
NOTES = (
    "",
    "weekdays only",
    "on leave until further notice",
    "ask for refunds here",
    "keys and badges",
    "interpreters on request",
    "urgent matters first",
    "forms and certificates",
)
NEAR = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok",
    "o": "ipl", "p": "ol", "a": "qsz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb",
    "h": "gjyn", "j": "hkum", "k": "jlim", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv",
    "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
SOUNDS = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("k", "c"), ("c", "k"), ("ie", "y"), ("y", "i"),
    ("ee", "ea"), ("ei", "ie"), ("ou", "oo"), ("th", "t"), ("v", "f"), ("z", "s"), ("s", "z"),
    ("ll", "l"), ("nn", "n"), ("tt", "t"), ("ss", "s"), ("rr", "r"), ("au", "o"), ("sch", "sh"),
    ("gh", "g"), ("x", "ks"), ("j", "g"), ("er", "ar"), ("en", "an"), ("i", "ee"), ("a", "e"),
)  # fmt: skip
ASKED = (
    "{}", "whats {}s number", "can i speak to {}", "email for {} pls", "who is {}",
    "i need to reach {} please", "phone number of {}", "is {} working today",
)  # fmt: skip


def people(count: int, seed: int = 7) -> list[Contact]:
    """Return `count` contacts with Zipf-like names."""
    rng = random.Random(seed)
    given, surnames = _names(rng)
    weights = [1 / (rank + 20) for rank in range(max(len(given), len(surnames)))]
    firsts = rng.choices(given, weights[: len(given)], k=count)
    lasts = rng.choices(surnames, weights[: len(surnames)], k=count)
    return [
        _contact(rng, number, f"{first} {last}")
        for number, (first, last) in enumerate(zip(firsts, lasts, strict=True))
    ]


def _names(rng: random.Random) -> tuple[list[str], list[str]]:
    given: set[str] = set()
    surnames: set[str] = set()
    for locale in LOCALES:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for name in dir(provider):
            values = getattr(provider, name)
            if isinstance(values, (tuple, list, dict)):
                if name.startswith("first_names"):
                    given |= {value for value in values if len(value) > 2}
                elif name.startswith("last_names"):
                    surnames |= {value for value in values if len(value) > 2}
    return rng.sample(sorted(given), len(given)), rng.sample(sorted(surnames), len(surnames))


def _contact(rng: random.Random, number: int, name: str) -> Contact:
    field = rng.choice(FIELDS)
    return Contact(
        name=name,
        role=f"{field.title()} {rng.choice(DUTIES)}",
        team=f"{rng.choice(PLACES)} {field.title()} Team",
        site=f"{rng.choice(PLACES)} {rng.choice(KINDS)}",
        phone=f"555 {number:06d}",
        email=f"p{number}@example.org",
        notes=rng.choice(NOTES),
    )


def misspelt(name: str, rng: random.Random, typos: int = 2) -> str:
    """Return a name with that many slips (keyboard, sound, swapped letters), at times reversed."""
    text = name.lower()
    for _ in range(typos):
        slip = rng.choice((_keyboard, _keyboard, _phonetic, _swapped))
        text = slip(text, rng)
    if rng.random() < 0.2:
        first, _, rest = text.partition(" ")
        text = f"{rest} {first}"
    return text


def _letters(text: str) -> Sequence[int]:
    return [at for at, letter in enumerate(text) if letter in NEAR]


def _keyboard(text: str, rng: random.Random) -> str:
    at = rng.choice(_letters(text))
    key = rng.choice(NEAR[text[at]])
    return rng.choice(
        (
            text[:at] + key + text[at + 1 :],
            text[:at] + key + text[at:],
            text[:at] + text[at + 1 :],
            text[: at + 1] + text[at:],
        )
    )


def _phonetic(text: str, rng: random.Random) -> str:
    fitting = [pair for pair in SOUNDS if pair[0] in text]
    return text.replace(*rng.choice(fitting), 1) if fitting else _keyboard(text, rng)


def _swapped(text: str, rng: random.Random) -> str:
    places = [
        at
        for at in range(len(text) - 1)
        if text[at : at + 2].isalpha() and text[at] != text[at + 1]
    ]
    if not places:
        return _keyboard(text, rng)
    at = rng.choice(places)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
