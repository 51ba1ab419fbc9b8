"""Evidence made by hand, for tests of the prompt and of the bundled model."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from frontdesk.agents.decision import Evidence, Observation, PreviousTurn
from frontdesk.agents.small.evidence import observe
from frontdesk.tools.search import Passage, SearchResult


def vector(seed: int) -> np.ndarray:
    """Return a unit vector (384,) that is always the same for a seed."""
    drawn = np.random.default_rng(seed).standard_normal(384).astype(np.float32)
    return drawn / np.linalg.norm(drawn)


def found(query: str, passages: Sequence[Sequence[str]]) -> SearchResult:
    """Return a search result whose passages hold these sentences."""
    made = [
        Passage(
            chunk_id=n,
            url=f"https://desk.example/{n}",
            title=f"Page {n}",
            text=" ".join(sentences),
            sentences=list(sentences),
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            dense=0.5 - n / 10,
            lexical=3.0,
            score=1.0 - n,
        )
        for n, sentences in enumerate(passages)
    ]
    vectors = [
        np.stack([vector(100 * n + i) for i in range(len(p))]) for n, p in enumerate(passages)
    ]
    return SearchResult(
        query=query, passages=made, query_vector=vector(7), sentence_vectors=vectors
    )


def evidence(question: str, previous: PreviousTurn | None = None) -> Evidence:
    """Return what a desk without a feed might know of `question`."""
    result = found(question, [["Parking costs $4 an hour.", "The lot is on Elm Street."], ["Hi."]])
    return Evidence(
        question=question,
        previous=previous,
        search=result,
        search_with_previous=result if previous else None,
        previous_vector=vector(8) if previous else None,
        scope_vector=vector(9),
    )


def searched(before: Evidence) -> Evidence:
    """Return the evidence after a search."""
    assert before.search is not None
    return observe(before, Observation("search", {"query": "x"}, True, 1.0, before.search))
