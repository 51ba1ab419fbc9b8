"""The one HTTP client: the crawler, `read_page` and the wait-time feeds all fetch through it.

    client = GuardedClient(trusted_hosts=("127.0.0.1:8000",))
    fetched = client.get("https://example.org/", etag=previous.etag)

It speaks to public addresses and to `trusted_hosts` only (see `guard`), follows redirects hop by
hop through the same checks, keeps no cookies, and has limits of size, time and decompression.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self
from urllib.parse import urldefrag, urljoin, urlsplit

import httpcore
import httpx

from frontdesk.db.errors import FetchError
from frontdesk.db.ingest.decode import BoundedDecoder, TooLarge, UnknownEncoding
from frontdesk.db.ingest.fetched import Fetched
from frontdesk.db.ingest.guard import (
    AddressRefused,
    GuardedBackend,
    check_url,
    host_key,
    trusted_keys,
)

__all__ = ["FetchError", "Fetched", "GuardedClient"]

USER_AGENT = "Frontdesk/0.1"
MAX_REDIRECTS = 8
_REDIRECTS = {301, 302, 303, 307, 308}


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class GuardedTransport(httpx.BaseTransport):
    """httpx's door to the network, with `GuardedBackend` behind it."""

    def __init__(self, trusted: frozenset[str], connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            keepalive_expiry=15.0,
            network_backend=GuardedBackend(trusted),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Stream(response))

    def close(self) -> None:
        self._pool.close()


class GuardedClient:
    """Fetches public pages, and those of `trusted_hosts` (exact `host:port`). Thread safe.

    `timeout` is seconds for a whole fetch with its redirects, `max_bytes` the size of one body.
    """

    def __init__(
        self,
        trusted_hosts: tuple[str, ...] | list[str] = (),
        timeout: float = 20.0,
        max_bytes: int = 25 * 1024 * 1024,
        *,
        connections: int = 16,
    ) -> None:
        self._trusted = trusted_keys(trusted_hosts)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._http = httpx.Client(
            transport=GuardedTransport(self._trusted, connections),
            headers={"user-agent": USER_AGENT, "accept-encoding": "gzip, deflate"},
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            trust_env=False,  # a proxy would resolve names behind the guard's back
            follow_redirects=False,
        )

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        *,
        max_bytes: int | None = None,
        timeout: float | None = None,
    ) -> Fetched:
        """Fetch `url`. With `etag` or `last_modified` the server may answer 304 (`not_modified`).

        Raises `FetchError`: refused by the guard, unreachable, too slow, too large, or redirected
        in a circle.
        """
        asked = dict(headers or {})
        if etag:
            asked["if-none-match"] = etag
        if last_modified:
            asked["if-modified-since"] = last_modified
        limit = max_bytes or self._max_bytes
        began = time.monotonic()
        deadline = began + (timeout or self._timeout)
        passed: list[str] = []
        current = urldefrag(url).url
        while True:
            fetched = self._hop(current, asked, limit, deadline)
            target = fetched.headers.get("location", "")
            if fetched.status not in _REDIRECTS or not target:
                seconds = time.monotonic() - began
                return replace(fetched, redirects=tuple(passed), seconds=seconds)
            passed.append(current)
            current = urldefrag(urljoin(current, target)).url
            if current in passed:
                raise FetchError(url, f"redirects in a circle at {current}", refused=True)
            if len(passed) > MAX_REDIRECTS:
                raise FetchError(url, f"more than {MAX_REDIRECTS} redirects", refused=True)

    def _hop(self, url: str, headers: Mapping[str, str], limit: int, deadline: float) -> Fetched:
        """One request, its errors translated."""
        try:
            check_url(url, self._trusted)
            return self._exchange(url, headers, limit, deadline)
        except (AddressRefused, TooLarge, UnknownEncoding) as error:
            raise FetchError(url, str(error), refused=True) from error
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise FetchError(
                url, f"not a URL that can be fetched ({error})", refused=True
            ) from error
        except (httpcore.TimeoutException, httpx.TimeoutException) as error:
            raise FetchError(url, f"no answer within {self._timeout:g} s", retry=True) from error
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.UnsupportedProtocol,
            httpx.HTTPError,
            OSError,
        ) as error:
            reason = str(error) or type(error).__name__
            raise FetchError(url, f"cannot be reached ({reason})", retry=True) from error

    def _exchange(
        self, url: str, headers: Mapping[str, str], limit: int, deadline: float
    ) -> Fetched:
        began = time.monotonic()
        left = deadline - began
        if left <= 0:
            raise httpcore.ReadTimeout
        timeout = httpx.Timeout(left, connect=min(left, 10.0))
        with self._http.stream("GET", url, headers=dict(headers), timeout=timeout) as response:
            named = {name.lower(): value for name, value in response.headers.items()}
            length = named.get("content-length", "")
            if length.isdigit() and int(length) > limit:
                raise TooLarge(f"{length} bytes, more than the limit of {limit}")
            decoder = BoundedDecoder(named.get("content-encoding", ""), limit)
            if response.status_code not in _REDIRECTS:
                for data in response.iter_raw():
                    decoder.feed(data)
                    if time.monotonic() > deadline:  # a server that drips never times out
                        raise httpcore.ReadTimeout
        return Fetched(
            url=url,
            status=response.status_code,
            headers=named,
            body=decoder.body(),
            etag=named.get("etag"),
            last_modified=named.get("last-modified"),
            fetched_at=datetime.now(UTC),
            seconds=time.monotonic() - began,
        )

    def narrowed(self, url: str) -> "GuardedClient":
        """Return a new client that trusts, of the trusted hosts, that of `url` alone."""
        parts = urlsplit(url)
        key = host_key(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        return GuardedClient([key] if key in self._trusted else [], self._timeout, self._max_bytes)

    def close(self) -> None:
        """Close the connections. The client is done."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
