"""Read sites and files into the store, page by page.

    report = ingest(store, ["https://example.org/", "handbook.pdf"], settings, embedder=embedder)

Each page is one transaction: it is there whole, or not at all, whenever the run is killed. A
second run asks only for what changed, and embeds only that.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from frontdesk.db import pages
from frontdesk.db.ingest.chunk import ModelChunker
from frontdesk.db.ingest.chunkers import make_chunker
from frontdesk.db.ingest.client import Fetched
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.indexing import index_meanings
from frontdesk.db.ingest.prepare import prepare, recipe
from frontdesk.db.ingest.report import IngestReport, OnEvent
from frontdesk.db.ingest.run import Run
from frontdesk.db.ingest.site import read_site
from frontdesk.db.ingest.sources import SourceError, documents_in, split_sources
from frontdesk.db.settings import ChunkSettings, SearchSettings, SiteSettings
from frontdesk.db.store import Store

__all__ = ["IngestReport", "IngestSettings", "SourceError", "ingest"]


class IngestSettings(Protocol):
    """The part of the settings that ingestion reads."""

    @property
    def site(self) -> SiteSettings: ...
    @property
    def chunks(self) -> ChunkSettings: ...


def ingest(
    store: Store,
    sources: Sequence[str],
    settings: IngestSettings,
    *,
    embedder: Embedder,
    on_event: OnEvent | None = None,
    chunker: ModelChunker | None = None,
    search: SearchSettings | None = None,
) -> IngestReport:
    """Read `sources` (URLs, files or folders) into the store and report what happened.

    What cannot be read is in the report; the run goes on. A `chunker` given here goes before the
    one in the settings, and its cost is in the report. `search` says when a large store is indexed
    by meaning. Raises `SourceError` for a source that is neither a URL nor there, and `StoreError`
    when the database fails: what was stored stays.
    """
    urls, paths = split_sources(sources)
    cutter = chunker or make_chunker(settings.chunks, embedder)
    cost = chunker.cost if chunker else None
    run = Run(
        store, embedder, cutter, recipe(settings.chunks, cost.model if cost else ""), on_event
    )
    run.report.chunking = cost
    number = run.begin()
    for path in paths:
        read_path(run, path, settings.site.max_page_bytes)
    if urls:
        read_site(run, urls, settings.site)
    run.index()
    index_meanings(run, search)
    run.end(number)
    return run.report


def read_path(run: Run, path: Path, max_bytes: int) -> None:
    """Read a file, or every document below a folder; forget those that are gone."""
    source = path.as_uri()
    files = documents_in(path)
    run.report.found += len(files)
    with run.store.connection() as connection:
        known = pages.known(connection, [source])
    for file in files:
        _read_file(run, file, source, known.get(file.as_uri()), max_bytes)
    gone = set(known) - {file.as_uri() for file in files}
    run.retire(sorted(gone), grace_runs=0)


def _read_file(
    run: Run, file: Path, source: str, known: pages.KnownPage | None, max_bytes: int
) -> None:
    url = file.as_uri()
    try:
        size = file.stat().st_size
        body = file.read_bytes() if size <= max_bytes else b""
    except OSError as error:
        run.fail(url, error.strerror or str(error))
        return
    if size > max_bytes:
        run.fail(url, f"{size} bytes, more than the limit of {max_bytes}")
        return
    fetched = Fetched(url, 200, {}, body, None, None, datetime.now(UTC), 0.0)
    run.got(fetched, url)
    same = known if known and known.recipe == run.recipe else None
    prepared = prepare(body, url, "", "", run.chunker, same)
    if prepared.error:
        run.fail(url, prepared.error)
    elif prepared.document is None:
        run.confirm(url, fetched, prepared.body_hash)
    else:
        run.write(fetched, url, source, prepared)
