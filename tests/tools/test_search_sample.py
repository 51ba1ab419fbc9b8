"""Searching pages of the sample organisation: what is sure, what is a copy, what a filter leaves.

The questions that have no answer here are those of a polytechnic and of a credit union.
"""

import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from frontdesk.db.chunks import Filter
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.tools.search import Searcher

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "kestrel-valley"
ELSEWHERE = ("pellworth-polytechnic", "ferrybrook-credit-union")
COPIES = 24


class Reading:
    """What ingestion reads of the settings."""

    site = SiteSettings()
    chunks = ChunkSettings()


@pytest.fixture(scope="module")
def searcher(
    module_store: Store, embedder: GGUFEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Searcher:
    """The pages for patients, those in French, and one page on many addresses."""
    folder = tmp_path_factory.mktemp("site")
    for section in ("patients", "fr"):
        (folder / section).mkdir()
        for file in (SAMPLE / "site" / section).glob("*.html"):
            (folder / section / file.name).write_bytes(file.read_bytes())
    original = (SAMPLE / "site/services/dental.html").read_text("utf-8")
    (folder / "copies").mkdir()
    for number in range(COPIES):
        copy = re.sub(r'<link rel="canonical"[^>]*>', "", original)
        (folder / "copies" / f"dental-{number}.html").write_text(
            copy.replace("</main>", f"<p>Branch {'abcdefghijklmnopqrstuvwxyz'[number]}.</p></main>")
        )
    ingest(module_store, [str(folder)], Reading(), embedder=embedder)
    return Searcher(module_store, embedder)


def answerable() -> list[str]:
    lines = (SAMPLE / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [row["q"] for row in rows if any(u.startswith("/patients/") for u in row["url"])]


def unanswerable() -> list[str]:
    asked: list[str] = []
    for name in ELSEWHERE:
        lines = (ROOT / "tests/corpora" / name / "questions.jsonl").read_text("utf-8").splitlines()
        asked += [row["q"] for row in map(json.loads, lines) if row.get("step") == "search"][:40]
    return asked


def test_confidence_tells_what_is_answered_here_from_what_is_not(searcher: Searcher) -> None:
    here = np.array([searcher.search(question).confidence for question in answerable()])
    elsewhere = np.array([searcher.search(question).confidence for question in unanswerable()])
    assert len(here) > 60 and len(elsewhere) == 80
    assert (here >= 0.5).mean() > 0.6
    assert (elsewhere >= 0.5).mean() < 0.2
    better = (here[:, None] > elsewhere[None, :]).mean()  # the area under the curve
    assert better > 0.85


def test_a_page_on_many_addresses_is_found_once(searcher: Searcher) -> None:
    found = searcher.search("is dental care free for children", top_k=6).passages
    assert len(found) == 6  # what else there is, not fewer
    copied = [passage.text for passage in found if "/copies/" in passage.url]
    assert copied and len(set(copied)) == len(copied)


def test_the_current_version_wins_however_near_the_old_one_is(
    searcher: Searcher, module_store: Store
) -> None:
    question = "visiting policy hours"
    names = [p.url.rpartition("/")[2] for p in searcher.search(question, top_k=10).passages]
    old, current = "visiting-policy-2022.html", "visiting-policy-2025.html"
    assert {old, current} <= set(names)  # alike but for their numbers: no copies
    with module_store.connection() as connection:  # on a site its link names the newer page
        connection.execute(
            "UPDATE pages SET superseded_by = (SELECT url FROM pages WHERE url LIKE %s)"
            " WHERE url LIKE %s AND superseded_by IS NOT NULL",
            [f"%{current}", f"%{old}"],
        )
    for top_k in (3, 10):
        found = searcher.search(question, top_k=top_k).passages
        names = [passage.url.rpartition("/")[2] for passage in found]
        assert current in names
        assert old not in names or names.index(current) < names.index(old)


@pytest.mark.parametrize("question", ["heures de visite", "parking", "what does a copy cost"])
def test_filters_leave_what_was_asked_for(searcher: Searcher, question: str) -> None:
    french = searcher.search(question, wanted=Filter(language="fr")).passages
    assert french and all(passage.language == "fr" for passage in french)
    patients = searcher.search(question, wanted=Filter(section="patients")).passages
    assert len(patients) == 6 and all(passage.section == "patients" for passage in patients)
    since = date(2026, 6, 1)
    recent = searcher.search(question, wanted=Filter(published_since=since)).passages
    assert recent and all(p.published_on and p.published_on >= since for p in recent)
    nothing = Filter(language="fr", section="patients")
    assert not searcher.search(question, wanted=nothing).passages


def test_a_filter_changes_what_is_compared_and_not_how(searcher: Searcher) -> None:
    question = "how much is parking for a week"
    everywhere = searcher.search(question, top_k=3).passages
    section = everywhere[0].section
    assert section == "patients"
    within = searcher.search(question, top_k=3, wanted=Filter(section=section)).passages
    same = {passage.chunk_id: passage for passage in within}[everywhere[0].chunk_id]
    assert same.lexical == pytest.approx(everywhere[0].lexical) and same.lexical > 0
    assert same.dense == pytest.approx(everywhere[0].dense, abs=1e-6)
