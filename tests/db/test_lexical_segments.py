"""BM25 in segments: the same scores however they are cut, nothing lost while others write."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parent))
from filled_store import add, chunk, fill, vectors

from frontdesk.db import lexical, lexical_segments
from frontdesk.db.lexical import Part, Scores
from frontdesk.db.lexical_segments import LARGEST, SMALL, Range, plan, refresh
from frontdesk.db.store import Store

QUESTIONS = ("word3 word20", "always word1", "word0 word2 word5 word9", "word399", "nowhere")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Segments of at most 200 chunks, so that a small store has many."""
    monkeypatch.setattr(lexical_segments, "LARGEST", 200)
    monkeypatch.setattr(lexical_segments, "SMALL", 20)
    yield


def segments(store: Store) -> list[tuple[int, int, int]]:
    with store.connection() as connection:
        return connection.execute(
            "SELECT after_id, until_id, documents FROM lexical_segments ORDER BY until_id"
        ).fetchall()


def scored(store: Store, cache: lexical.Cache | None = None) -> list[dict[int, float]]:
    with store.connection() as connection:
        found = [lexical.search(connection, question, cache=cache) for question in QUESTIONS]
    return [dict(zip(scores.ids.tolist(), scores.scores, strict=True)) for scores in found]


def same(one: list[dict[int, float]], other: list[dict[int, float]]) -> None:
    assert [set(row) for row in one] == [set(row) for row in other]
    for a, b in zip(one, other, strict=True):
        assert [a[i] for i in b] == pytest.approx(list(b.values()), rel=0.01)


def test_scores_do_not_depend_on_the_segments(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 1000)
    with store.connection() as connection:
        assert refresh(connection)
    assert len(segments(store)) == 1
    whole = scored(store)
    assert len(whole[1]) == 1000 and not whole[4]
    monkeypatch.setattr(lexical_segments, "LARGEST", 200)
    monkeypatch.setattr(lexical_segments, "SMALL", 20)  # frequent words take a byte a chunk here
    with store.connection() as connection:
        assert refresh(connection, force=True)
        frequent = connection.execute(
            "SELECT term FROM lexical_postings WHERE octet_length(positions) = 0"
        ).fetchall()
    assert [row[2] for row in segments(store)] == [200] * 5
    assert ("alway",) in frequent
    same(scored(store), whole)


def test_what_is_added_and_removed_is_seen(tiny: None, store: Store) -> None:
    cache = lexical.Cache()
    for seed in range(4):
        fill(store, 100, seed)
        with store.connection() as connection:
            assert refresh(connection)
            assert not refresh(connection)
        scored(store, cache)
    assert sum(documents for _, _, documents in segments(store)) == 400
    with store.connection() as connection:
        connection.execute("DELETE FROM pages WHERE url LIKE '%%/2-%%'")
        assert refresh(connection)
    bounds = segments(store)
    assert sum(documents for _, _, documents in bounds) == 300
    assert all(a[1] == b[0] for a, b in zip(bounds, bounds[1:], strict=False))
    cached = scored(store, cache)
    with store.connection() as connection:
        refresh(connection, force=True)
    same(cached, scored(store))


def test_a_large_segment_is_not_written_again_for_a_few_chunks(tiny: None, store: Store) -> None:
    fill(store, 150)
    with store.connection() as connection:
        refresh(connection)
    before = segments(store)
    fill(store, 5, seed=1)
    with store.connection() as connection:
        refresh(connection)
    assert segments(store)[:1] == before and len(segments(store)) == 2


def test_a_chunk_that_is_committed_late_is_not_passed_over(store: Store) -> None:
    fill(store, 50)
    started, written = threading.Event(), threading.Event()

    def index() -> None:
        started.set()
        with store.connection() as connection:
            refresh(connection)
        assert written.is_set()  # it waited for the writer, whose chunk has the lower id

    with store.connection() as writer:
        add(writer, "late", 0, [chunk(0, "the latecomer", vectors(1)[0])])
        with store.connection() as other:
            other.execute("SELECT nextval(pg_get_serial_sequence('chunks', 'id'))")
        indexer = threading.Thread(target=index)
        indexer.start()
        started.wait()
        indexer.join(0.3)
        assert indexer.is_alive()
        written.set()
    indexer.join()
    with store.connection() as connection:
        assert len(lexical.search(connection, "latecomer").ids) == 1


@given(
    st.lists(st.tuples(st.integers(0, LARGEST), st.booleans()), min_size=1, max_size=12),
    st.integers(1, 3 * LARGEST),
)
def test_a_plan_covers_what_there_is(sizes: list[tuple[int, bool]], tail: int) -> None:
    ranges = [Range(i, i + 1, living, stale) for i, (living, stale) in enumerate(sizes)]
    ranges.append(Range(len(sizes), len(sizes) + 1, tail, True))
    planned = plan(ranges)
    assert planned[0].after == 0 and planned[-1].until == len(ranges)
    assert all(a.until == b.after for a, b in zip(planned, planned[1:], strict=False))
    assert sum(part.living for part in planned) == sum(part.living for part in ranges)
    # What is much larger than all that comes after it stays as it is.
    kept = {
        (r.after, r.until)
        for i, r in enumerate(ranges)
        if not r.stale and r.living > max(SMALL, 2 * sum(later.living for later in ranges[i + 1 :]))
    }
    last_stale = [r for r in ranges if r.stale]
    if len(last_stale) == 1:  # only the new chunks
        assert kept <= {(part.after, part.until) for part in planned if not part.stale}


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 120), st.integers(0, 9000))
def test_the_best_are_the_best(seed: int, count: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 50, size).astype(np.float32)
    ids = np.cumsum(rng.integers(1, 4, size)).astype(np.int32)
    cut = size // 3
    parts = [Part(ids[:cut], scores[:cut]), Part(ids[cut:], scores[cut:])]
    order = [i for i in np.lexsort((ids, -scores)) if scores[i] > 0][:count]
    assert Scores(parts).top(count) == ids[order].tolist()
