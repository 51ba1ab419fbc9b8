"""`frontdesk ingest --chunker agentic`, in processes of its own, on a model of random weights.

What such a model decides means nothing; that every page is there, whole and the same again, does.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desks import Desk, failed

from frontdesk.agents.small.prompt import CHUNK_MARKERS, MARKERS, SLOT_SIZE
from frontdesk.db.store import Store
from frontdesk.graphs.settings import Settings

sys.path.append(str(Path(__file__).parents[1] / "agents"))  # random_model is there

from random_model import write_model

SLOTS = tuple(f"<|slot_{n}|>" for n in range(SLOT_SIZE))
PAGES = 6
PATIENCE = 300  # seconds for one command: other work may share the machine


@pytest.fixture
def desk(write_desk: Callable[[], Desk], tmp_path: Path) -> Desk:
    """A desk whose model knows the chunker's words."""
    return with_model(write_desk(), tmp_path / "random-small.gguf", MARKERS)


def with_model(desk: Desk, path: Path, markers: tuple[str, ...]) -> Desk:
    write_model(path, markers=(*markers, *SLOTS))
    return replace(desk, environment={**desk.environment, "FRONTDESK_MODEL__PATH": str(path)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few pages of several sections."""
    pages = tmp_path / "pages"
    pages.mkdir()
    for n in range(PAGES):
        text = "".join(
            f"\n## Part {part}\n\nRoom {n}{part} is upstairs. It opens at {part + 7}. Bring:\n\n"
            f"- card {part}\n- form {n}\n"
            for part in range(6)
        )
        (pages / f"page-{n}.md").write_text(f"# Page {n}\n{text}")
    return pages


def chunks(desk: Desk) -> list[tuple[Any, ...]]:
    """All that is searchable, without ids and times."""
    settings = Settings.load(desk.config)
    with Store.open(settings.database, settings.data_dir) as store, store.connection() as open_one:
        return open_one.execute(
            "SELECT p.url, c.ordinal, c.heading, c.text, c.sentences FROM pages p"
            " LEFT JOIN chunks c ON c.page_id = p.id ORDER BY p.url, c.ordinal"
        ).fetchall()


@pytest.mark.timeout(600)
def test_it_reports_what_the_model_cost_and_asks_it_once(desk: Desk, folder: Path) -> None:
    command = ("ingest", str(folder), "--chunker", "agentic")
    report = json.loads(desk.run(*command, "--json", timeout=PATIENCE).stdout)
    assert report["stored"] == PAGES and report["complete"]
    cost = report["chunking"]
    # Of 30 sentences a page each is asked about, and all but the first placed.
    assert cost["model"] == "random-small" and cost["calls"] == PAGES * (2 * 30 - 1)
    assert cost["tokens"] > cost["calls"] and cost["seconds"] > 0
    again = desk.run(*command, timeout=PATIENCE)
    assert f"{PAGES} unchanged" in again.stdout and "0 calls of random-small" in again.stdout
    anew = desk.run(*command, "--no-resume", "--json", timeout=PATIENCE)
    assert json.loads(anew.stdout)["chunking"]["calls"] == cost["calls"]
    other = desk.run("ingest", str(folder), "--chunker", "document", "--json", timeout=PATIENCE)
    assert json.loads(other.stdout)["stored"] == PAGES  # another chunker, so everything anew


@pytest.mark.timeout(900)
def test_killed_and_run_again_it_ends_the_same(desk: Desk, folder: Path) -> None:
    command = [sys.executable, "-m", "frontdesk.ui.cli", "ingest", str(folder)]
    command += ["--chunker", "agentic"]
    before = 0
    for wanted in (1, 3):
        process = subprocess.Popen(
            command, env=desk.environment, cwd=desk.config.parent, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE
        while before < wanted and process.poll() is None and time.monotonic() < until:
            time.sleep(0.3)
            before = len({row[0] for row in chunks(desk)})
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        found = chunks(desk)
        assert len({row[0] for row in found}) >= min(wanted, PAGES)
        assert all(row[3] for row in found), "a page without its chunks can be seen"
    assert desk.run(*command[3:], "--resume", timeout=PATIENCE).returncode == 0
    resumed = chunks(desk)
    assert sum(len(row[4]) for row in resumed) == PAGES * 30
    settings = Settings.load(desk.config)
    with Store.open(settings.database, settings.data_dir) as store, store.connection() as open_one:
        open_one.execute("TRUNCATE pages CASCADE")
    assert desk.run(*command[3:], timeout=PATIENCE).returncode == 0
    assert chunks(desk) == resumed


def test_a_model_that_cannot_chunk_says_so(
    write_desk: Callable[[], Desk], folder: Path, tmp_path: Path
) -> None:
    known = tuple(name for name in MARKERS if name not in CHUNK_MARKERS)
    desk = with_model(write_desk(), tmp_path / "desk-only.gguf", known)
    words = ("desk-only", "was not trained to chunk", "[chunks] chunker")
    failed(desk.run("ingest", str(folder), "--chunker", "agentic", timeout=PATIENCE), 1, *words)


def test_a_server_that_is_away_is_named_for_every_page(
    write_desk: Callable[[], Desk], folder: Path
) -> None:
    desk = write_desk()
    url = {"FRONTDESK_MODEL__URL": "http://127.0.0.1:9"}
    desk = replace(desk, environment={**desk.environment, **url})
    done = desk.run("ingest", str(folder), "--chunker", "agentic", timeout=PATIENCE)
    failed(done, 1, "page-0.md", "cannot be cut", "no model server answers at http://127.0.0.1:9")
