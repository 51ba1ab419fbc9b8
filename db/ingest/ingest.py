"""Read sites and files into the store, page by page.

    report = ingest(store, ["https://example.org/"], settings, embedder=embedder)

Each page is one transaction: it is there whole, or not at all, whenever the run is killed. A
second run asks only for what changed, and embeds only that.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from psycopg.types.json import Jsonb

from frontdesk.db import chunks, lexical, pages
from frontdesk.db.errors import FrontdeskDataError
from frontdesk.db.ingest.chunk import Chunk, Chunker
from frontdesk.db.ingest.chunkers import make_chunker
from frontdesk.db.ingest.client import Fetched, GuardedClient
from frontdesk.db.ingest.crawl import Crawler, Visit
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.extract import DOCUMENT_SUFFIXES
from frontdesk.db.ingest.prepare import Prepared, prepare, recipe
from frontdesk.db.ingest.report import EventKind, IngestEvent, IngestReport, OnEvent, Problem
from frontdesk.db.ingest.urls import Scope, normal
from frontdesk.db.settings import ChunkSettings, SiteSettings
from frontdesk.db.store import Store

_INDEX_EVERY = 500  # pages; what is newer than the lexical index is scanned at every search


class IngestSettings(Protocol):
    """The part of the settings that ingestion reads."""

    @property
    def site(self) -> SiteSettings: ...
    @property
    def chunks(self) -> ChunkSettings: ...


class SourceError(FrontdeskDataError):
    """What was to be ingested is neither a URL nor a file."""


def ingest(
    store: Store,
    sources: Sequence[str],
    settings: IngestSettings,
    *,
    embedder: Embedder,
    on_event: OnEvent | None = None,
    chunker: Chunker | None = None,
) -> IngestReport:
    """Read `sources` (URLs, files or folders) into the store and report what happened.

    What cannot be read is in the report; the run goes on. Raises `SourceError` for a source that
    is neither a URL nor there, and `StoreError` when the database fails: what was stored stays.
    """
    urls, paths = split_sources(sources)
    run = _Run(store, settings, embedder, on_event, chunker)
    began = time.monotonic()
    run_id = run.begin()
    try:
        for path in paths:
            run.read_path(path)
        if urls:
            run.crawl(urls)
        run.finish_index()
    finally:
        run.report.seconds = time.monotonic() - began
    run.end(run_id)
    return run.report


def split_sources(sources: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Tell URLs from paths; "example.org/page" is a URL when there is no such file."""
    urls: list[str] = []
    paths: list[Path] = []
    for source in sources:
        if source.startswith(("http://", "https://")):
            urls.append(normal(source))
        elif Path(source).exists():
            paths.append(Path(source).resolve())
        elif "." in source.partition("/")[0] and " " not in source and "://" not in source:
            urls.append(normal(f"https://{source}"))
        else:
            raise SourceError(f"{source}: no such file or folder, and not a URL")
    return list(dict.fromkeys(urls)), list(dict.fromkeys(paths))


