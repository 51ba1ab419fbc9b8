"""The HNSW index: built when there are chunks enough, right with filters, safe from crashes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))
from filled_store import add, chunk, fill, vectors

from frontdesk.db import chunks, dense, dense_index
from frontdesk.db.chunks import EVERYTHING, Filter
from frontdesk.db.errors import StoreError
from frontdesk.db.settings import DatabaseSettings, SearchSettings
from frontdesk.db.store import Store

COUNT = 3000
BUILD = SearchSettings(exact_below=COUNT)
SLOW = SearchSettings(exact_below=COUNT, m=48, ef_construction=400)
EF_SEARCH = 120


def shares(store: Store, wanted: Filter = EVERYTHING, limit: int = 100) -> float:
    """The mean share of the ten nearest that the index finds, for twenty questions."""
    found = []
    for query in vectors(20, seed=7):
        with store.connection() as connection:
            exact = chunks.nearest(connection, query, limit, wanted)
            near = dense.nearest(connection, query, limit, wanted, EF_SEARCH)
        assert len(near) == len(exact)
        assert list(near.values()) == sorted(near.values(), reverse=True)
        both = set(list(exact)[:10]) & set(list(near)[:10])
        assert all(near[i] == pytest.approx(exact[i], abs=1e-6) for i in both)
        found.append(len(both) / min(10, len(exact)) if exact else 1.0)
    return float(np.mean(found))


def without_index(store: Store) -> None:
    with store.session() as connection:
        connection.execute(f"DROP INDEX IF EXISTS {dense_index.INDEX}".encode())


@pytest.fixture
def filled(store: Store) -> Store:
    without_index(store)
    fill(store, COUNT)
    return store


def valid(store: Store) -> bool:
    with store.connection() as connection:
        return dense_index.usable(connection)


def test_it_is_built_from_a_size_on_and_once(filled: Store) -> None:
    assert not dense_index.refresh(filled, SearchSettings(exact_below=COUNT + 1))
    with filled.connection() as connection:
        assert dense_index.index(connection) is None
    said: list[str] = []
    assert dense_index.refresh(filled, BUILD, said.append)
    assert said == ["building the HNSW index over 3,000 chunks"]
    with filled.connection() as connection:
        index = dense_index.index(connection)
    assert index is not None and index.valid and not index.building
    assert (index.m, index.ef_construction) == (BUILD.m, BUILD.ef_construction)
    assert not dense_index.refresh(filled, BUILD)
    with filled.connection() as connection:
        connection.execute("DELETE FROM pages WHERE section <> 'section-1'")
    assert not dense_index.refresh(filled, BUILD) and valid(filled)  # never dropped
    assert shares(filled) >= 0.95


def test_it_finds_what_comparing_each_chunk_finds(filled: Store) -> None:
    dense_index.refresh(filled, BUILD)
    assert shares(filled) >= 0.95
    with filled.connection() as connection:
        plan = connection.execute(
            f"EXPLAIN SELECT id FROM chunks WHERE thread IS NULL ORDER BY"
            f" embedding::{dense_index.VECTOR} <#> (%s)::{dense_index.VECTOR} LIMIT 100".encode(),
            [vectors(1)[0]],
        ).fetchall()
    assert any(dense_index.INDEX in row[0] for row in plan)


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(section="section-2"),
        Filter(language="fr"),
        Filter(language="fr", section="section-0"),
        Filter(published_since=date(2021, 6, 1)),
        Filter(url="https://filled.example/section-3/0-9"),
        Filter(section="nowhere"),
    ],
)
def test_filters_lose_nothing(filled: Store, wanted: Filter) -> None:
    dense_index.refresh(filled, BUILD)
    assert shares(filled, wanted) >= 0.95


def test_a_conversation_finds_its_own_and_nobody_elses(filled: Store) -> None:
    dense_index.refresh(filled, BUILD)
    query = vectors(1, seed=8)[0]
    with filled.connection() as connection:
        for owner in ("mine", "theirs"):
            add(connection, owner, 1, [chunk(0, "read for one person", query)], thread=owner)
        mine = dense.nearest(connection, query, 100, Filter(thread="mine"), EF_SEARCH)
        own = dense.nearest(
            connection, query, 100, Filter(thread="mine", only_thread=True), EF_SEARCH
        )
        others = dense.nearest(connection, query, 100, EVERYTHING, EF_SEARCH)
    assert len(mine) == len(others) == 100 and len(own) == 1
    assert set(list(mine)[:1]) == set(own) and not set(own) & set(others)


def test_what_is_written_during_the_build_is_found(filled: Store) -> None:
    written: list[int] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            number = len(written)
            with filled.connection() as connection:
                new = [chunk(0, "late", vectors(1, seed=1000 + number)[0])]
                add(connection, f"late-{number}", number, new)
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert dense_index.refresh(filled, BUILD)
    finally:
        done.set()
        writer.join()
    assert len(written) > 1
    for number in written:
        query = vectors(1, seed=1000 + number)[0]
        with filled.connection() as connection:
            near = dense.nearest(connection, query, 10, EVERYTHING, EF_SEARCH)
        assert next(iter(near.values())) == pytest.approx(1, abs=1e-3)


_BUILDER = """
import sys
from pathlib import Path
from frontdesk.db import dense_index
from frontdesk.db.errors import StoreError
from frontdesk.db.settings import DatabaseSettings, SearchSettings
from frontdesk.db.store import Store
with Store.open(DatabaseSettings(url=sys.argv[1]), Path()) as store:
    dense_index.refresh(store, SearchSettings(exact_below=1, m=48, ef_construction=400))
"""


def until(condition: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def answers(store: Store) -> bool:
    """Whether a question gets through; one that was under way when the server died does not."""
    try:
        with store.connection() as connection:
            return bool(connection.execute("SELECT 1").fetchone())
    except StoreError:
        return False


def building(store: Store) -> bool:
    """Whether the graph is being made."""
    with store.connection() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'building%'"
        ).fetchone()
        return bool(row and row[0])


def test_a_killed_client_leaves_a_build_that_goes_on(filled: Store) -> None:
    process = subprocess.Popen([sys.executable, "-c", _BUILDER, filled.url])
    until(lambda: building(filled))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with filled.connection() as connection:
        index = dense_index.index(connection)
    assert index is not None
    assert index.valid or index.building  # which `frontdesk doctor` tells
    assert not dense_index.refresh(filled, SLOW)  # somebody is at it, or was quick
    until(lambda: valid(filled))
    assert shares(filled) >= 0.95


def server(data_dir: Path) -> int:
    """The process that the data folder's server runs in."""
    return int((data_dir / "postgres/postmaster.pid").read_text().splitlines()[0])


def test_a_killed_server_leaves_a_store_that_searches_and_builds_again(tmp_path: Path) -> None:
    with Store.open(DatabaseSettings(), tmp_path) as store:
        fill(store, COUNT)
        process = subprocess.Popen(
            [sys.executable, "-c", _BUILDER, store.url], stderr=subprocess.DEVNULL
        )
        until(lambda: building(store))
        pid = server(tmp_path)
        os.kill(pid, signal.SIGKILL)
        # An old backend may still answer before it sees that its server is gone.
        until(lambda: answers(store) and server(tmp_path) != pid)
        with store.connection() as connection:
            index = dense_index.index(connection)
            near = chunks.nearest(connection, vectors(1)[0], 10, EVERYTHING)
        assert index is not None and not index.valid and not index.building
        assert len(near) == 10
        process.wait()
        assert dense_index.refresh(store, BUILD)
        assert valid(store) and shares(store) >= 0.95
