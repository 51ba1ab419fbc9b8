"""The guarded client: who may be contacted, how much is taken, how long is waited."""

import gzip
import ipaddress
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from frontdesk.db.errors import FetchError
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.guard import refusal


@pytest.fixture
def client(site: Any) -> Iterator[GuardedClient]:
    with GuardedClient((site.host,), timeout=5.0, max_bytes=100_000) as client:
        yield client


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1/", "loopback"),
        ("http://[::1]/", "loopback"),
        ("http://[::ffff:10.0.0.1]/", "private"),
        ("http://[64:ff9b::a9fe:a9fe]/", "link-local"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://10.1.2.3/", "private"),
        ("http://0.0.0.0/", "unspecified"),
        ("http://2130706433/", "disguise"),
        ("http://0x7f000001/", "disguise"),
        ("http://0177.0.0.1/", "disguise"),
        ("http://127.1/", "disguise"),
        ("http://localhost/", "loopback"),
        ("http://public.example@127.0.0.1/", "user name"),
        ("file:///etc/passwd", "only http"),
        ("gopher://127.0.0.1/", "only http"),
        ("http:///nothing", "no host"),
        ("http://x:99999/", "not a URL"),
    ],
)
def test_addresses_that_are_not_public_are_refused(url: str, reason: str) -> None:
    with GuardedClient() as client, pytest.raises(FetchError, match=reason) as caught:
        client.get(url)
    assert caught.value.refused


def test_public_addresses_are_allowed() -> None:
    for text in ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"):
        assert refusal(ipaddress.ip_address(text)) is None


def test_a_trusted_host_is_one_host_and_one_port(site: Any, client: GuardedClient) -> None:
    site.put("/", "<p>hello</p>")
    assert client.get(site.url + "/").body == b"<p>hello</p>"
    port = int(site.host.rpartition(":")[2])
    with pytest.raises(FetchError, match="loopback"):
        client.get(f"http://127.0.0.1:{port + 1}/")
    with pytest.raises(FetchError, match="loopback"):
        client.get(f"http://localhost:{port}/")  # another name for the same address


def test_every_redirect_is_checked(site: Any, client: GuardedClient) -> None:
    site.redirect("/out", "http://169.254.169.254/latest")
    with pytest.raises(FetchError, match="link-local"):
        client.get(site.url + "/out")


def test_redirects_are_followed_and_circles_ended(site: Any, client: GuardedClient) -> None:
    site.redirect("/a", "/b")
    site.redirect("/b", site.url + "/c#part")
    site.put("/c", "there")
    fetched = client.get(site.url + "/a")
    assert fetched.url == site.url + "/c"
    assert fetched.redirects == (site.url + "/a", site.url + "/b")
    site.redirect("/c", "/a")
    with pytest.raises(FetchError, match="circle"):
        client.get(site.url + "/a")


def test_a_large_body_is_refused_by_length_and_by_count(site: Any, client: GuardedClient) -> None:
    site.put("/big", "x" * 100_001)
    with pytest.raises(FetchError, match="limit of 100000"):
        client.get(site.url + "/big")

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(1000):
                request.wfile.write(b"x" * 1000)
        except OSError:
            pass
        request.close_connection = True

    site.pages["/endless"] = endless
    with pytest.raises(FetchError, match="limit of 100000"):
        client.get(site.url + "/endless")


def test_compression_is_undone_within_the_limit(site: Any, client: GuardedClient) -> None:
    site.put("/gzip", "hello " * 10, Content_Encoding="gzip")
    site.pages["/gzip"].body = gzip.compress(b"hello")
    assert client.get(site.url + "/gzip").body == b"hello"
    for name, body in (("/deflate", zlib.compress(b"hello")), ("/raw", zlib.compress(b"hi")[2:-4])):
        site.put(name, "", Content_Encoding="deflate")
        site.pages[name].body = body
        assert client.get(site.url + name).body in (b"hello", b"hi")
    site.pages["/gzip"].body = gzip.compress(b"0" * 50_000_000)
    with pytest.raises(FetchError, match="unpacks to more"):
        client.get(site.url + "/gzip")
    site.put("/br", "x", Content_Encoding="br")
    with pytest.raises(FetchError, match="not asked for"):
        client.get(site.url + "/br")
    site.pages["/gzip"].body = gzip.compress(b"hello")[:-9]
    with pytest.raises(FetchError, match="ends too early"):
        client.get(site.url + "/gzip")


def test_a_server_that_drips_is_left(site: Any) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(100):
                request.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            pass
        request.close_connection = True

    site.pages["/drip"] = drip
    began = time.monotonic()
    with GuardedClient((site.host,), timeout=0.4) as client:
        with pytest.raises(FetchError, match="no answer within 0.4 s") as caught:
            client.get(site.url + "/drip")
    assert caught.value.retry and time.monotonic() - began < 15


def test_conditional_requests_and_no_cookies(site: Any, client: GuardedClient) -> None:
    site.put("/", "hello", ETag='"1"', Set_Cookie="a=b")
    first = client.get(site.url + "/")
    assert first.ok and first.etag == '"1"'
    again = client.get(site.url + "/", etag=first.etag)
    assert again.not_modified and again.body == b""
    assert "cookie" not in site.requests[-1][1]


def test_what_cannot_be_reached_may_be_tried_again() -> None:
    with GuardedClient(("127.0.0.1:1",)) as client, pytest.raises(FetchError) as caught:
        client.get("http://127.0.0.1:1/")
    assert caught.value.retry and "cannot be reached" in caught.value.reason
