"""Scans are read by the optional recogniser, and reported where it is missing."""

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest import ocr
from frontdesk.db.ingest.aids import reads_scans
from frontdesk.db.ingest.extract import extract
from frontdesk.db.ingest.sources import documents_in
from frontdesk.db.settings import SiteSettings

LINES = ("Visitor parking", "The north lot costs $14 a day.", "Call 403-555-0199 for a refund.")


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """A page of three lines as a scanner sees it: no text in it, only grey dots."""
    body = io.BytesIO()
    canvas = Canvas(body, pagesize=A4)
    canvas.setFont("Helvetica", 14)
    for number, line in enumerate(LINES):
        canvas.drawString(72, 700 - 60 * number, line)
    canvas.save()
    drawn: Image.Image = pypdfium2.PdfDocument(body.getvalue())[0].render(scale=2).to_pil()
    return drawn.convert("L")


@pytest.fixture(scope="module")
def scan(picture: Image.Image) -> bytes:
    """A PDF of two pages: the picture, and a page of real text."""
    body = io.BytesIO()
    canvas = Canvas(body, pagesize=A4)
    canvas.drawImage(ImageReader(picture), 0, 0, *A4)
    canvas.showPage()
    canvas.drawString(72, 700, "The second page has words of its own.")
    canvas.save()
    return body.getvalue()


def words(text: str) -> str:
    return "".join(text.split())


def test_a_scanned_page_is_read_with_the_extra(scan: bytes) -> None:
    document = extract(scan, "https://x.example/scan.pdf", "application/pdf", ocr=True)
    read = words(" ".join(document.sentences()))
    assert all(words(line) in read for line in LINES)
    assert "ThesecondpagehaswordsOfitsown.".lower() in read.lower()
    assert document.warnings == ("1 scanned pages were read by OCR, which makes mistakes",)


def test_a_scanned_page_is_reported_without_the_extra(scan: bytes) -> None:
    document = extract(scan, "https://x.example/scan.pdf", "application/pdf")
    assert document.sentences() == ["The second page has words of its own."]
    assert document.warnings == (f"page 1 is a scan without text; {ocr.MISSING}",)


def test_a_photograph_of_words_is_read(picture: Image.Image) -> None:
    body = io.BytesIO()
    picture.save(body, "PNG")
    document = extract(body.getvalue(), "file:///notice.png", ocr=True)
    assert document.title == "notice.png"
    assert [words(line) for line in LINES] == [words(text) for text in document.sentences()]
    with pytest.raises(ExtractError, match=r"install \"frontdesk\[ocr\]\""):
        extract(body.getvalue(), "file:///notice.png")


def test_pictures_that_cannot_be_read_say_why() -> None:
    empty = io.BytesIO()
    Image.new("L", (200, 200), 255).save(empty, "PNG")
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    for body, reason in (
        (empty.getvalue(), "without words"),
        (b"\x89PNG\r\n\x1a\nnothing", "cannot be read|broken"),
        (bomb.getvalue(), "cannot be read"),
    ):
        with pytest.raises(ExtractError, match=reason):
            extract(body, "file:///a.png", ocr=True)


def test_pictures_count_as_documents_only_where_they_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    assert documents_in(tmp_path) == []
    assert documents_in(tmp_path, images=True) == [tmp_path / "a.png"]
    assert not reads_scans(SiteSettings(ocr="never"))
    assert reads_scans(SiteSettings()) == ocr.is_installed()
