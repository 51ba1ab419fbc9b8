"""One run of ingestion: what is counted, told, embedded and written."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from psycopg.types.json import Jsonb

from frontdesk.db import chunks, lexical_segments, pages, versions
from frontdesk.db.ingest.chunk import Chunk, Chunker
from frontdesk.db.ingest.client import Fetched
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.prepare import Prepared
from frontdesk.db.ingest.report import EventKind, IngestEvent, IngestReport, OnEvent, Problem
from frontdesk.db.store import Store

_INDEX_EVERY = 500  # pages; what is newer than the lexical index is scanned at every search


@dataclass
class Run:
    """The parts that a run works with, and its report as it stands."""

    store: Store
    embedder: Embedder
    chunker: Chunker
    recipe: str
    on_event: OnEvent | None = None
    report: IngestReport = field(default_factory=lambda: IngestReport(started_at=datetime.now(UTC)))

    def __post_init__(self) -> None:
        self._since_index = 0
        self._began = time.monotonic()

    def begin(self) -> int:
        """Write that a run has begun and return its number."""
        with self.store.connection() as connection:
            row = connection.execute(
                "INSERT INTO ingest_runs (started_at) VALUES (%s) RETURNING id",
                [self.report.started_at],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def end(self, number: int) -> None:
        """Write the report."""
        self.report.seconds = time.monotonic() - self._began
        with self.store.connection() as connection:
            connection.execute(
                "UPDATE ingest_runs SET finished_at = now(), report = %s WHERE id = %s",
                [Jsonb(self.report.model_dump(mode="json")), number],
            )

    def tell(self, kind: EventKind, url: str, reason: str = "") -> None:
        """Let the caller know."""
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

    def confirm(self, url: str, fetched: Fetched, body_hash: bytes | None) -> None:
        """Note that a page is as it was."""
        with self.store.connection() as connection:
            pages.confirm(
                connection,
                url,
                fetched.fetched_at,
                etag=fetched.etag,
                last_modified=fetched.last_modified,
                body_hash=body_hash,
            )
        self.report.unchanged += 1
        self.tell("unchanged", url)

    def write(self, fetched: Fetched, url: str, source: str, prepared: Prepared) -> None:
        """Embed one document and write it with its chunks, in one transaction."""
        document = prepared.document
        assert document is not None
        began = time.monotonic()
        new = embed_chunks(self.embedder, document.title, prepared.chunks)
        self.report.embedding_seconds += time.monotonic() - began
        page = page_of(fetched, url, source, prepared, self.recipe)
        with self.store.connection() as connection:
            page_id = pages.save(connection, page)
            chunks.replace(connection, page_id, page.title, page.language, None, new)
        self.report.stored += 1
        self.report.chunks += len(new)
        self.report.sentences += sum(len(chunk.sentences) for chunk in new)
        self.report.warnings += [Problem(url=url, reason=text) for text in document.warnings]
        self.tell("stored", url)
        self._since_index += 1
        if self._since_index >= _INDEX_EVERY:
            self.index()

    def retire(self, urls: Sequence[str], grace_runs: int) -> None:
        """Count pages as missing; those out of grace are removed."""
        if not urls:
            return
        with self.store.connection() as connection:
            removed = pages.miss(connection, urls, grace_runs)
        self.report.missing += len(urls) - len(removed)
        self.report.removed += len(removed)
        for url in removed:
            self.tell("removed", url)

    def index(self) -> None:
        """Bring the lexical index and the marks of old versions up to date with the chunks."""
        self._since_index = 0
        with self.store.connection() as connection:
            lexical_segments.refresh(connection)
            versions.mark(connection)


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
        published_on=document.published_on,
        links=document.links,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        expires_at=expires_at,
    )


def embed_chunks(embedder: Embedder, title: str, cut: Sequence[Chunk]) -> list[chunks.NewChunk]:
    """Embed each chunk with its context, and each of its sentences under its heading.

    Where a model said the sentences so that they stand alone, those words are embedded.
    """
    texts = ["\n".join(filter(None, (title, " > ".join(c.heading), c.about, c.text))) for c in cut]
    for chunk in cut:
        context = chunk.heading[-1] if chunk.heading else title
        under = [f"{context}. {sentence}" for sentence in chunk.sentences]
        texts += chunk.propositions or under
    distinct = list(dict.fromkeys(texts))
    vectors = dict(zip(distinct, embedder.embed(distinct), strict=True))
    rows = iter(texts[len(cut) :])
    return [
        chunks.NewChunk(
            ordinal=chunk.ordinal,
            heading=chunk.heading,
            text=chunk.text,
            sentences=chunk.sentences,
            links=[(link.text, link.url) for link in chunk.links],
            embedding=vectors[text],
            sentence_vectors=chunks.stack(vectors[next(rows)] for _ in chunk.sentences),
        )
        for chunk, text in zip(cut, texts, strict=False)
    ]
