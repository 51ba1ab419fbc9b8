"""One run of ingestion: what is counted, told, embedded and written."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from psycopg.types.json import Jsonb

from frontdesk.db import chunks, lexical_segments, pages, versions
from frontdesk.db.ingest.chunk import Chunker
from frontdesk.db.ingest.client import Fetched
from frontdesk.db.ingest.dates import served_date
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.patience import patiently
from frontdesk.db.ingest.pipeline import Entry, Pipeline
from frontdesk.db.ingest.prepare import Prepared
from frontdesk.db.ingest.report import EventKind, IngestEvent, IngestReport, OnEvent, Problem
from frontdesk.db.ingest.retriever import Retriever, embed_anew
from frontdesk.db.store import Store

_INDEX_EVERY = 500  # pages; what is newer than the lexical index is scanned at every search


@dataclass
class Run:
    """The parts that a run works with, and its report as it stands.

    Documents are embedded and written in threads of their own: `settle` waits for those. Every
    method may raise the `StoreError` that one of them met.
    """

    store: Store
    embedder: Embedder
    chunker: Chunker
    recipe: str
    on_event: OnEvent | None = None
    report: IngestReport = field(default_factory=lambda: IngestReport(started_at=datetime.now(UTC)))
    retriever: Retriever | None = None

    def __post_init__(self) -> None:
        self._since_index = 0
        self._began = time.monotonic()
        self._telling = threading.Lock()

    def __enter__(self) -> Self:
        """Write that a run has begun, and start its threads."""
        self._number = patiently(self._begin)
        self._pipeline = Pipeline(self.embedder, self._write, self.retriever)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the report when all went well; what was stored stays in any case."""
        self._pipeline.close(abandon=kind is not None)
        if kind is None:
            patiently(self._end)

    def known(self, sources: Sequence[str]) -> dict[str, pages.KnownPage]:
        """Return the pages of these sites or folders that earlier runs left, by URL."""

        def read() -> dict[str, pages.KnownPage]:
            with self.store.connection() as connection:
                return pages.known(connection, sources)

        return patiently(read)

    def tell(self, kind: EventKind, url: str, reason: str = "") -> None:
        """Let the caller know, one thread at a time."""
        with self._telling:
            self.report.seconds = time.monotonic() - self._began
            if self.on_event is not None:
                self.on_event(IngestEvent(kind, url, self.report, reason))

    def fail(self, url: str, reason: str) -> None:
        """Report a document that could not be read."""
        self.report.failed.append(Problem(url=url, reason=reason))
        self.tell("failed", url, reason)

    def skip(self, url: str, reason: str) -> None:
        """Report a document that was left out on purpose."""
        self.report.skipped.append(Problem(url=url, reason=reason))
        self.tell("skipped", url, reason)

    def got(self, fetched: Fetched, url: str) -> None:
        """Count a document that arrived."""
        self.report.fetched += 1
        self.report.bytes += len(fetched.body)
        self.tell("fetched", url)

    def confirm(self, url: str, fetched: Fetched, prepared: Prepared | None) -> None:
        """Note that a page is as it was."""
        served = prepared is None or not prepared.rendered
        confirmed = pages.Confirmation(
            url,
            fetched.fetched_at,
            fetched.etag if served else None,
            fetched.last_modified if served else None,
            prepared.body_hash if prepared else None,
        )
        self._pipeline.put(Entry(url, confirmed=confirmed))

    def write(self, fetched: Fetched, url: str, source: str, prepared: Prepared) -> None:
        """Have one document embedded and written with its chunks, in one transaction."""
        page = page_of(fetched, url, source, prepared, self.recipe)
        assert prepared.document is not None
        self._pipeline.put(Entry(url, page, prepared.chunks, prepared.document.warnings))

    def settle(self) -> None:
        """Wait until all that was given to `write` and `confirm` is stored."""
        self._pipeline.drain()
        self.report.embedding_seconds = self._pipeline.embedding_seconds

    def retire(self, urls: Sequence[str], grace_runs: int) -> None:
        """Count pages as missing; those out of grace are removed."""
        self.settle()
        if not urls:
            return

        def miss() -> list[str]:
            with self.store.connection() as connection:
                return pages.miss(connection, urls, grace_runs)

        removed = patiently(miss)
        self.report.missing += len(urls) - len(removed)
        self.report.removed += len(removed)
        for url in removed:
            self.tell("removed", url)

    def embed_anew(self) -> None:
        """Embed what earlier runs stored without the vectors that chunks are found by now."""
        if self.retriever is not None:
            embed_anew(self.store, self.retriever, lambda step: self.tell("indexing", "", step))

    def index(self) -> None:
        """Bring the lexical index and the marks of old versions up to date with the chunks."""
        self._since_index = 0
        patiently(self._index)

    def _begin(self) -> int:
        with self.store.connection() as connection:
            row = connection.execute(
                "INSERT INTO ingest_runs (started_at) VALUES (%s) RETURNING id",
                [self.report.started_at],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def _end(self) -> None:
        self.report.seconds = time.monotonic() - self._began
        with self.store.connection() as connection:
            connection.execute(
                "UPDATE ingest_runs SET finished_at = now(), report = %s WHERE id = %s",
                [Jsonb(self.report.model_dump(mode="json")), self._number],
            )

    def _index(self) -> None:
        with self.store.connection() as connection:
            lexical_segments.refresh(connection)
            versions.mark(connection)

    def _write(self, batch: Sequence[Entry]) -> None:
        """Store entries: a transaction for each page, one for all that are only confirmed."""
        confirmed = [entry.confirmed for entry in batch if entry.confirmed is not None]
        if confirmed:
            patiently(lambda: self._confirm(confirmed))
            for confirmation in confirmed:
                self.report.unchanged += 1
                self.tell("unchanged", confirmation.url)
        for entry in batch:
            if entry.page is not None:
                self._store(entry, entry.page)

    def _confirm(self, confirmed: Sequence[pages.Confirmation]) -> None:
        with self.store.connection() as connection:
            pages.confirm(connection, confirmed)

    def _store(self, entry: Entry, page: pages.Page) -> None:
        retriever = self.retriever.name if self.retriever else None

        def save() -> None:
            with self.store.connection() as connection:
                number = pages.save(connection, page)
                chunks.replace(
                    connection, number, page.title, page.language, None, entry.embedded, retriever
                )

        patiently(save)
        self.report.stored += 1
        self.report.chunks += len(entry.embedded)
        self.report.sentences += sum(len(chunk.sentences) for chunk in entry.embedded)
        self.report.embedding_seconds = self._pipeline.embedding_seconds
        self.report.warnings += [Problem(url=entry.url, reason=text) for text in entry.warnings]
        self.tell("stored", entry.url)
        self._since_index += 1
        if self._since_index >= _INDEX_EVERY:
            self.index()


def page_of(
    fetched: Fetched,
    url: str,
    source: str,
    prepared: Prepared,
    recipe: str,
    thread: str | None = None,
    expires_at: datetime | None = None,
) -> pages.Page:
    """Put together what is kept of a document that was read."""
    document = prepared.document
    assert document is not None
    return pages.Page(
        url=url,
        source=source,
        title=document.title,
        body_hash=prepared.body_hash,
        content_hash=prepared.content_hash,
        fetched_at=fetched.fetched_at,
        recipe=recipe,
        thread=thread,
        language=document.language,
        content_type=fetched.content_type,
        published_on=document.published_on
        or served_date(url, fetched.content_type, fetched.last_modified),
        links=document.links,
        etag=None if prepared.rendered else fetched.etag,
        last_modified=None if prepared.rendered else fetched.last_modified,
        expires_at=expires_at,
    )
