"""Answer the requests of a page in the browser: fetched by the guarded client, or refused."""

import asyncio
from typing import Any
from urllib.parse import urldefrag

from frontdesk.db.errors import FetchError
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.fetched import Fetched
from frontdesk.db.ingest.urls import host_of

_READ = frozenset(("document", "script", "xhr", "fetch"))
_MOST_REQUESTS = 100
_KEPT_HEADERS = ("content-type", "access-control-allow-origin", "content-security-policy")


class PageGuard:
    """Answers every request of one page through the guarded client, within a budget."""

    def __init__(
        self, client: GuardedClient, page: Fetched, max_bytes: int, timeout: float
    ) -> None:
        self._client = client
        self._page = page
        self._left = max_bytes
        self._timeout = timeout
        self._requests = 0

    async def answer(self, route: Any) -> None:
        """Fulfil one request, or refuse it."""
        request = route.request
        self._requests += 1
        if not self._allows(request):
            if request.is_navigation_request():
                await route.fulfill(status=204)  # the page stays where it is
            else:
                await route.abort("blockedbyclient")
            return
        if request.is_navigation_request() and self._is_page(request.url):
            await route.fulfill(status=200, headers=_passed(self._page), body=self._page.body)
            return
        try:
            fetched = await asyncio.to_thread(
                self._client.get,
                request.url,
                {"accept": request.headers.get("accept", "*/*")},
                max_bytes=max(1, self._left),
                timeout=self._timeout,
            )
        except FetchError:
            await route.abort("blockedbyclient")
            return
        self._left -= len(fetched.body)
        await route.fulfill(status=fetched.status, headers=_passed(fetched), body=fetched.body)

    def _allows(self, request: Any) -> bool:
        if request.method != "GET" or request.resource_type not in _READ:
            return False
        if self._requests > _MOST_REQUESTS or self._left <= 0:
            return False
        if request.resource_type != "document":
            return True
        return host_of(request.url) == host_of(self._page.url) and _is_main(request)

    def _is_page(self, url: str) -> bool:
        return urldefrag(url).url == urldefrag(self._page.url).url


def _is_main(request: Any) -> bool:
    """Whether the page itself asks, not a frame in it or a window that it opens."""
    from playwright.async_api import Error

    try:
        return request.frame.parent_frame is None
    except Error:  # a window that is not open yet
        return False


def _passed(fetched: Fetched) -> dict[str, str]:
    """The headers that matter to a script; the body is unpacked already."""
    return {name: fetched.headers[name] for name in _KEPT_HEADERS if name in fetched.headers}
