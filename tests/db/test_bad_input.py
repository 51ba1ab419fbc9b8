"""Bad input: each is reported by its URL with the reason, and the run goes on."""

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import docx
import pytest
from reportlab.pdfgen.canvas import Canvas

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.apart import read_apart
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.ingest.report import IngestReport
from frontdesk.db.settings import ChunkSettings, SiteSettings
from frontdesk.db.store import Store

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Settings:
    site: SiteSettings = field(default_factory=SiteSettings)
    chunks: ChunkSettings = field(default_factory=ChunkSettings)


@pytest.fixture
def read(store: Store, embedder: GGUFEmbedder, site: Any) -> Any:
    """Ingest the loopback site once; return the report and its problems by path."""

    def run(**options: Any) -> tuple[IngestReport, dict[str, str]]:
        settings = Settings(
            SiteSettings(trusted_hosts=(site.host,), retries=0, ocr="never", **options)
        )
        report = ingest(store, [site.url], settings, embedder=embedder)
        problems = [*report.failed, *report.skipped]
        return report, {p.url.removeprefix(site.url): p.reason for p in problems}

    return run


def put(site: Any, path: str, body: bytes, kind: str, **headers: str) -> None:
    site.put(path, "", **headers)
    site.pages[path].body = body
    site.pages[path].headers["Content-Type"] = kind


def home(site: Any, *paths: str) -> None:
    """A first page that links to `paths` and to one good page."""
    links = "".join(f'<a href="{path}">to {path}</a> ' for path in (*paths, "/good"))
    site.put("/", f"<main><h1>Home</h1><p>Welcome to the town. {links}</p></main>")
    site.put("/good", "<main><h1>Good</h1><p>The pool opens at 6 am.</p></main>")


def pdf(password: str = "") -> bytes:
    body = io.BytesIO()
    canvas = Canvas(body, encrypt=password or None)
    canvas.drawString(72, 720, "The library lends skis in winter.")
    canvas.save()
    return body.getvalue()


