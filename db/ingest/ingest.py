"""Read sites and files into the store, page by page.

    report = ingest(store, ["https://example.org/", "handbook.pdf"], settings, embedder=embedder)

Each page is one transaction: it is there whole, or not at all, whenever the run is killed. A
second run asks only for what changed, and embeds only that.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Protocol

from frontdesk.db import pages
from frontdesk.db.ingest.aids import Aids, reads_scans
from frontdesk.db.ingest.chunk import ModelChunker
from frontdesk.db.ingest.chunkers import make_chunker
from frontdesk.db.ingest.client import Fetched
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.indexing import index_meanings
from frontdesk.db.ingest.prepare import prepare, recipe
from frontdesk.db.ingest.report import IngestReport, OnEvent
from frontdesk.db.ingest.retriever import Retriever
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
    retriever: Retriever | None = None,
) -> IngestReport:
    """Read `sources` (URLs, files or folders) into the store and report what happened.

    What cannot be read is in the report; the run goes on. A `chunker` given here goes before the
    one in the settings, and its cost is in the report. `search` says when a large store is indexed
    by meaning. With a `retriever` chunks are found by its vectors; those stored without get them
    now. Raises `SourceError` for a source that is neither a URL nor there, and `StoreError` when
    the database fails: what was stored stays.
    """
    urls, paths = split_sources(sources)
    cutter = chunker or make_chunker(settings.chunks, embedder)
    cost = chunker.cost if chunker else None
    told = recipe(settings.chunks, cost.model if cost else "")
    with Run(store, embedder, cutter, told, on_event, retriever=retriever) as run:
        run.report.chunking = cost
        run.embed_anew()
        for path in paths:
            read_path(run, path, settings.site)
        if urls:
            read_site(run, urls, settings.site)
        run.settle()
        run.index()
        index_meanings(run, search)
    return run.report


def read_path(run: Run, path: Path, settings: SiteSettings) -> None:
    """Read a file, or every document below a folder; forget those that are gone."""
    source = path.as_uri()
    aids = Aids(ocr=reads_scans(settings))
    files = documents_in(path, images=aids.ocr)
    run.report.found += len(files)
    known = run.known([source])
    for file in files:
        page = known.get(file.as_uri())
        same = page if page and page.recipe == run.recipe else None
        _read_file(run, file, source, same, aids, settings.max_page_bytes)
    gone = set(known) - {file.as_uri() for file in files}
    run.retire(sorted(gone), grace_runs=0)


def _read_file(
    run: Run,
    file: Path,
    source: str,
    known: pages.KnownPage | None,
    aids: Aids,
    max_bytes: int,
) -> None:
    url = file.as_uri()
    try:
        status = file.stat()
        body = file.read_bytes() if status.st_size <= max_bytes else b""
    except OSError as error:
        run.fail(url, error.strerror or str(error))
        return
    if status.st_size > max_bytes:
        run.fail(url, f"{status.st_size} bytes, more than the limit of {max_bytes}")
        return
    changed = formatdate(status.st_mtime, usegmt=True)
    fetched = Fetched(url, 200, {}, body, None, changed, datetime.now(UTC), 0.0)
    run.got(fetched, url)
    prepared = prepare(fetched, run.chunker, known, aids)
    if prepared.error:
        run.fail(url, prepared.error)
    elif prepared.is_unchanged:
        run.confirm(url, fetched, prepared)
    else:
        run.write(fetched, url, source, prepared)
