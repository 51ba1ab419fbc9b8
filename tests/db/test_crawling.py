"""The crawler on real loopback sites: what it visits, what it leaves, how it ends."""

import gzip
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from frontdesk.db.ingest.client import Fetched, GuardedClient
from frontdesk.db.ingest.crawl import Crawler, Visit
from frontdesk.db.ingest.html import read_html
from frontdesk.db.ingest.robots import Robots
from frontdesk.db.ingest.sitemap import read_sitemap
from frontdesk.db.ingest.urls import Scope, normal
from frontdesk.db.settings import SiteSettings


def crawl(
    site: Any, **options: Any
) -> tuple[dict[str, Visit[tuple[str, ...]]], Crawler[tuple[str, ...]]]:
    """Crawl the loopback site from its root; return the visits by path, and the crawler."""
    settings = SiteSettings(trusted_hosts=(site.host,), **options)
    starts = [normal(site.url)]

    def links(fetched: Fetched, known: object) -> tuple[str, ...]:
        return read_html(fetched.body, fetched.url).links

    with GuardedClient(settings.trusted_hosts, timeout=settings.timeout_seconds) as client:
        crawler = Crawler(client, settings, Scope(starts, settings), {}, links)
        visits = {}
        for visit in crawler.run(starts):
            visits[visit.url.removeprefix(site.url)] = visit
            crawler.follow(visit.prepared or (), visit.depth + 1)
    return visits, crawler


def page(*links: str) -> str:
    anchors = "".join(f'<a href="{link}">to {link}</a>' for link in links)
    return f"<html><body><main><p>Some words.</p>{anchors}</main></body></html>"


def test_links_and_sitemaps_are_followed_once_within_the_site(site: Any) -> None:
    site.put("/", page("/a", "a?utm_source=x", "/a#part", "mailto:x@y.z", "http://other.example/"))
    site.put("/a", page("/", "/pic.jpg", "/deep/er/"))
    site.put("/deep/er/", page())
    site.put("/listed", page())
    site.put("/packed", page())
    site.put("/robots.txt", f"Sitemap: {site.url}/index.xml")
    site.put(
        "/index.xml",
        f"<sitemapindex><sitemap><loc>{site.url}/s.xml</loc></sitemap>"
        f"<sitemap><loc>{site.url}/s.xml.gz</loc></sitemap></sitemapindex>",
    )
    site.put("/s.xml", f"<urlset><url><loc> {site.url}/listed </loc></url></urlset>")
    site.put("/s.xml.gz", "")
    site.pages["/s.xml.gz"].body = gzip.compress(f"<url><loc>{site.url}/packed</loc>".encode())
    visits, crawler = crawl(site)
    assert set(visits) == {"/", "/a", "/deep/er/", "/listed", "/packed"}
    assert len([path for path, _ in site.requests if path == "/a"]) == 1
    assert crawler.skipped == {f"{site.url}/pic.jpg": "not a kind of document that is read"}


def test_robots_are_obeyed(site: Any) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\nCrawl-delay: 0.15")
    site.put("/", page("/private/x", "/a", "/b"))
    site.put("/a", page())
    site.put("/b", page())
    began = time.monotonic()
    visits, crawler = crawl(site)
    assert set(visits) == {"/", "/a", "/b"} and time.monotonic() - began > 0.29
    assert crawler.skipped == {f"{site.url}/private/x": "disallowed by robots.txt"}


def test_a_robots_file_that_fails_closes_the_site(site: Any) -> None:
    site.put("/", page())
    site.put("/robots.txt", "")
    site.pages["/robots.txt"].status = 503
    visits, crawler = crawl(site)
    assert not visits and crawler.skipped


@pytest.mark.parametrize(
    ("options", "stopped"),
    [
        ({"max_pages": 3}, "max_pages (3)"),
        ({"max_bytes": 200}, "max_bytes (200)"),
        ({"max_seconds": 0.001}, "max_seconds (0.001)"),
        ({"max_depth": 2}, ""),
    ],
)
def test_budgets(site: Any, options: dict[str, Any], stopped: str) -> None:
    site.put("/", page("/1"))
    for n in range(1, 12):
        site.put(f"/{n}", page(f"/{n + 1}"))
    visits, crawler = crawl(site, **options)
    assert crawler.stopped_by == stopped and len(visits) <= 4


