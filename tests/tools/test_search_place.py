"""A question about one place is not answered from the page of another."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from frontdesk.db.chunks import Filter
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.tools.feeds.department import Department
from frontdesk.tools.search import Searcher
from frontdesk.tools.wait_times import WaitTimes

EAST, NORTH, LARCH = "Eastmoor Hospital", "Northgate Hospital", "Larchfield Clinic"
PAGES = {
    "east.md": f"# {EAST}\n\nThe lobby opens at 6 am.\n\n## Parking\n\nParking costs $1.00 an hour"
    " and $5.00 a day. The shuttle to Northgate Hospital leaves at 7:15 am on weekdays.\n",
    "north.md": f"# {NORTH}\n\nFrom the highway take exit 212 and follow Larch Street.\n",
    "prices.md": "# Car parks\n\n## Northgate\n\nThe garage is $4.50 an hour.\n\n"
    "## Eastmoor\n\nThe open lot is $1.00 an hour.\n",
    "general.md": "# Paying for the car park\n\nMachines take cards and coins everywhere.\n",
}


@dataclass(frozen=True)
class Settings:
    site: SiteSettings = field(default_factory=SiteSettings)
    chunks: ChunkSettings = field(default_factory=ChunkSettings)


@pytest.fixture(scope="module")
def searcher(
    module_store: Store, embedder: GGUFEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Searcher]:
    folder: Path = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (folder / name).write_text(text)
    ingest(module_store, [str(folder)], Settings(), embedder=embedder)
    now = datetime.now(UTC)
    waits = WaitTimes.fixed(
        Department.model_validate(
            {"site": site, "department": "Emergency", "minutes": 5, "state": "ok"}
            | {"fetched_at": now}
        )
        for site in (EAST, NORTH, LARCH)
    )
    yield Searcher(module_store, embedder, places=waits.match)


def said(searcher: Searcher, query: str) -> str:
    passages = searcher.search(query, top_k=10).passages
    return " ".join(sentence for passage in passages for sentence in passage.sentences)


@pytest.mark.parametrize("place", ["northgate", "Northgate Hospital", "nortgate"])
def test_the_prices_of_another_place_are_left_out(searcher: Searcher, place: str) -> None:
    found = said(searcher, f"how much is parking at {place}")
    assert "$4.50" in found and "Machines take cards" in found
    assert "$1.00" not in found and "$5.00" not in found


def test_a_sentence_that_names_the_place_stays(searcher: Searcher) -> None:
    found = said(searcher, "when does the shuttle to northgate leave")
    assert "leaves at 7:15 am" in found
    assert "The lobby opens" not in found


def test_a_narrowed_passage_keeps_text_sentences_and_vectors_together(searcher: Searcher) -> None:
    result = searcher.search("shuttle to northgate", top_k=10)
    assert any(len(passage.sentences) == 1 for passage in result.passages)
    for passage, vectors in zip(result.passages, result.sentence_vectors, strict=True):
        assert vectors.shape == (len(passage.sentences), 384)
        assert all(sentence in passage.text for sentence in passage.sentences)


def test_two_places_asked_for_are_both_told(searcher: Searcher) -> None:
    found = said(searcher, "is parking dearer at northgate or at eastmoor")
    assert "$4.50" in found and "$1.00" in found


def test_no_place_named_takes_nothing_away(searcher: Searcher) -> None:
    assert len(searcher.search("how much is parking", top_k=10).passages) >= len(PAGES)


def test_a_place_without_a_word_about_it_leaves_the_general_pages(searcher: Searcher) -> None:
    found = said(searcher, "how much is parking at larchfield clinic")
    assert "Machines take cards" in found
    assert "$" not in found


def test_nothing_but_another_place_is_nothing_found(searcher: Searcher) -> None:
    (passage,) = {p.url: p for p in searcher.search("lobby").passages if "east" in p.url}.values()
    here = Filter(url=passage.url)
    assert searcher.search("when does the lobby open", wanted=here).passages
    assert not searcher.search("when does the larchfield lobby open", wanted=here).passages
