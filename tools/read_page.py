"""Read a page or a PDF whose link a person gave, and find what answers their question on it.

    PageReader(store, embedder, client).read("https://example.org/fees.pdf", "what does it cost",
                                             thread="42")

What is read belongs to that conversation: only searches with its `thread` find it, and it expires.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

from frontdesk.db import chunks, pages
from frontdesk.db.chunks import Filter
from frontdesk.db.errors import ExtractError, FetchError
from frontdesk.db.ingest.chunk import DocumentChunker
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.embed_chunks import embed_chunks
from frontdesk.db.ingest.prepare import prepare
from frontdesk.db.ingest.retriever import Retriever
from frontdesk.db.ingest.run import page_of
from frontdesk.db.ingest.urls import normal
from frontdesk.db.store import Store
from frontdesk.tools.search import Searcher, SearchResult

_EXPIRES_AFTER = timedelta(hours=24)
_FRESH = timedelta(minutes=10)
_MOST_CHUNKS = 400  # a page for one question; a book takes minutes to embed


class PageReader:
    """Reads single pages through the guarded client. Thread safe."""

    def __init__(
        self,
        store: Store,
        embedder: Embedder,
        client: GuardedClient,
        *,
        expires_after: timedelta = _EXPIRES_AFTER,
        retriever: Retriever | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._client = client
        self._retriever = retriever
        self._searcher = Searcher(store, embedder, retriever=retriever)
        self._expires_after = expires_after

    def read(self, url: str, query: str, *, top_k: int = 6, thread: str = "") -> SearchResult:
        """Fetch `url` and return its passages, the ones for `query` first.

        Without a `thread` nothing is kept. Raises `FetchError` when it may not or cannot be
        fetched, `ExtractError` when there is no text to read, `StoreError` when the database fails.
        """
        address = _address(url)
        owner = thread or f"once-{uuid.uuid4()}"
        try:
            if not self._is_fresh(owner, address):
                self._fetch(owner, address)
            wanted = Filter(url=address, thread=owner, only_thread=True)
            return self._searcher.search(query or address, top_k=top_k, wanted=wanted)
        finally:
            self._forget(None if thread else owner)

    def _is_fresh(self, thread: str, url: str) -> bool:
        with self._store.connection() as connection:
            fetched_at = pages.fetched_at(connection, url, thread)
        return fetched_at is not None and datetime.now(UTC) - fetched_at < _FRESH

    def _fetch(self, thread: str, url: str) -> None:
        fetched = self._client.get(url)
        if not fetched.ok:
            raise FetchError(url, f"the server answers {fetched.status}")
        prepared = prepare(fetched, DocumentChunker())
        document = prepared.document
        if prepared.error or document is None:
            raise ExtractError(f"{url}: {prepared.error}")
        cut, retriever = prepared.chunks[:_MOST_CHUNKS], self._retriever
        new = embed_chunks(self._embedder, document.title, cut, retriever)
        name = retriever.name if retriever else None
        expires_at = datetime.now(UTC) + self._expires_after
        page = page_of(fetched, url, _source(thread), prepared, "", thread, expires_at)
        with self._store.connection() as connection:
            page_id = pages.save(connection, page)
            chunks.replace(connection, page_id, page.title, page.language, thread, new, name)

    def _forget(self, thread: str | None) -> None:
        """Remove what has expired, and all of `thread`."""
        with self._store.connection() as connection:
            pages.remove_expired(connection, datetime.now(UTC))
            if thread is not None:
                pages.remove_thread(connection, thread)


def _address(url: str) -> str:
    text = url.strip(" \t\r\n<>\"'()[].,;")
    if "://" not in text:
        text = f"https://{text}"
    try:
        return normal(text)
    except ValueError as error:
        raise FetchError(url[:200], "not a URL", refused=True) from error


def _source(thread: str) -> str:
    return f"thread:{hashlib.sha256(thread.encode()).hexdigest()[:16]}"