def test_endless_pages_end(site: Any) -> None:
    def calendar(request: BaseHTTPRequestHandler) -> None:
        body = page("x/" + "", request.path.rstrip("/") + "/a/").encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    site.put("/", page("/a/"))
    site.pages.update({"/a" * n + "/": calendar for n in range(1, 30)})
    visits, crawler = crawl(site)
    assert len(visits) < 8
    assert "endless" in " ".join(crawler.skipped.values())


def test_faults_that_pass_are_tried_again(site: Any) -> None:
    answers = iter([503, 429, 200])

    def flaky(request: BaseHTTPRequestHandler) -> None:
        request.send_response(next(answers))
        request.send_header("Content-Length", "12")
        request.end_headers()
        request.wfile.write(b"<p>Hello</p>")

    site.pages["/"] = flaky
    began = time.monotonic()
    visits, _ = crawl(site)
    fetched = visits["/"].fetched
    assert fetched is not None and fetched.status == 200
    assert time.monotonic() - began >= 1.4  # half a second, then one


def test_a_site_that_goes_down_ends_the_run(site: Any) -> None:
    def hang_up(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True

    site.put("/", page(*(f"/{n}" for n in range(60))))
    site.pages.update({f"/{n}": hang_up for n in range(60)})
    visits, crawler = crawl(site, retries=0)
    assert "does not answer" in crawler.stopped_by
    assert len(visits) < 20 and all(visits[path].unreachable for path in visits if path != "/")


def test_redirects_off_the_site_are_left_out(site: Any) -> None:
    site.put("/", page("/out", "/in"))
    site.redirect("/out", site.url.replace("127.0.0.1", "localhost") + "/")
    site.redirect("/in", "/target")
    site.put("/target", page())
    visits, _ = crawl(site)
    assert visits["/out"].error
    fetched = visits["/in"].fetched
    assert fetched is not None and fetched.url == f"{site.url}/target"


def test_allow_and_deny() -> None:
    settings = SiteSettings(allow=("https://x.example/docs/*",), deny=("*.php",))
    scope = Scope(["https://x.example/"], settings)
    assert scope.refusal("https://x.example/") is None
    assert scope.refusal("https://x.example/docs/a") is None
    assert scope.refusal("https://x.example/docs/a.php") == "denied by [site] deny"
    assert scope.refusal("https://x.example/blog") == "outside the site"
    assert Scope(["https://x.example/"], SiteSettings()).refusal("https://www.x.example/a") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://X.Example:80/a/../b/./c?utm_source=1&q=2#top", "http://x.example/b/c?q=2"),
        ("https://x.example", "https://x.example/"),
        ("https://x.example/a%20b/é", "https://x.example/a%20b/%C3%A9"),
        ("https://x.example/a;jsessionid=5?b", "https://x.example/a?b"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_urls_are_written_in_one_way(url: str, expected: str) -> None:
    assert normal(url) == expected
    assert normal(expected) == expected


def test_robots_rules() -> None:
    robots = Robots.parse(
        "User-agent: other\nDisallow: /\n\nUser-agent: *\nUser-agent: x\nDisallow: /a\n"
        "Allow: /a/open$\nDisallow: /*.php # no scripts\nDisallow:\nCrawl-delay: 2\n"
        "Sitemap: https://x.example/s.xml\n"
    )
    assert robots.delay == 2 and robots.sitemaps == ["https://x.example/s.xml"]
    for path, allowed in {
        "/": True,
        "/a/b": False,
        "/a/open": True,
        "/a/open/x": False,
        "/b.php": False,
        "/c?x=.php": False,
    }.items():
        assert robots.allows(f"https://x.example{path}") is allowed, path
    assert not Robots.parse("User-agent: Frontdesk\nDisallow: /").allows("https://x.example/")


def test_sitemaps_that_are_broken_give_what_they_can() -> None:
    pages, _ = read_sitemap(
        b"<urlset><url><loc><![CDATA[https://x.example/a?b=1]]></loc></url><url"
    )
    assert pages == ["https://x.example/a?b=1"]
    assert read_sitemap(b"https://x.example/1\nhttps://x.example/2\n")[0] == [
        "https://x.example/1",
        "https://x.example/2",
    ]
    assert read_sitemap(b"\x1f\x8bnothing") == ([], [])
