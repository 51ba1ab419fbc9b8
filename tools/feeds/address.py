"""The town of an address as feeds write it: with line breaks, with commas, or with neither."""

import re

_POSTCODE = re.compile(r"\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b|\b\d{5}(?:-\d{4})?\b(?=\s*$)", re.IGNORECASE)
_COUNTRY = re.compile(r"[\s,]+(?:canada|hong kong)\.?$", re.IGNORECASE)
_PROVINCE = re.compile(
    r"[\s,]+(?:alberta|british columbia|(?<!fort )saskatchewan|manitoba|ontario|"
    r"A\.?B|B\.?C|SK|MB|ON)\.?$",
    re.IGNORECASE,
)
# What ends a street: its town follows when the address is written on one line.
_STREET_END = re.compile(
    r"^(?:street|st|avenue|ave|road|rd|drive|dr|trail|tr|lane|ln|way|boulevard|blvd|crescent|cres|"
    r"place|pl|plaza|court|ct|close|common|circle|gate|rise|landing|mews|row|green|parkway|pkwy|"
    r"highway|hwy|terrace|square|[ns][ew]|[nsew]|\S*\d\S*)\.?$",
    re.IGNORECASE,
)
# What a part of a town may end with as well, when it is the whole address: "Hallow Green",
# "Exchange Square", "Terminal 1".
_QUARTER = re.compile(r"^(?:green|square|gate|common|landing|rise|plaza|\d{1,2})$", re.IGNORECASE)
_SAINT = re.compile(r"^st\.?$", re.IGNORECASE)
_SIDE = frozenset({"north", "south", "east", "west"})


def town_of(address: str) -> str:
    """Return the town named by `address`, or "" when none can be told.

    "44 Bellwether Way SE\\nPort Avens\\n", "899 West 12th Avenue, Vancouver, BC V5Z 1M9" and
    "1403 29 Street NW Calgary Alberta T2N 2T9" give Port Avens, Vancouver and Calgary.
    """
    text = _POSTCODE.sub(" ", address).strip(" ,.\n\t")
    text = _PROVINCE.sub("", _COUNTRY.sub("", text)).strip(" ,.\n\t")
    parts = [part.strip(" .") for part in re.split(r"[\n,]", text) if part.strip(" .")]
    if not parts:
        return ""
    if len(parts) > 1 and not re.search(r"\d", parts[-1]):
        return parts[-1]
    words = parts[-1].split()
    if len(parts) == 1 and len(words) == 2 and words[0].isalpha() and _QUARTER.match(words[1]):
        return parts[-1]
    if not re.search(r"\d", parts[-1]) and not _STREET_END.match(words[-1]):
        return parts[-1]  # nothing but a town
    ends = [n for n, word in enumerate(words) if _STREET_END.match(word)]
    if len(ends) > 1 and _SAINT.match(words[ends[-1]]) and not words[ends[-2]][:1].isdigit():
        ends.pop()  # "Boudreau Road St. Albert": the street has ended before
    town = words[ends[-1] + 1 :] if ends else []
    if len(town) > 1 and town[0].lower() in _SIDE:
        town = town[1:]  # "604 Main Street South Airdrie"
    return " ".join(town) if all(word[:1].isupper() for word in town) else ""
