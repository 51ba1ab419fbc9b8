"""The chunks that may answer a question: the nearest in meaning, and the best by words."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from frontdesk.db import chunks, dense, dense_index, lexical
from frontdesk.db.chunks import Filter
from frontdesk.db.settings import SearchSettings
from frontdesk.db.store import Connection

Matrix = npt.NDArray[np.float32]
CANDIDATES = 100  # taken from each of the two rankings
_DEEPEST = 100 * CANDIDATES  # how far down a filtered search looks


@dataclass(frozen=True)
class Meaning:
    """A question as a vector (384,), and whose: of the `retriever` of that name, or the bundled."""

    vector: Matrix
    retriever: str = ""


def find_candidates(
    connection: Connection,
    meaning: Meaning,
    words: lexical.Scores,
    wanted: Filter,
    settings: SearchSettings,
) -> tuple[list[int], Matrix]:
    """Return the best of both rankings: chunk ids, and their cosines parallel to them."""
    vector, retriever = meaning.vector, meaning.retriever
    few = chunks.few(connection, wanted, dense.FEW_PAGES) if wanted.narrows else None
    if few is not None:
        cosines = chunks.cosines(connection, vector, few, retriever)
        top = words.top(CANDIDATES, among=few)
        nearest = sorted(cosines, key=cosines.__getitem__, reverse=True)[:CANDIDATES]
        found = {i: cosines[i] for i in dict.fromkeys([*nearest, *top]) if i in cosines}
    else:
        found = _nearest(connection, meaning, wanted, words.documents, settings)
        top = [i for i in _matching(connection, words, wanted) if i not in found]
        found |= chunks.cosines(connection, vector, top, retriever)
    ids = list(found)
    return ids, np.array([found[i] for i in ids], dtype=np.float32)


def _nearest(
    connection: Connection,
    meaning: Meaning,
    wanted: Filter,
    documents: int,
    settings: SearchSettings,
) -> dict[int, float]:
    vector, retriever = meaning.vector, meaning.retriever
    if documents < settings.exact_below or not dense_index.usable(connection, retriever):
        return chunks.nearest(connection, vector, CANDIDATES, wanted, retriever)
    return dense.nearest(connection, vector, CANDIDATES, wanted, settings.ef_search, retriever)


def _matching(connection: Connection, words: lexical.Scores, wanted: Filter) -> list[int]:
    """The best by words that the filter lets through, looking further down for enough."""
    top = words.top(CANDIDATES)
    if not wanted.narrows:
        return top
    depth = CANDIDATES
    while True:
        kept = chunks.allowed(connection, top, wanted)
        allowed = [i for i in top if i in kept][:CANDIDATES]
        if len(allowed) == CANDIDATES or len(top) < depth or depth == _DEEPEST:
            return allowed
        # As deep as the share that passed so far makes likely to be enough, and a third more.
        share = max(len(allowed), CANDIDATES // 10) / depth
        depth = min(_DEEPEST, math.ceil(CANDIDATES / share * 4 / 3))
        top = words.top(depth)