@dataclass
class _Run:
    store: Store
    settings: IngestSettings
    embedder: Embedder
    on_event: OnEvent | None
    given: Chunker | None

    def __post_init__(self) -> None:
        self.report = IngestReport(started_at=datetime.now(UTC))
        self._chunker = self.given or make_chunker(self.settings.chunks)
        self._recipe = recipe(self.settings.chunks)
        self._contents: dict[bytes, str] = {}  # content hash -> the URL that has it
        self._since_index = 0

    def tell(self, kind: EventKind, url: str, reason: str = "") -> None:
        if self.on_event is not None:
            self.on_event(IngestEvent(kind, url, self.report, reason))

    def fail(self, url: str, reason: str) -> None:
        self.report.failed.append(Problem(url=url, reason=reason))
        self.tell("failed", url, reason)

    def skip(self, url: str, reason: str) -> None:
        self.report.skipped.append(Problem(url=url, reason=reason))
        self.tell("skipped", url, reason)

    def begin(self) -> int:
        with self.store.connection() as connection:
            row = connection.execute(
                "INSERT INTO ingest_runs (started_at) VALUES (%s) RETURNING id",
                [self.report.started_at],
            ).fetchone()
        assert row is not None
        return int(row[0])

    def end(self, run_id: int) -> None:
        with self.store.connection() as connection:
            connection.execute(
                "UPDATE ingest_runs SET finished_at = now(), report = %s WHERE id = %s",
                [Jsonb(self.report.model_dump(mode="json")), run_id],
            )

    def crawl(self, starts: Sequence[str]) -> None:
        """Visit the site of `starts`, then what earlier runs knew and this one did not meet."""
        site = self.settings.site
        source = " ".join(sorted(starts))
        with self.store.connection() as connection:
            known = pages.known(connection, source)
        with GuardedClient(site.trusted_hosts, site.timeout_seconds, site.max_page_bytes) as client:
            crawler = Crawler(
                client, site, Scope(starts, site), known, self._prepare_fetched, self._recipe
            )
            met: set[str] = set()
            gone: set[str] = set()
            for begin in (starts, sorted(known)):
                for visit in crawler.run(begin):
                    self.report.found = len(crawler.seen) - len(crawler.skipped)
                    stored = self._visited(crawler, visit, source)
                    met.update(stored)
                    if visit.fetched is not None and visit.fetched.status in (404, 410):
                        gone.add(visit.url)
        for url, reason in crawler.skipped.items():
            self.skip(url, reason)
        self.report.stopped_by = crawler.stopped_by
        self.report.complete = not crawler.stopped_by
        refused = set(crawler.skipped) & set(known) if self.report.complete else set()
        self._retire((gone | refused) & (set(known) - met), site.grace_runs)

    def _visited(
        self, crawler: Crawler[Prepared], visit: Visit[Prepared], source: str
    ) -> Sequence[str]:
        """Store what came back; return the URLs that it is known by."""
        known = crawler.known.get(visit.url)
        if visit.fetched is None:
            if visit.error.startswith("redirects to"):
                self.skip(visit.url, visit.error)
            else:
                self.fail(visit.url, visit.error)
            return ()
        fetched = visit.fetched
        self.report.fetched += 1
        self.report.bytes += len(fetched.body)
        self.tell("fetched", visit.url)
        if fetched.not_modified and known is not None:
            crawler.follow(known.links, visit.depth + 1)
            self._contents.setdefault(known.content_hash, visit.url)
            self._unchanged(visit.url, fetched, known.body_hash)
            return (visit.url,)
        if not fetched.ok or visit.prepared is None:
            self.fail(visit.url, f"the server answers {fetched.status}")
            return ()
        prepared = visit.prepared
        if prepared.document is None and not prepared.error and known is not None:
            crawler.follow(known.links, visit.depth + 1)
            self._contents.setdefault(prepared.content_hash, visit.url)
            self._unchanged(visit.url, fetched, prepared.body_hash)
            return (visit.url,)
        document = prepared.document
        if document is not None and document.follow:
            crawler.follow(document.links, visit.depth + 1)
        if prepared.error or document is None:
            self.fail(visit.url, prepared.error)
            return ()
        if not document.index:
            self.skip(visit.url, "the page asks not to be indexed")
            return ()
        url = self._address(crawler.scope, fetched.url, document.canonical)
        other = self._contents.setdefault(prepared.content_hash, url)
        if other != url:
            self.skip(visit.url, f"the same text as {other}")
            return ()
        self._store(fetched, url, source, prepared, document.links)
        crawler.seen.add(url)
        return (url,)

    def _address(self, scope: Scope, url: str, canonical: str | None) -> str:
        """The URL to store under: the page's own word for it when that is on the site."""
        if canonical:
            try:
                named = normal(canonical)
            except ValueError:
                named = ""
            is_home = named.endswith("/") and named.count("/") == 3
            if named and not is_home and scope.refusal(named) is None:
                return named
        return normal(url)

    def _unchanged(self, url: str, fetched: Fetched, body_hash: bytes) -> None:
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

    def _prepare_fetched(self, fetched: Fetched, known: pages.KnownPage | None) -> Prepared:
        charset = fetched.headers.get("content-type", "").lower().partition("charset=")[2]
        return prepare(
            fetched.body,
            fetched.url,
            fetched.content_type,
            charset.partition(";")[0].strip(" \"'"),
            self._chunker,
            known,
        )

    def _store(
        self,
        fetched: Fetched,
        url: str,
        source: str,
        prepared: Prepared,
        links: Sequence[str] = (),
    ) -> None:
        """Embed one document and write it with its chunks, in one transaction."""
        document = prepared.document
        assert document is not None
        new = self._embed(document.title, prepared.chunks)
        page = pages.Page(
            url=url,
            source=source,
            title=document.title,
            body_hash=prepared.body_hash,
            content_hash=prepared.content_hash,
            fetched_at=fetched.fetched_at,
            recipe=self._recipe,
            language=document.language,
            content_type=fetched.content_type,
            published_on=document.published_on,
            links=links,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
        )
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
            self.finish_index()

    def _embed(self, title: str, cut: Sequence[Chunk]) -> list[chunks.NewChunk]:
        began = time.monotonic()
        new = embed_chunks(self.embedder, title, cut)
        self.report.embedding_seconds += time.monotonic() - began
        return new

    def _retire(self, urls: set[str], grace_runs: int) -> None:
        with self.store.connection() as connection:
            removed = pages.miss(connection, sorted(urls), grace_runs)
        self.report.missing += len(urls) - len(removed)
        self.report.removed += len(removed)
        for url in removed:
            self.tell("removed", url)

    def read_path(self, path: Path) -> None:
        """Read a file, or every document below a folder; forget those that are gone."""
        source = path.as_uri()
        files = sorted(_documents(path)) if path.is_dir() else [path]
        self.report.found += len(files)
        with self.store.connection() as connection:
            known = pages.known(connection, source)
        for file in files:
            self._read_file(file, source, known.get(file.as_uri()))
        gone = set(known) - {file.as_uri() for file in files}
        self._retire(gone, grace_runs=0)

    def _read_file(self, file: Path, source: str, known: pages.KnownPage | None) -> None:
        url = file.as_uri()
        try:
            if file.stat().st_size > self.settings.site.max_page_bytes:
                self.fail(url, f"larger than {self.settings.site.max_page_bytes} bytes")
                return
            body = file.read_bytes()
        except OSError as error:
            self.fail(url, error.strerror or str(error))
            return
        fetched = Fetched(url, 200, {}, body, None, None, datetime.now(UTC), 0.0)
        self.report.fetched += 1
        self.report.bytes += len(body)
        same = known if known and known.recipe == self._recipe else None
        prepared = prepare(body, url, "", "", self._chunker, same)
        if prepared.error:
            self.fail(url, prepared.error)
        elif prepared.document is None:
            self._unchanged(url, fetched, prepared.body_hash)
        else:
            self._store(fetched, url, source, prepared)

    def finish_index(self) -> None:
        """Bring the lexical index up to date with the chunks."""
        self._since_index = 0
        with self.store.connection() as connection:
            lexical.refresh(connection)


def embed_chunks(embedder: Embedder, title: str, cut: Sequence[Chunk]) -> list[chunks.NewChunk]:
    """Embed each chunk with its context, and each of its sentences under its heading."""
    texts = ["\n".join(filter(None, (title, " > ".join(c.heading), c.text))) for c in cut]
    for chunk in cut:
        context = chunk.heading[-1] if chunk.heading else title
        texts += [f"{context}. {sentence}" for sentence in chunk.sentences]
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


def _documents(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix.lower() in DOCUMENT_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
