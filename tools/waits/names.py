"""The names that people use for the places of a feed: short forms, initials, towns, regions.

"Foothills Medical Centre"  -> foothills medical centre | foothills | fmc
"St. Odile's Hospital"      -> st odiles hospital | st odiles | odiles | soh
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from frontdesk.tools.feeds import Department
from frontdesk.tools.feeds.address import town_of

PlaceKind = Literal["site", "town", "region"]

# What hospitals are called: such a word names no one of them.
GENERIC = frozenset(
    """hospital hospitals medical center centre health healthcare clinic clinics emergency er ed
    dept department urgent care community general regional district memorial campus service services
    childrens children child kids kid pediatric paediatric adult adults womens women mens site unit
    ward primary acute facility building wait time times room the of and at in on for a""".split()
)
# Words too plain to stand alone for a place, though a place may be called so.
PLAIN = GENERIC | frozenset(
    """north south east west northern southern eastern western central new old saint st mount royal
    queen king queens kings university college valley river lake lakes creek hill hills park city
    town fort port bay upper lower great grand holy sacred good first national provincial alberta
    canada british columbia veterans foundation house home mental cancer heart surgery long short
    free line front open close grace hope mercy providence unity victory""".split()
)
_COMPOUND = re.compile(r"(view|hills?|side|wood|brook|dale|field|ridge|gate|light|land|head)$")
_SMALL = frozenset({"of", "the", "and", "at", "in", "on", "for", "de", "la"})
_SAME = {
    "saint": "st",
    "sainte": "ste",
    "mt": "mount",
    "ft": "fort",
    "center": "centre",
    "theater": "theatre",
    "license": "licence",
    "licenses": "licences",
    "lab": "laboratory",
}


class Alias(NamedTuple):
    """One way to say a place: normal `words`, and how much is known when only this is said."""

    words: tuple[str, ...]
    name: str
    kind: PlaceKind
    weight: float
    initials: bool = False
    rare: bool = False  # counts only where it is no everyday word


class Word(NamedTuple):
    """A normal word of a text and where it stands there."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """Return the words of `text`: no case, no accents, no apostrophes, "saint" as "st"."""
    found = []
    for match in re.finditer(r"[^\W_]+(?:['’`´][^\W_]+)*", text):
        bare = unicodedata.normalize("NFKD", match[0]).casefold()
        bare = "".join(c for c in bare if c.isalnum())
        if bare:
            found.append(Word(_SAME.get(bare, bare), *match.span()))
    return found


def normal(text: str) -> tuple[str, ...]:
    """Return the normal words of a name."""
    return tuple(word.text for word in words(text))


def aliases(
    departments: Iterable[Department], extra: Mapping[str, str], towns: Iterable[str]
) -> list[Alias]:
    """Return every way to say the sites, towns and regions of `departments`.

    `extra` maps further names to the name of a site, town or region; `towns` are further towns.
    """
    rows = list(departments)
    sites = list(dict.fromkeys(row.site for row in rows))
    regions = {row.region for row in rows if row.region}
    places: dict[str, PlaceKind] = {site: "site" for site in sites}
    for town in [*towns, *(town_of(row.address) for row in rows)]:
        if town:
            places.setdefault(town, "town")
    areas = {normal(name) for name, kind in places.items() if kind == "town"}
    for region in regions - set(places):
        if normal(region) not in areas:
            places[region] = "region"
            areas.add(normal(region))
    found = [Alias(normal(name), name, kind, 1.0) for name, kind in places.items()]
    short = [
        alias for name, kind in places.items() if kind == "site" for alias in _short(name, areas)
    ]
    short += [
        alias for name, kind in places.items() if kind == "town" for alias in _head(name, areas)
    ]
    for said, name in extra.items():
        target = next((p for p in places if normal(p) == normal(name)), None)
        if target:
            found.append(Alias(normal(said), target, places[target], 0.98))
    found += [*_unique_children(sites), *_pairs(sites), *short]
    return [alias for alias in found if alias.words]


def _short(site: str, areas: set[tuple[str, ...]]) -> Iterator[Alias]:
    """Short forms of a site's name: without what every hospital is called, and its initials."""
    full = normal(site)
    size = len(full)
    while size and full[size - 1] in GENERIC:
        size -= 1
    core = full[1:size] if full[:1] == ("the",) else full[:size]
    if core and any(word not in PLAIN for word in core):
        if core not in areas and core != full:
            yield Alias(core, site, "site", 0.95)
        yield from (Alias(full[:end], site, "site", 0.97) for end in range(size + 1, len(full)))
        for noun in ("hospital", "er", "emergency", "urgent care", "clinic"):
            yield Alias((*core, *noun.split()), site, "site", 0.96)
        yield from _lone(core, site, "site", areas)
    elif core and core != full:
        yield Alias((*core, "hospital"), site, "site", 0.85)
    if 1 < len(bare := tuple(word for word in core if len(word) > 1)) < len(core):
        yield Alias(bare, site, "site", 0.95)  # without a middle initial
    if "of" in core:
        said = tuple(word if word in _SMALL else word[0] for word in core)
        yield from (Alias(way, site, "site", 0.9) for way in (said, ("".join(said),)))
    for letters in initials(full):
        yield Alias((letters,), site, "site", 0.9, initials=True)


def _pairs(sites: list[str]) -> Iterator[Alias]:
    """First and last word of a long name, where no other site shares them: "south campus"."""
    pairs = {site: (full[0], full[-1]) for site in sites if len(full := normal(site)) > 2}
    counts = Counter(pairs.values())
    for site, pair in pairs.items():
        if counts[pair] == 1 and pair[0] not in GENERIC:
            yield Alias(pair, site, "site", 0.88)


def _lone(
    core: tuple[str, ...], name: str, kind: PlaceKind, areas: set[tuple[str, ...]]
) -> Iterator[Alias]:
    """The words of a longer name that may stand for it alone: "lougheed", "mcmurray"."""
    if len(core) > 1:
        for word in core:
            if word not in PLAIN and len(word) > 4 and (word,) not in areas:
                yield Alias((word,), name, kind, 0.8, rare=True)


def initials(full: tuple[str, ...]) -> set[str]:
    """Return the initials people may write for a name: with and without its small words."""
    if len(full) < 2:
        return set()
    every = "".join(word[0] for word in full)
    large = "".join(word[0] for word in full if word not in _SMALL)
    split = "".join(
        word[0] + (match[1][0] if (match := _COMPOUND.search(word)) and match.start() > 2 else "")
        for word in full
        if word not in _SMALL
    )
    return {letters for letters in (every, large, split) if 2 <= len(letters) <= 6}


def _head(town: str, areas: set[tuple[str, ...]]) -> Iterator[Alias]:
    """Parts of a long town name: "St. Brenna" for "St. Brenna-on-the-Water"."""
    full = normal(town)
    yield from _lone(full, town, "town", areas)
    cut = next((n for n, word in enumerate(full) if word in _SMALL), None)
    if cut and any(word not in PLAIN for word in full[:cut]):
        yield Alias(full[:cut], town, "town", 0.95)


def _unique_children(sites: list[str]) -> Iterator[Alias]:
    """ "The children's hospital" names a place where exactly one site is called so."""
    named = Counter(site for site in sites if {"childrens", "hospital"} <= set(normal(site)))
    if len(named) == 1:
        site = next(iter(named))
        for noun in ("childrens", "kids", "children"):
            yield Alias((noun, "hospital"), site, "site", 0.9)
