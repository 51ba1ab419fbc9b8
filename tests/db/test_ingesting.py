"""Ingestion into a real store: whole pages or none, nothing twice, nothing that is gone."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from frontdesk.db.chunks import Filter
from frontdesk.db.errors import StoreError
from frontdesk.db.ingest import patience
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import SourceError, ingest
from frontdesk.db.ingest.report import IngestEvent, IngestReport
from frontdesk.db.server import EmbeddedServer
from frontdesk.db.settings import ChunkSettings, DatabaseSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.tools.search import Searcher


@dataclass(frozen=True)
class Settings:
    site: SiteSettings = field(default_factory=SiteSettings)
    chunks: ChunkSettings = field(default_factory=ChunkSettings)


def html(title: str, body: str, head: str = "") -> str:
    return (
        f"<html lang='en'><head><title>{title}</title>{head}</head>"
        f"<body><main><h1>{title}</h1>{body}</main></body></html>"
    )


def snapshot(store: Store) -> list[tuple[Any, ...]]:
    """All that is searchable, without ids and times."""
    with store.connection() as connection:
        return connection.execute(
            "SELECT p.url, p.title, p.superseded_by, c.ordinal, c.heading, c.text, c.sentences,"
            " length(c.sentence_vectors) FROM pages p LEFT JOIN chunks c ON c.page_id = p.id"
            " ORDER BY p.url, c.ordinal"
        ).fetchall()


@pytest.fixture
def read(store: Store, embedder: GGUFEmbedder, site: Any) -> Any:
    """Ingest the loopback site once and return the report."""

    def run(**options: Any) -> IngestReport:
        settings = Settings(SiteSettings(trusted_hosts=(site.host,), retries=0, **options))
        return ingest(store, [site.url], settings, embedder=embedder)

    return run


@pytest.fixture
def town(site: Any) -> Any:
    """A site of three pages."""
    site.put("/", html("Town", "<p>Welcome to town. <a href='/fees'>Fees</a> apply.</p>"))
    site.put(
        "/fees",
        html("Fees", "<h2>Parking</h2><p>It costs $2. <a href='/pool'>Pool</a> too.</p>"),
        ETag='"1"',
    )
    site.put("/pool", html("Pool", "<p>The pool opens at 6 am.</p>"))
    return site


def test_a_second_run_changes_nothing_and_embeds_nothing(
    town: Any, read: Any, store: Store
) -> None:
    first = read()
    before = snapshot(store)
    second = read()
    assert (first.stored, first.unchanged) == (3, 0) and first.chunks == 3
    assert (second.stored, second.unchanged, second.embedding_seconds) == (0, 3, 0.0)
    assert snapshot(store) == before and len(before) == 3
    assert ("/fees", '"1"') in [(p, h.get("if-none-match")) for p, h in town.requests]


def test_a_server_that_knows_only_dates_is_asked_by_them(
    site: Any, read: Any, store: Store
) -> None:
    stamp = "Sun, 01 Mar 2026 10:00:00 GMT"

    def page(request: BaseHTTPRequestHandler) -> None:
        same = request.headers.get("If-Modified-Since") == stamp
        body = b"" if same else html("Home", "<p>It opens at 8.</p>").encode()
        request.send_response(304 if same else 200)
        request.send_header("Last-Modified", stamp)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    site.pages["/"] = page
    assert (read().stored, read().unchanged) == (1, 1)
    asked = [headers.get("if-modified-since") for path, headers in site.requests if path == "/"]
    assert asked == [None, stamp]


def test_a_changed_page_replaces_its_chunks(town: Any, read: Any, store: Store) -> None:
    read()
    town.put("/pool", html("Pool", "<p>The pool opens at 7 am.</p><h2>Sauna</h2><p>Hot.</p>"))
    assert read().stored == 1
    texts = [row[5] for row in snapshot(store)]
    assert "The pool opens at 7 am." in texts and "The pool opens at 6 am." not in texts


def test_new_markup_around_the_same_words_is_no_change(town: Any, read: Any) -> None:
    read()
    town.put("/pool", "<!-- build 2 -->" + html("Pool", "<p>The  pool opens\nat 6 am.</p>"))
    assert read().unchanged == 3


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_removed_after_a_grace_run(
    town: Any, read: Any, store: Store, status: int
) -> None:
    read()
    town.pages["/pool"].status = status
    report = read()
    assert (report.missing, report.removed, len(snapshot(store))) == (1, 0, 3)
    report = read()
    assert (report.missing, report.removed, len(snapshot(store))) == (0, 1, 2)


def test_a_page_that_comes_back_in_time_stays(town: Any, read: Any, store: Store) -> None:
    read()
    kept = town.pages.pop("/pool")
    read()
    town.pages["/pool"] = kept
    read()
    del town.pages["/pool"]
    assert read().removed == 0 and len(snapshot(store)) == 3


def test_an_unlinked_page_that_still_answers_stays(town: Any, read: Any, store: Store) -> None:
    read()
    town.put("/fees", html("Fees", "<p>Nothing is linked here.</p>"), ETag='"2"')
    for _ in range(3):
        read()
    assert len(snapshot(store)) == 3


def test_an_outage_removes_nothing(town: Any, read: Any, store: Store) -> None:
    read()
    before = snapshot(store)
    for path in list(town.pages):
        town.pages[path].status = 500
    for _ in range(3):
        report = read()
    assert report.removed == 0 and not report.ok
    assert all("500" in problem.reason for problem in report.failed)
    assert snapshot(store) == before


def test_settings_of_the_chunker_read_every_page_anew(
    town: Any, store: Store, embedder: GGUFEmbedder
) -> None:
    for words, stored in ((150, 3), (150, 0), (40, 3)):
        settings = Settings(
            SiteSettings(trusted_hosts=(town.host,)), ChunkSettings(max_words=words)
        )
        assert ingest(store, [town.url], settings, embedder=embedder).stored == stored


def test_copies_canonical_addresses_and_noindex(site: Any, read: Any, store: Store) -> None:
    site.put("/", html("Home", "<a href='/a?print=1'>a</a> <a href='/b'>b</a> <a href='/c'>c</a>"))
    canonical = "<link rel='canonical' href='/a'>"
    site.put("/a?print=1", html("A", "<p>The same words.</p>", canonical))
    site.put("/b", html("A", "<p>The same words.</p>"))
    site.put("/c", html("C", "<p>Private.</p>", "<meta name='robots' content='noindex'>"))
    read()
    kept = [row[0].removeprefix(site.url) for row in snapshot(store)]
    assert kept in (["/", "/a"], ["/", "/b"])  # whichever arrived first
    for _ in range(3):
        report = read()
        assert [row[0].removeprefix(site.url) for row in snapshot(store)] == kept
    reasons = " ".join(problem.reason for problem in report.skipped)
    assert "same text" in reasons and "not to be indexed" in reasons


def test_a_copy_takes_the_place_of_its_original(site: Any, read: Any, store: Store) -> None:
    site.put("/", html("Home", "<p>Home.</p><a href='/a'>a</a>"))
    site.put("/a", html("A", "<p>The same words.</p>"))
    read()
    site.put("/", html("Home", "<p>Home.</p><a href='/b'>b</a>"))
    site.pages["/b"] = site.pages.pop("/a")
    for _ in range(2):
        read()
        assert "The same words." in [row[5] for row in snapshot(store)]
    assert [row[0].removeprefix(site.url) for row in snapshot(store)] == ["/", "/b"]


def test_an_old_version_is_marked_with_the_new_one(site: Any, read: Any, store: Store) -> None:
    site.put("/", html("Home", "<a href='/old'>old</a> <a href='/new'>new</a>"))
    notice = "<p>This policy is no longer in force. It was replaced by <a href='/new'>ours</a>.</p>"
    site.put("/old", html("Policy", notice))
    site.put("/new", html("Policy 2", "<p>It replaces the policy of 2022.</p>"))
    read()
    marks = {row[0].removeprefix(site.url): row[2] for row in snapshot(store)}
    assert marks == {"/": None, "/new": None, "/old": f"{site.url}/new"}


def test_files_and_folders(tmp_path: Path, store: Store, embedder: GGUFEmbedder) -> None:
    settings = Settings(SiteSettings(ocr="never"))
    (tmp_path / "a.md").write_text("# A\n\nAlpha opens at 8.\n")
    (tmp_path / "sub folder").mkdir()
    (tmp_path / "sub folder" / "b.txt").write_text("Beta opens at 9.")
    (tmp_path / "pic.png").write_bytes(b"\x89PNG")
    (tmp_path / "bad.pdf").write_bytes(b"\x00\x01")
    report = ingest(store, [str(tmp_path)], settings, embedder=embedder)
    assert report.stored == 2 and [p.url.endswith("bad.pdf") for p in report.failed] == [True]
    wanted = Filter(section="sub folder")
    found = Searcher(store, embedder).search("when does it open", wanted=wanted).passages
    assert [passage.text for passage in found] == ["Beta opens at 9."]
    assert found[0].published_on == date.today()  # it states no date: the day it was saved
    (tmp_path / "sub folder" / "b.txt").unlink()
    report = ingest(store, [str(tmp_path)], settings, embedder=embedder)
    assert (report.unchanged, report.removed) == (1, 1)
    assert [row[5] for row in snapshot(store)] == ["Alpha opens at 8."]


@pytest.mark.parametrize("source", ["no such thing", "/no/such/path", "gopher://x.example/"])
def test_a_source_that_is_nothing_gives_one_line(
    source: str, store: Store, embedder: GGUFEmbedder
) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        ingest(store, [source], Settings(), embedder=embedder)


def test_hostile_pages_are_reported_and_the_run_goes_on(town: Any, read: Any) -> None:
    links = "".join(f"<a href='/{name}'>x</a>" for name in ("deep", "null", "empty", "binary"))
    town.put("/", html("Town", f"<p>Welcome.</p>{links}<a href='/pool'>p</a>"))
    town.put("/deep", "<div>" * 50_000 + "deep")
    town.put("/null", html("Null", "<p>With a \x00 in it.</p>"))
    town.put("/empty", "")
    town.put("/binary", "\x00\x01\x02" * 50)
    report = read()
    assert report.complete and {"/pool", "/"} <= {
        row.removeprefix(town.url) for row in stored_urls(report, town)
    }


def stored_urls(report: IngestReport, site: Any) -> set[str]:
    failed = {problem.url for problem in report.failed}
    return {f"{site.url}{path}" for path in site.pages} - failed


def test_events_carry_the_counts(town: Any, store: Store, embedder: GGUFEmbedder) -> None:
    seen: list[tuple[str, int]] = []

    def note(event: IngestEvent) -> None:
        seen.append((event.kind, event.report.stored))

    settings = Settings(SiteSettings(trusted_hosts=(town.host,)))
    ingest(store, [town.url], settings, embedder=embedder, on_event=note)
    assert [count for kind, count in seen if kind == "stored"] == [1, 2, 3]


_KILLED = """
import sys, tempfile, os
from pathlib import Path
from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, DatabaseSettings, SiteSettings
from frontdesk.db.store import Store
class Settings:
    site = SiteSettings(trusted_hosts=(sys.argv[2].removeprefix("http://"),))
    chunks = ChunkSettings()
