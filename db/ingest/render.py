"""Fill in a page that only JavaScript fills in: a real Chromium behind the guarded client.

    with Renderer(client, timeout=20.0, max_bytes=25_000_000) as renderer:
        html = renderer.render(fetched)

An optional extra: `pip install "frontdesk[javascript]"` and a Chromium (Debian's, Chrome, or
Playwright's own). The browser has no way out of its own: each request that a page makes is fetched
by `GuardedClient`, or refused, and its proxy leads nowhere. No cookies, no downloads, no workers,
no sockets; images, fonts and frames are not fetched.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import Coroutine
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self, TypeVar

from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.fetched import Fetched
from frontdesk.db.ingest.page_guard import PageGuard

T = TypeVar("T")
MISSING = 'it is filled in by JavaScript; install "frontdesk[javascript]" and Chromium to read it'
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
    " --disable-component-update --disable-domain-reliability --no-pings --disable-extensions"
    " --dns-prefetch-disable --force-webrtc-ip-handling-policy=disable_non_proxied_udp"
    " --js-flags=--max-old-space-size=512"
).split()
_NOWHERE: Any = {"server": "http://127.0.0.1:9", "bypass": "<-loopback>"}  # for what slips past
_AT_ONCE = 2  # pages: each is a process of its own
_LONGEST_REST = 8.0  # seconds waited for a page to stop asking


class RenderError(Exception):
    """A page could not be rendered; the message is the reason."""


def browser_path() -> str | None:
    """Where a Chromium is; None when neither the extra nor a browser of Playwright's is there."""
    if find_spec("playwright") is None:
        return None
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    return found or _bundled()


def _bundled() -> str | None:
    """Playwright's own browser, if it was downloaded."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


class Renderer:
    """Renders pages. Thread safe; the browser starts with the first one."""

    def __init__(
        self, client: GuardedClient, executable: str, *, timeout: float, max_bytes: int
    ) -> None:
        self._client = client
        self._executable = executable
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="render", daemon=True)
        self._started: asyncio.Future[Any] | None = None
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._drivers: list[Any] = []  # more than one after a browser that hung
        self._thread.start()

    def render(self, fetched: Fetched) -> bytes:
        """Return the page's HTML, UTF-8, once its scripts have come to rest.

        Raises `RenderError` when it cannot be rendered within the limits.
        """
        return self._run(self._render(fetched))

    def close(self) -> None:
        """End the browser."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _stop(self) -> None:
        if self._started is not None and not self._started.cancelled():
            try:
                await asyncio.wait_for((await self._started).close(), 10)
            except Exception:  # it has died already: there is nothing left to close
                pass
        for driver in self._drivers:
            await driver.stop()

    async def _browser(self) -> Any:
        """The browser, started once, and again when it has died; pages wait for it meanwhile."""
        if self._started is None or (self._started.done() and not self._lives(self._started)):
            self._started = asyncio.ensure_future(self._start())
        return await self._started

    def _lives(self, started: asyncio.Future[Any]) -> bool:
        if started.cancelled() or started.exception() is not None:
            return False
        return bool(started.result().is_connected())

    async def _start(self) -> Any:
        from playwright.async_api import Error, async_playwright

        driver = await async_playwright().start()
        self._drivers.append(driver)
        root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses root
        try:
            return await driver.chromium.launch(
                executable_path=self._executable,
                args=_ARGUMENTS,
                chromium_sandbox=not root,
                proxy=_NOWHERE,
                env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            )
        except Error as error:
            first = error.message.strip().splitlines()[0]
            raise RenderError(f"the browser does not start ({first[:200]})") from error

    async def _render(self, fetched: Fetched) -> bytes:
        from playwright.async_api import Error

        async with self._turn:
            context = None
            client = self._client.narrowed(fetched.url)  # no page may talk to another's intranet
            try:
                browser = await self._browser()
                making = browser.new_context(accept_downloads=False, service_workers="block")
                context = await asyncio.wait_for(making, self._timeout)
                return await asyncio.wait_for(self._filled(context, client, fetched), self._timeout)
            except TimeoutError as error:
                raise RenderError(f"rendering took more than {self._timeout:g} s") from error
            except Error as error:
                first = error.message.strip().splitlines()[0]
                raise RenderError(f"cannot be rendered ({first[:200]})") from error
            finally:
                if context is not None:
                    await self._dispose(context)
                client.close()

    async def _dispose(self, context: Any) -> None:
        """Close a page's context; a browser that does not answer any more is left behind."""
        try:
            await asyncio.wait_for(context.close(), 5)
        except Exception:
            self._started = None

    async def _filled(self, context: Any, client: GuardedClient, fetched: Fetched) -> bytes:
        from playwright.async_api import TimeoutError as TooLong

        guard = PageGuard(client, fetched, self._max_bytes, self._timeout)
        await context.route("**/*", guard.answer)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        page = await context.new_page()
        context.on("page", lambda popup: asyncio.ensure_future(popup.close()))
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
        limit = self._timeout * 1000
        await page.goto(fetched.url, wait_until="domcontentloaded", timeout=limit)
        try:
            await page.wait_for_load_state(
                "networkidle", timeout=min(limit / 2, _LONGEST_REST * 1000)
            )
            await page.wait_for_timeout(50)
        except TooLong:  # a page that polls for ever never rests: take it as it is
            pass
        html: str = await page.content()
        if len(html) > self._max_bytes:
            raise RenderError(f"renders to more than the limit of {self._max_bytes} bytes")
        return html.encode("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
