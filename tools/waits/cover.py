"""How much of a question the words of each site of a feed cover: name, department, town, region.

A word weighs what it tells: one that a single site has weighs 1, one that every site has 0.
"legal aid averdale" -> {"Averdale Legal Aid Office": {0: 0.6, 1: 0.6, 2: 0.2}, ...}
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from frontdesk.tools.feeds import Department
from frontdesk.tools.feeds.address import town_of
from frontdesk.tools.waits.names import normal
from frontdesk.tools.waits.spelling import is_common, similar

# Words in which a wait is asked for, and small words: no place is found by them.
ASKING = frozenset(
    """a about after all also am an and any are as at be been best but by can close closed closes
    come could do does e fast faster fastest first for free from get give go going got had has have
    he her here him his hour hours how i if im in is it its just last less line lines long longer
    low make many may me min mins minute minutes more most much my near nearest need next no not now
    of off on one only open opening or our out over people place places please queue queues quick
    quicker quickest right rn room same see seen service services she short shorter shortest should
    so some soon still than that the their them then there they this time times to today tomorrow
    tonight too under until up us wait waiting waits walk was we what when where which who whose
    why will with without work would yet you young your""".split()
)
CHILD = frozenset("child children childrens kid kids paediatric pediatric toddler toddlers".split())
_EMERGENCY = frozenset({"er", "ed", "ae", "emergency", "emergencies"})
_ENDINGS = re.compile(r"(?<=...)(?:(?<=nn|mm|pp|tt)ing|ing|ern|s)$")


def stem(word: str) -> str:
    """Return `word` without a plural or -ing: "licences" and "licence", "southern" and "south"."""
    if word in CHILD:
        return "children"
    if word in _EMERGENCY:
        return "emergency"
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    bare = _ENDINGS.sub("", word)
    return bare[:-1] if word.endswith("ing") and bare[-2:-1] == bare[-1:] else bare


class Cover:
    """The words of the sites of one feed. Immutable, so safe to share."""

    def __init__(self, departments: Iterable[Department]) -> None:
        found: dict[str, set[str]] = defaultdict(set)
        self.children: set[str] = set()
        self.areas: dict[str, set[str]] = defaultdict(set)
        self.own: dict[str, frozenset[str]] = {}
        self._numbered: set[tuple[str, str]] = set()
        regions: set[str] = set()
        for row in departments:
            town = town_of(row.address) or ""
            self.own[row.site] = frozenset(map(stem, normal(row.site)))
            for name in map(normal, (row.site, town)):
                self._numbered.update(zip(name, name[1:], strict=False))
            kind = {"emergency": "emergency", "children": "children"}.get(row.kind, "")
            said = " ".join((row.site, row.department, town, row.region or "", kind))
            found[row.site].update(stem(word) for word in normal(said) if word not in ASKING)
            regions.add(row.region or "")
            for area in (town, row.region or ""):
                self.areas[area].add(row.site)
            if row.kind == "children":
                self.children.add(row.site)
        self.sites = dict(found)
        counts = Counter(word for words in found.values() for word in words)
        scale = math.log(len(found) + 1) or 1.0
        self.weights = {
            word: math.log((len(found) + 1) / count) / scale for word, count in counts.items()
        }
        shared = Counter(word for region in regions for word in {*map(stem, normal(region))})
        self.regional = {  # what tells one region from the others: "east" of "East Fenwarden"
            word: region
            for region in regions
            for word in map(stem, normal(region))
            if shared[word] == 1 and word not in ASKING
        }
        self._long = [word for word in counts if len(word) > 3]

    def of(self, heard: Sequence[str]) -> dict[str, dict[int, float]]:
        """Return for each site what each word of a question, by its place, tells for it."""
        covered: dict[str, dict[int, float]] = {site: {} for site in self.sites}
        meant: set[str] = set()
        for place, word in enumerate(heard):
            number = word.isdigit() and not meant
            meant = set() if number else self._meant(word, heard[place + 1 : place + 2])
            for site, known in self.sites.items():
                both = meant & known
                if both and (len(both) == len(meant) or not _numbered(word)):
                    covered[site][place] = sum(self.weights[each] for each in both)
        return covered

    def _meant(self, word: str, following: Sequence[str]) -> set[str]:
        """Return the words of names that `word` may be: itself, misspelt, joined, "t2"."""
        bare = stem(word)
        if word in ASKING:
            return set()
        if bare in self.weights:
            return {bare}
        if parts := _numbered(word):
            heads = {w for w, n in self._numbered if w[0] == parts[1] and n == parts[2]}
            return {min(heads), parts[2]} & self.weights.keys() if heads else set()
        if following and word + following[0] in self.weights:
            return {word + following[0]}
        pair = {end for w in self.weights if word.startswith(w) and (end := word[len(w) :])}
        if joined := {end for end in pair if end in self.weights and len(end) > 1}:
            return {word[: -len(end)] for end in joined} | joined
        if is_common(word):
            return set()
        scored = [(similar(known, bare), known) for known in self._long]
        best = max(scored, default=(0.0, ""))
        return {best[1]} if best[0] else set()


def _numbered(word: str) -> re.Match[str] | None:
    return re.fullmatch(r"([a-z])(\d{1,2})", word)
