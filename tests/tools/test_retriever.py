"""Passages found by an encoder of the organisation's own: what it changes, and what it may not."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from frontdesk.db import chunks, dense_index, retrieval
from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.ingest.retriever import Retriever, embed_anew, open_retriever
from frontdesk.db.settings import ChunkSettings, SearchSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.tools.read_page import PageReader
from frontdesk.tools.search import Searcher

PLACES = ("harbour", "station", "museum", "library", "garden", "market", "theatre", "castle")
QUESTION = "what does parking cost at the museum"


class Reading:
    """What ingestion reads of the settings."""

    site = SiteSettings()
    chunks = ChunkSettings()


def write_adapter(path: Path, seed: int) -> Path:
    """Write an adapter that moves every vector, another way for each seed."""
    rng = np.random.default_rng(seed)
    stems = [
        f"encoder.layer.{n}.attention.self.{part}" for n in range(6) for part in ("key", "value")
    ]
    save_file(
        {
            f"{stem}.{name}": rng.normal(0, 0.09, shape).astype(np.float16)
            for stem in stems
            for name, shape in (("lora_A", (4, 384)), ("lora_B", (384, 4)))
        },
        path,
    )
    return path


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return [write_adapter(folder / f"bi-encoder-{seed}.safetensors", seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def retrievers(adapters: list[Path]) -> Iterator[list[Retriever]]:
    """Two encoders, neither of them the bundled one."""
    opened = [open_retriever(str(path), path.parent, threads=1) for path in adapters]
    found = [retriever for retriever in opened if retriever is not None]
    assert len({retriever.name for retriever in found}) == 2
    yield found
    for retriever in found:
        retriever.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pages of two sections each."""
    for n, place in enumerate(PLACES):
        (tmp_path / f"{place}.md").write_text(
            f"# The {place}\n\n## Parking\n\nParking at the {place} costs ${n + 2} an hour.\n\n"
            f"## Visiting\n\nThe {place} opens at {n + 1} in the morning. Children visit free.\n",
            "utf-8",
        )
    return tmp_path


def held(store: Store) -> set[tuple[str | None, bool]]:
    with store.connection() as connection:
        rows = connection.execute("SELECT retriever, retrieval IS NULL FROM chunks").fetchall()
    return {(row[0], row[1]) for row in rows}


def found(searcher: Searcher) -> list[tuple[int, float]]:
    return [(passage.chunk_id, passage.score) for passage in searcher.search(QUESTION).passages]


def by_vectors(store: Store, retriever: Retriever) -> list[int]:
    """The chunks by the cosines of this encoder, computed here."""
    with store.connection() as connection:
        numbers = [row[0] for row in connection.execute("SELECT id FROM chunks ORDER BY id")]
        rows = chunks.read(connection, numbers)
    texts = [rows[number].in_context() for number in numbers]
    cosines = retriever.embedder.embed(texts) @ retriever.embedder.embed([QUESTION])[0]
    return [numbers[i] for i in np.argsort(-cosines)]


def test_chunks_are_found_by_its_vectors_and_told_by_the_bundled_ones(
    store: Store, embedder: GGUFEmbedder, retrievers: list[Retriever], folder: Path
) -> None:
    (retriever, _) = retrievers
    ingest(store, [str(folder)], Reading(), embedder=embedder, retriever=retriever)
    assert held(store) == {(retriever.name, False)}
    plain = Searcher(store, embedder)
    tuned = Searcher(store, embedder, retriever=retriever)
    assert tuned.nearest(QUESTION, 16) == by_vectors(store, retriever)[:16]
    assert tuned.nearest(QUESTION, 16) != plain.nearest(QUESTION, 16)
    one, other = (searcher.search(QUESTION, top_k=16) for searcher in (plain, tuned))
    np.testing.assert_array_equal(one.query_vector, other.query_vector)
    known = {passage.chunk_id: passage.dense for passage in one.passages}
    for passage in other.passages:
        assert passage.dense == pytest.approx(known[passage.chunk_id], abs=1e-6)
    assert {p.chunk_id: p.score for p in one.passages} != {
        p.chunk_id: p.score for p in other.passages
    }
    assert one.confidence == pytest.approx(other.confidence)