encoder = GGUFEmbedder(encoder_path(Path(tempfile.gettempdir()) / f"frontdesk-tests-{os.getuid()}"))
with Store.open(DatabaseSettings(url=sys.argv[1]), Path()) as store:
    ingest(store, [sys.argv[2]], Settings(), embedder=encoder,
           on_event=lambda event: print(event.kind, flush=True))
"""


def test_killed_at_any_moment_it_resumes_to_the_same_state(
    site: Any, read: Any, store: Store
) -> None:
    links = "".join(f"<a href='/{n}'>{n}</a>" for n in range(12))
    site.put("/", html("Home", f"<p>Home page.</p>{links}"))
    for n in range(12):
        site.put(f"/{n}", html(f"Page {n}", f"<h2>A</h2><p>Alpha {n}.</p><h2>B</h2><p>B {n}.</p>"))
    moments = random.Random(8)
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, store.url, site.url],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(moments.randrange(1, 40)):
            process.stdout.readline()
        time.sleep(moments.random() / 50)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with store.connection() as connection:
            half = connection.execute(
                "SELECT count(*) FROM pages p WHERE url ~ '/[0-9]+$' AND"
                " (SELECT count(*) FROM chunks c WHERE c.page_id = p.id) <> 2"
            ).fetchone()
        assert half == (0,)
    report = read()
    assert report.stored + report.unchanged == 13
    resumed = snapshot(store)
    with store.connection() as connection:
        connection.execute("TRUNCATE pages CASCADE")
    assert read().stored == 13
    assert snapshot(store) == resumed


def test_a_database_that_dies_in_the_middle_is_waited_for(
    town: Any, embedder: GGUFEmbedder, tmp_path: Path
) -> None:
    settings = Settings(SiteSettings(trusted_hosts=(town.host,)))
    with Store.open(DatabaseSettings(), tmp_path) as store:

        def strike(event: IngestEvent) -> None:
            if event.kind == "stored" and event.report.stored == 1:
                pid = int((tmp_path / "postgres/postmaster.pid").read_text().splitlines()[0])
                os.kill(pid, signal.SIGKILL)
                time.sleep(0.2)

        report = ingest(store, [town.url], settings, embedder=embedder, on_event=strike)
        assert report.complete and report.stored == 3 and not report.failed
        assert len(snapshot(store)) == 3
        again = ingest(store, [town.url], settings, embedder=embedder)
        assert (again.stored, again.unchanged) == (0, 3)


def test_a_database_that_stays_away_is_one_line(
    town: Any, embedder: GGUFEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database by URL is not ours to start: the run ends, and the next one goes on."""
    monkeypatch.setattr(patience, "LONGEST", 2.0)
    server = EmbeddedServer(tmp_path / "postgres")
    server.start()
    settings = Settings(SiteSettings(trusted_hosts=(town.host,)))
    database = DatabaseSettings(url=server.url, connect_timeout_seconds=1)
    with Store.open(database, tmp_path) as store:

        def strike(event: IngestEvent) -> None:
            if event.kind == "stored" and event.report.stored == 1:
                pid = int((tmp_path / "postgres/postmaster.pid").read_text().splitlines()[0])
                os.kill(pid, signal.SIGKILL)

        with pytest.raises(StoreError) as caught:
            ingest(store, [town.url], settings, embedder=embedder, on_event=strike)
        assert "\n" not in str(caught.value)
        server.start()
        report = ingest(store, [town.url], settings, embedder=embedder)
        assert report.stored + report.unchanged == 3 and len(snapshot(store)) == 3
    server.release()