def pdf_bomb(unpacked: int) -> bytes:
    """A PDF of a few kilobytes whose page unpacks to `unpacked` bytes of drawing."""
    packer = zlib.compressobj(9)
    packed = b"".join(
        packer.compress(b"q Q " * (MEGABYTE // 4)) for _ in range(unpacked // MEGABYTE)
    )
    packed += packer.flush()
    packed = zlib.compress(packed, 9)  # the first layer is still megabytes of the same
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>",
        b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream"
        % (len(packed), packed),
    ]
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    body += b"xref\n0 5\n0000000000 65535 f \n" + table
    return body + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start


def docx_bomb(unpacked: int) -> bytes:
    """A Word document whose text unpacks to `unpacked` bytes."""
    made = io.BytesIO()
    docx.Document().save(made)
    body = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as out:
        for entry in source.infolist():
            out.writestr(entry, source.read(entry))
        with out.open("word/more.xml", "w") as more:
            for _ in range(unpacked // MEGABYTE):
                more.write(b"0" * MEGABYTE)
    return body.getvalue()


def test_what_is_too_large_or_broken_is_named_and_the_rest_is_read(site: Any, read: Any) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(100):
                request.wfile.write(b"x" * MEGABYTE)
        except OSError:
            pass
        request.close_connection = True

    expected = {
        "/gzip": "unpacks to more than the limit",
        "/stream": "larger than the limit",
        "/declared": "104857600 bytes, more than the limit",
        "/bomb.docx": "unpacks to more than it may",
        "/encrypted.pdf": "encrypted",
        "/broken.pdf": "broken|no text",
        "/half.docx": "broken",
        "/circle": "redirects in a circle",
        "/far": "private address",
        "/null": "binary data",
        "/picture": "picture",
        "/empty": "empty|no text",
    }
    home(site, *expected)
    zeros = gzip.compress(b"<p>" + b"0" * (200 * MEGABYTE))
    put(site, "/gzip", zeros, "text/html", Content_Encoding="gzip")
    site.pages["/stream"] = endless
    put(site, "/declared", b"x" * (100 * MEGABYTE), "text/html")
    put(site, "/bomb.docx", docx_bomb(300 * MEGABYTE), "application/zip")
    put(site, "/encrypted.pdf", pdf("secret"), "application/pdf")
    put(site, "/broken.pdf", pdf()[:400], "application/pdf")
    put(site, "/half.docx", docx_bomb(MEGABYTE)[:2000], "application/zip")
    site.redirect("/circle", "/circle/2")
    site.redirect("/circle/2", "/circle")
    site.redirect("/far", "http://198.51.100.7/")
    put(site, "/null", b"\x00\x01\x02" * 50, "text/plain")
    put(site, "/picture", b"\x89PNG\r\n\x1a\n", "image/png")
    put(site, "/empty", b"", "text/html")
    report, problems = read(max_page_bytes=8 * MEGABYTE)
    assert report.complete and report.stored == 2
    for path, reason in expected.items():
        assert any(part in problems[path] for part in reason.split("|")), (path, problems.get(path))


def test_a_pdf_that_unpacks_to_gigabytes_ends_alone() -> None:
    bomb = pdf_bomb(2304 * MEGABYTE)
    assert len(bomb) < MEGABYTE
    with pytest.raises(ExtractError, match="more memory|took more than|broken"):
        read_apart("pdf", bomb, "bomb.pdf", seconds=60)


def test_a_file_that_takes_for_ever_is_given_up() -> None:
    with pytest.raises(ExtractError, match="took more than 0.01 s"):
        read_apart("pdf", pdf(), "slow.pdf", seconds=0.01)


def test_calendars_and_circles_of_links_end(site: Any, read: Any) -> None:
    def month(request: BaseHTTPRequestHandler) -> None:
        number = int(request.path.rpartition("=")[2])
        year, after = 2026 + number // 12, number + 1
        body = (
            f"<main><h1>Month {number}</h1><p>Events of month {number}.</p>"
            f"<a href='/calendar?month={after}'>next</a> <a href='/'>home</a>"
            f"<a href='/events/{year}-{number % 12 + 1:02}'>list</a></main>"
        ).encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    home(site, "/calendar?month=1", "/events/2999-01/", "/loop/a/loop/a/loop/a/loop/a/")
    site.pages.update({f"/calendar?month={n}": month for n in range(1, 200)})
    report, problems = read(max_depth=6)
    assert report.complete and report.stored == 2 + 6
    assert "deeper than 6 links" in problems.values()
    endless = [path for path, reason in problems.items() if "endless" in reason]
    assert "/events/2999-01/" in endless and "/loop/a/loop/a/loop/a/loop/a/" in endless


@pytest.mark.parametrize(
    ("text", "encoding", "named", "language"),
    [
        ("Café déjà vu: die Bibliothek hat heute für alle geöffnet", "utf-8", "iso-8859-1", "de"),
        ("Das Büro schließt heute früher und öffnet erst morgen", "cp1252", "utf-8", "de"),
        (
            "診療所は午前八時に開き、午後五時に閉まり、予約は電話で受け付けます。",
            "shift_jis",
            "",
            "ja",
        ),
        ("Поликлиника открыта с восьми утра до пяти вечера каждый будний день", "cp1251", "", "ru"),
        (
            "The clinic is open from eight to five on every weekday of the year",
            "utf-8",
            "x-no",
            "en",
        ),
    ],
)
def test_charsets_that_are_named_wrongly_or_not_at_all(
    site: Any, read: Any, store: Store, text: str, encoding: str, named: str, language: str
) -> None:
    kind = f"text/html; charset={named}" if named else "text/html"
    put(site, "/", f"<main><h1>1</h1><p>{text}</p></main>".encode(encoding), kind)
    report, problems = read()
    assert report.stored == 1, problems
    with store.connection() as connection:
        rows = connection.execute("SELECT c.text, p.language FROM chunks c, pages p").fetchall()
    assert rows == [(text, language)]


def test_a_site_that_goes_down_half_way_is_resumed(site: Any, read: Any, store: Store) -> None:
    down = False

    def page(request: BaseHTTPRequestHandler) -> None:
        nonlocal down
        number = int(request.path[1:])
        down = down or number == 20
        body = f"<main><h1>Page {number}</h1><p>It is about {number}.</p></main>".encode()
        request.close_connection = down
        if down:
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    home(site, *(f"/{n}" for n in range(60)))
    site.pages.update({f"/{n}": page for n in range(60)})
    report, problems = read(concurrency=1)
    assert not report.complete and "does not answer" in report.stopped_by
    assert report.stored >= 20 and "cannot be reached" in problems["/20"]
    site.put("/20", "<main><h1>Page 20</h1><p>It is back.</p></main>")
    down = False
    report, problems = read(concurrency=1)
    assert report.complete and not problems
    assert report.unchanged >= 20 and report.unchanged + report.stored == 62
