"""Which places explain most of a question: a site by more of its words than its town has.

"legal aid averdale or mosswick" -> Averdale Legal Aid Office, Mosswick Legal Aid Desk
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from frontdesk.tools.waits.cover import CHILD, Cover, stem
from frontdesk.tools.waits.names import PLAIN, PlaceKind, Word
from frontdesk.tools.waits.spelling import is_common

ENOUGH = 0.5  # what the words of a site must tell together
LITTLE = 0.1  # what a word tells that nearly every site has
SPECIAL = 0.9  # what words tell that pick a site of a region that is named too
SURE = 1.5  # what everyday words must tell together to be sure
PART = 0.5  # the score of one everyday word: a hint, no name
REACH = 4  # words of one place stand no further apart
MOST = 6  # words that fit more sites than this name none of them
_EITHER = frozenset({"or", "vs", "v", "versus", "than"})
_BETWEEN = _EITHER | {"and"}


class Naming(NamedTuple):
    """A place that the words `start` to `end` (exclusive) of a question name."""

    name: str
    kind: PlaceKind
    score: float
    start: int
    end: int


class _Part(NamedTuple):
    """One side of an "or": its words from `start` to `end` (exclusive)."""

    start: int
    end: int


def explain(said: Sequence[Word], named: Sequence[Naming], cover: Cover) -> list[Naming]:
    """Return the places of a question: `named` are those that it names by a whole name."""
    heard = _heard(said)
    told = cover.of(heard)
    for naming in named:
        for site in _sites(naming, cover):
            for place in range(naming.start, naming.end):
                told[site][place] = max(told[site].get(place, 0.0), 0.3 * naming.score)
    found: list[Naming] = []
    for part in _parts(heard, named):
        found += _of_part(part, heard, named, told, cover)
    # What follows an "and" may be another matter; what follows an "or" is asked for as well.
    either = not _EITHER.isdisjoint(heard)
    sure = [naming for naming in found if either or naming.score > PART]
    spoken = {place for naming in found for place in range(naming.start, naming.end)}
    left = [n for n in named if not spoken & set(range(n.start, n.end))]
    return [*(sure or found), *left]


def _heard(said: Sequence[Word]) -> list[str]:
    """Return the words, "a&e" as one: its second letter stays as a place of its own."""
    heard = [word.text for word in said]
    for n, pair in enumerate(zip(heard, heard[1:], strict=False)):
        if pair == ("a", "e"):
            heard[n] = "ae"
    return heard


def _sites(naming: Naming, cover: Cover) -> set[str]:
    if naming.kind == "site":
        return {naming.name} & cover.sites.keys()
    return cover.areas.get(naming.name, set())


def _parts(heard: Sequence[str], named: Sequence[Naming]) -> Iterator[_Part]:
    inside = {place for n in named for place in range(n.start, n.end)}
    cuts = [n for n, word in enumerate(heard) if word in _BETWEEN and n not in inside]
    for start, end in zip([-1, *cuts], [*cuts, len(heard)], strict=True):
        if start + 1 < end:
            yield _Part(start + 1, end)


def _of_part(
    part: _Part,
    heard: Sequence[str],
    named: Sequence[Naming],
    told: Mapping[str, Mapping[int, float]],
    cover: Cover,
) -> list[Naming]:
    here = {
        site: {place: w for place, w in words.items() if part.start <= place < part.end}
        for site, words in told.items()
    }
    totals = {site: sum(words.values()) for site, words in here.items()}
    most = max(totals.values(), default=0.0)
    sites = [site for site, total in totals.items() if total >= most - 1e-9]
    places = sorted({place for site in sites for place in here[site]})
    if not places:
        return []
    inner = [n for n in named if part.start <= n.start and n.end <= part.end]
    inner += _regions(part, heard, cover)
    alike = _alike(sites, told, part)
    area = next((n for n in inner if _explains(n, places, here[sites[0]])), None)
    if area and all(n.score <= area.score for n in inner) and len(alike) == len(sites):
        return [area]
    whole = [n for n in inner if n.kind != "region" and set(range(n.start, n.end)) & set(places)]
    score = max((n.score for n in whole), default=0.0) or _score(
        places, sum(told[alike[0]].values()), heard
    )
    chosen = _plainest(alike, here, heard, cover)
    if not score or (len(chosen) > MOST and not whole):
        return []
    start, end = places[0], places[-1] + 1
    return [Naming(site, "site", score, start, end) for site in chosen]


def _regions(part: _Part, heard: Sequence[str], cover: Cover) -> Iterator[Naming]:
    """Yield the regions that one word tells from the others: "in the east", not "east gate"."""
    for n in range(part.start + 1, part.end):
        region = cover.regional.get(stem(heard[n]))
        if region and heard[n - 1] in ("the", "in"):
            yield Naming(region, "region", 0.7, n, n + 1)


def _explains(naming: Naming, places: Sequence[int], told: Mapping[int, float]) -> bool:
    """Whether an area is all that words name; a region bears some words of what is there."""
    if naming.kind == "site":
        return False
    rest = [told.get(place, 0.0) for place in places if not naming.start <= place < naming.end]
    return sum(rest) < (SPECIAL if naming.kind == "region" else LITTLE)


def _alike(sites: Sequence[str], told: Mapping[str, Mapping[int, float]], part: _Part) -> list[str]:
    """Return those of equal sites of which the other sides of an "or" speak too."""
    other = {
        site: sum(w for place, w in told[site].items() if not part.start <= place < part.end)
        for site in sites
    }
    most = max(other.values())
    return [site for site in sites if other[site] >= most - 1e-9]


def _plainest(
    sites: Sequence[str],
    here: Mapping[str, Mapping[int, float]],
    heard: Sequence[str],
    cover: Cover,
) -> list[str]:
    """Return of equal sites those that say it in their own name, for adults, and little else."""
    kept = list(sites)
    if not CHILD & set(heard):
        kept = [site for site in kept if site not in cover.children] or kept
    said = {site: {stem(heard[place]) for place in here[site]} & cover.own[site] for site in kept}
    most = max(map(len, said.values()))
    kept = [site for site in kept if len(said[site]) == most]
    return [site for site in kept if not any(cover.own[o] < cover.own[site] for o in kept)]


def _score(places: Sequence[int], told: float, heard: Sequence[str]) -> float:
    """Return 0 to 0.95 for words that are no whole name; 0 when they say too little."""
    words = {heard[place] for place in places}
    if told < ENOUGH or words <= PLAIN:
        return 0.0
    near = all(b - a <= REACH for a, b in zip(places, places[1:], strict=False))
    if len(words) > 1 and near and (told >= SURE or not all(map(is_common, words))):
        return round(min(0.95, 0.5 + 0.15 * told), 3)
    return PART
