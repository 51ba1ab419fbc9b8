"""The place that a few words mean beside the one just asked for.

"Zoo Main Gate", then "and north?" -> "Zoo North Gate"
"""

from collections.abc import Sequence

from frontdesk.tools.waits.cover import CHILD, Cover, stem

_KINDS = frozenset(map(stem, CHILD)) | {"emergency"}  # a kind of department is no other place


def sibling(previous: str, heard: Sequence[str], cover: Cover) -> str:
    """Return the one site that has the words `heard` and most in common with `previous`, or "".

    At least one of the words must tell the site from `previous`, which must share a word with it.
    """
    told = cover.of([word if stem(word) not in _KINDS else "" for word in heard])
    before = told.get(previous)
    if before is None:
        return ""
    most = max(map(len, told.values()))
    shared = {
        site: len(cover.own[site] & cover.own[previous])
        for site, places in told.items()
        if len(places) == most and places.keys() - before.keys()
    }
    best = max(shared.values(), default=0)
    nearest = [site for site, count in shared.items() if count == best]
    return nearest[0] if best and len(nearest) == 1 else ""