def test_a_store_of_another_encoder_is_searched_by_the_bundled_one(
    store: Store,
    embedder: GGUFEmbedder,
    retrievers: list[Retriever],
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = retrievers
    report = ingest(store, [str(folder)], Reading(), embedder=embedder)
    plain = found(Searcher(store, embedder))
    for retriever in (first, second):
        caplog.clear()
        searcher = Searcher(store, embedder, retriever=retriever)
        with caplog.at_level(logging.WARNING, "frontdesk"):
            assert [found(searcher) for _ in range(2)] == [plain] * 2
        (told,) = [record.getMessage() for record in caplog.records]
        assert retriever.name in told and "run: frontdesk ingest" in told
        # Nothing is read again, only embedded; the searcher that is open goes on with it.
        again = ingest(store, [str(folder)], Reading(), embedder=embedder, retriever=retriever)
        assert (again.stored, again.unchanged) == (0, report.stored)
        assert held(store) == {(retriever.name, False)}
        assert searcher.nearest(QUESTION, 16) == by_vectors(store, retriever)[:16]
    # One chunk without its vector is enough to search by the bundled encoder again.
    with store.connection() as connection:
        connection.execute("UPDATE chunks SET retriever = NULL WHERE ordinal = 0")
        assert not retrieval.complete(connection, second.name)
    assert found(searcher) == plain


def test_what_was_killed_goes_on(
    store: Store,
    embedder: GGUFEmbedder,
    retrievers: list[Retriever],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (retriever, _) = retrievers
    count = ingest(store, [str(folder)], Reading(), embedder=embedder).chunks
    monkeypatch.setattr("frontdesk.db.ingest.retriever._BATCH", 5)

    class Dying:
        def embed(self, texts: Sequence[str]) -> Any:
            if len(held(store)) > 1:
                raise StoreError("killed")
            return retriever.embedder.embed(texts)

    with pytest.raises(StoreError, match="killed"):
        embed_anew(store, Retriever(retriever.name, Dying(), lambda: None))
    with store.connection() as connection:
        assert retrieval.count(connection, retriever.name) == 5
    assert embed_anew(store, retriever) == count - 5
    assert embed_anew(store, retriever) == 0


def test_the_index_of_a_large_store_is_over_its_vectors(
    store: Store, embedder: GGUFEmbedder, retrievers: list[Retriever], folder: Path
) -> None:
    (retriever, _) = retrievers
    settings = SearchSettings(exact_below=1)
    ingest(store, [str(folder)], Reading(), embedder=embedder, retriever=retriever, search=settings)
    with store.connection() as connection:
        assert dense_index.usable(connection, retriever.name)
        assert not dense_index.usable(connection)
    indexed = Searcher(store, embedder, settings, retriever=retriever).search(QUESTION)
    compared = Searcher(store, embedder, retriever=retriever).search(QUESTION)
    assert indexed.passages[0] == compared.passages[0]


def test_a_page_read_for_a_conversation_is_found_by_it(
    store: Store, embedder: GGUFEmbedder, retrievers: list[Retriever], site: Any
) -> None:
    (retriever, _) = retrievers
    site.put("/fees", "<h1>Fees</h1><p>A copy costs $15. It is ready in ten days.</p>")
    with GuardedClient((site.host,), 5.0, 10**6) as client:
        reader = PageReader(store, embedder, client, retriever=retriever)
        found = reader.read(f"{site.url}/fees", "what does a copy cost", thread="42")
    assert "costs $15" in found.passages[0].text
    assert held(store) == {(retriever.name, False)}


def test_a_file_that_is_no_adapter_is_named(tmp_path: Path) -> None:
    reader = tmp_path / "cross-encoder.safetensors"
    save_file({"intents.weight": np.zeros((5, 384), np.float16)}, reader)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no")
    for path in (reader, broken, tmp_path / "nowhere.safetensors"):
        with pytest.raises(StoreError, match=r"\[search\] encoder: .*" + path.name):
            open_retriever(str(path), tmp_path)
    assert open_retriever("", tmp_path) is None
