"""Visit a site: from its start pages and sitemaps along its links, gently, within budgets.

The crawler hands every page to its user as a `Visit` and learns the page's links from
`follow`. Fetching (and `prepare`, the extraction) happens in threads, the rest in the caller's.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from frontdesk.db.errors import FetchError
from frontdesk.db.ingest.client import Fetched, GuardedClient
from frontdesk.db.ingest.robots import Robots
from frontdesk.db.ingest.sitemap import read_sitemap
from frontdesk.db.ingest.urls import Scope, host_of, normal
from frontdesk.db.pages import KnownPage
from frontdesk.db.settings import SiteSettings

T = TypeVar("T")
_TRY_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
_LONGEST_WAIT = 60.0
_MOST_SITEMAPS = 200
_DOWN_AFTER = 8  # failures of one host in a row


@dataclass
class Visit(Generic[T]):
    """One URL asked for: `fetched` and what `prepare` made of it, or the `error`."""

    url: str
    depth: int
    fetched: Fetched | None = None
    prepared: T | None = None
    error: str = ""
    unreachable: bool = False


@dataclass
class _Host:
    robots: Robots
    delay: float
    next_at: float = 0.0
    failures: int = 0


Prepare = Callable[[Fetched, "KnownPage | None"], T]


@dataclass
class Crawler(Generic[T]):
    """One run over one site. `known` are the pages of earlier runs, asked for conditionally."""

    client: GuardedClient
    settings: SiteSettings
    scope: Scope
    known: dict[str, KnownPage]
    prepare: Prepare[T]
    recipe: str = ""
    stopped_by: str = ""
    skipped: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._queue: deque[tuple[str, int]] = deque()
        self._hosts: dict[str, _Host] = {}
        self._bytes = 0
        self._fetches = 0
        self._began = time.monotonic()

    def run(self, starts: Iterable[str]) -> Iterator[Visit[T]]:
        """Yield a visit for every page, in the order they arrive."""
        starts = list(starts)
        self.follow(starts, 0)
        for host in dict.fromkeys(host_of(url) for url in starts):
            self._sitemaps(next(url for url in starts if host_of(url) == host))
        with ThreadPoolExecutor(self.settings.concurrency, "fetch") as pool:
            running: dict[Future[Visit[T]], None] = {}
            try:
                while True:
                    pause = self._submit(pool, running)
                    if not running and (not self._queue or self.stopped_by):
                        break
                    done, _ = wait(running, timeout=pause, return_when=FIRST_COMPLETED)
                    if not running:
                        time.sleep(pause or 0.0)
                    for future in done:
                        del running[future]
                        visit = future.result()
                        self._count(visit)
                        yield visit
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def follow(self, urls: Iterable[str], depth: int) -> int:
        """Queue URLs that are new and in scope; return how many."""
        before = len(self._queue)
        for raw in urls:
            try:
                url = normal(raw)
            except ValueError:
                continue
            if url in self.seen:
                continue
            self.seen.add(url)
            reason = self.scope.refusal(url)
            if depth > self.settings.max_depth:
                reason = f"deeper than {self.settings.max_depth} links"
            if reason is None:
                self._queue.append((url, depth))
            elif reason != "outside the site":
                self.skipped[url] = reason
        return len(self._queue) - before

    def _submit(
        self, pool: ThreadPoolExecutor, running: dict[Future[Visit[T]], None]
    ) -> float | None:
        """Start what may start now; return the seconds until more may, None for "when one ends"."""
        pause: float | None = None
        self._check_budgets()
        for _ in range(len(self._queue)):
            if len(running) >= self.settings.concurrency or self.stopped_by:
                break
            url, depth = self._queue.popleft()
            host = self._host(url)
            if not host.robots.allows(url):
                self.skipped[url] = "disallowed by robots.txt"
                continue
            if host.failures >= _DOWN_AFTER:
                self.stopped_by = f"{host_of(url)} does not answer"
                break
            left = host.next_at - time.monotonic()
            if left > 0:
                self._queue.append((url, depth))
                pause = left if pause is None else min(pause, left)
                continue
            host.next_at = time.monotonic() + host.delay
            self._fetches += 1
            running[pool.submit(self._visit, url, depth)] = None
        return pause

    def _check_budgets(self) -> None:
        limits = self.settings
        if self._fetches >= limits.max_pages:
            self.stopped_by = f"max_pages ({limits.max_pages})" if self._queue else ""
        elif self._bytes >= limits.max_bytes:
            self.stopped_by = f"max_bytes ({limits.max_bytes})"
        elif time.monotonic() - self._began > limits.max_seconds:
            self.stopped_by = f"max_seconds ({limits.max_seconds:g})"

    def _visit(self, url: str, depth: int) -> Visit[T]:
        """Fetch and prepare one page. Runs in a thread."""
        known = self.known.get(url)
        same = known if known and known.recipe == self.recipe else None
        try:
            fetched = self._patiently(url, same)
            refused = self.scope.refusal(normal(fetched.url)) if fetched.redirects else None
            if refused:
                return Visit(url, depth, error=f"redirects to {fetched.url}, {refused}")
            visit: Visit[T] = Visit(url, depth, fetched)
            if fetched.ok:
                visit.prepared = self.prepare(fetched, same)
            return visit
        except FetchError as error:
            return Visit(url, depth, error=error.reason, unreachable=error.retry)

    def _patiently(self, url: str, known: KnownPage | None) -> Fetched:
        """Fetch, and again after a pause when the fault may pass."""
        for attempt in range(self.settings.retries + 1):
            last = attempt == self.settings.retries
            pause = 0.5 * 2**attempt
            try:
                fetched = self.client.get(
                    url,
                    etag=known.etag if known else None,
                    last_modified=known.last_modified if known else None,
                )
            except FetchError as error:
                if last or not error.retry:
                    raise
            else:
                if last or fetched.status not in _TRY_AGAIN:
                    return fetched
                asked = fetched.headers.get("retry-after", "")
                pause = max(pause, float(asked)) if asked.isdigit() else pause
            time.sleep(min(pause, _LONGEST_WAIT))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _count(self, visit: Visit[T]) -> None:
        host = self._host(visit.url)
        host.failures = host.failures + 1 if visit.unreachable else 0
        if visit.fetched is not None:
            self._bytes += len(visit.fetched.body)

    def _host(self, url: str) -> _Host:
        name = host_of(url)
        if name not in self._hosts:
            robots = self._robots(url) if self.settings.respect_robots else Robots()
            delay = max(self.settings.delay_seconds, min(robots.delay or 0.0, _LONGEST_WAIT))
            self._hosts[name] = _Host(robots, delay)
        return self._hosts[name]

    def _robots(self, url: str) -> Robots:
        """Read a host's robots.txt: none means everything is allowed, a fault means nothing is."""
        scheme = url.partition("://")[0]
        try:
            fetched = self.client.get(f"{scheme}://{host_of(url)}/robots.txt", max_bytes=2**20)
        except FetchError as error:
            return Robots() if error.retry else Robots.nothing()
        if fetched.status >= 500:
            return Robots.nothing()
        return Robots.parse(fetched.text) if fetched.ok else Robots()

    def _sitemaps(self, start: str) -> None:
        """Queue what the host's sitemaps list."""
        root = f"{start.partition('://')[0]}://{host_of(start)}"
        waiting = deque(self._host(start).robots.sitemaps or [f"{root}/sitemap.xml"])
        read: set[str] = set()
        while waiting and len(read) < _MOST_SITEMAPS:
            url = waiting.popleft()
            if url in read:
                continue
            read.add(url)
            try:
                fetched = self.client.get(url)
            except FetchError as error:
                if error.refused:
                    self.skipped[url] = error.reason
                continue
            if fetched.ok:
                pages, more = read_sitemap(fetched.body)
                self.follow(pages, 1)
                waiting.extend(more)
