"""Read one site into the store: what each visit of the crawler means for the pages kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from frontdesk.db import pages
from frontdesk.db.ingest.aids import Aids, open_aids
from frontdesk.db.ingest.client import Fetched, GuardedClient
from frontdesk.db.ingest.crawl import Crawler, Visit
from frontdesk.db.ingest.prepare import Prepared, prepare
from frontdesk.db.ingest.run import Run
from frontdesk.db.ingest.urls import Scope, normal, site_of
from frontdesk.db.settings import SiteSettings

_GONE = (404, 410)


def read_site(run: Run, starts: Sequence[str], settings: SiteSettings) -> None:
    """Crawl from `starts`; then ask for the known pages that nothing links to any more.

    A page that answers 404 or 410, or may not be visited any more, is removed after
    `grace_runs` further runs; one that cannot be reached today is kept.
    """
    scope = Scope(starts, settings, images=settings.ocr == "always")
    known = run.known(scope.sites)
    with (
        GuardedClient(
            settings.trusted_hosts, settings.timeout_seconds, settings.max_page_bytes
        ) as client,
        open_aids(settings, client) as aids,
    ):
        reader = SiteReader(run, scope, known, aids)
        crawler = Crawler(client, settings, scope, known, reader.prepare, run.recipe)
        for begin in (starts, sorted(known)):
            for visit in crawler.run(begin):
                run.report.found = len(crawler.seen) - len(crawler.skipped)
                reader.take(crawler, visit)
    reader.finish()
    for url, reason in crawler.skipped.items():
        run.skip(url, reason)
    run.report.stopped_by = crawler.stopped_by
    run.report.complete = not crawler.stopped_by
    refused = set(crawler.skipped) | reader.unwanted
    gone = reader.gone | (refused if run.report.complete else set())
    run.retire(sorted(gone & set(known) - reader.met), settings.grace_runs)


@dataclass
class SiteReader:
    """Takes the visits of one run. `known` are the pages of earlier runs, by URL."""

    run: Run
    scope: Scope
    known: dict[str, pages.KnownPage]
    aids: Aids

    def __post_init__(self) -> None:
        self.met: set[str] = set()  # pages that are there, changed or not
        self.gone: set[str] = set()
        self.unwanted: set[str] = set()  # there, but a copy or not to be indexed
        # Content hash -> the URL that has it; the pages of earlier runs keep theirs.
        self._contents = {page.content_hash: url for url, page in self.known.items()}
        self._copies: list[tuple[str, Fetched, str, Prepared]] = []

    def prepare(self, fetched: Fetched, known: pages.KnownPage | None) -> Prepared:
        """Read and cut one page; called in the crawler's threads."""
        return prepare(fetched, self.run.chunker, known, self.aids)

    def take(self, crawler: Crawler[Prepared], visit: Visit[Prepared]) -> None:
        """Store, confirm or report what came back from one URL."""
        fetched = visit.fetched
        if fetched is None:
            reject = self.run.skip if visit.error.startswith("redirects to") else self.run.fail
            reject(visit.url, visit.error)
            return
        self.run.got(fetched, visit.url)
        known = self.known.get(visit.url)
        prepared = visit.prepared
        same = prepared is not None and prepared.is_unchanged
        if known is not None and (fetched.not_modified or same):
            crawler.follow(known.links, visit.depth + 1)
            self._contents.setdefault(known.content_hash, visit.url)
            self.met.add(visit.url)
            self.run.confirm(visit.url, fetched, prepared)
        elif prepared is None:
            if fetched.status in _GONE:
                self.gone.add(visit.url)
            self.run.fail(visit.url, f"the server answers {fetched.status}")
        else:
            self._new(crawler, visit, fetched, prepared)

    def _new(
        self,
        crawler: Crawler[Prepared],
        visit: Visit[Prepared],
        fetched: Fetched,
        prepared: Prepared,
    ) -> None:
        """Take a page that is new or has changed."""
        document = prepared.document
        if document is not None and document.follow:
            crawler.follow(document.links, visit.depth + 1)
        if document is None or prepared.error:
            self.run.fail(visit.url, prepared.error)
            return
        if not document.index:
            self.unwanted.add(visit.url)
            self.run.skip(visit.url, "the page asks not to be indexed")
            return
        url = self._address(fetched.url, document.canonical)
        other = self._contents.setdefault(prepared.content_hash, url)
        if other != url:
            self.unwanted |= {visit.url, url}
            self._copies.append((other, fetched, url, prepared))
            return
        if url in self.met:  # two pages claim one address and differ: both are kept
            url = normal(fetched.url)
        self.run.write(fetched, url, site_of(url), prepared)
        self.met.add(url)
        if url != visit.url:
            self.unwanted.add(visit.url)
            crawler.seen.add(url)

    def finish(self) -> None:
        """Report the copies; one whose original is gone takes its place."""
        for original, fetched, url, prepared in self._copies:
            if original in self.gone and self._contents[prepared.content_hash] == original:
                self._contents[prepared.content_hash] = url
                self.run.write(fetched, url, site_of(url), prepared)
                self.met.add(url)
            else:
                kept = self._contents[prepared.content_hash]
                self.run.skip(url, f"the same text as {kept}")

    def _address(self, url: str, canonical: str | None) -> str:
        """The URL to store under: the page's own word for it when that is on the site."""
        if canonical:
            try:
                named = normal(canonical)
            except ValueError:
                return normal(url)
            is_home = named.endswith("/") and named.count("/") == 3
            if not is_home and self.scope.refusal(named) is None:
                return named
        return normal(url)
