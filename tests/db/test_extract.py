"""Extraction: the content and all its literals, none of the furniture, from every kind of file."""

import io
from datetime import date, datetime

import pytest

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.dates import served_date
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.extract import extract

PAGE = """<!doctype html><html lang="en-CA"><head><title>Parking | Valley Health</title>
<link rel="canonical" href="/parking"><meta name="robots" content="index, follow"></head><body>
<div class="cookie-banner"><p>We use cookies to improve your visit.</p></div>
<header><nav><ul><li><a href="/a">Home</a></li></ul></nav></header>
<main><nav class="breadcrumbs"><a href="/">Home</a></nav>
<h1>Parking</h1>
<p>Call <a href="tel:811">Health Link</a>, <a href="tel:+1-403-555-0199">403-555-0199</a> or
 <a href="mailto:parking@valley.example?subject=x">write to us</a>.
 See <a href="/fees">the fees</a>.</p>
<h2>Rates</h2>
<table><caption>Rates in 2026</caption>
<thead><tr><th>Lot</th><th>Hour</th><th>Day</th></tr></thead>
<tr><td rowspan="2">P1</td><td>$2.50</td><td>$14</td></tr>
<tr><td>$2.00</td><td>$10</td></tr><tr><td>P2</td><td colspan="2">free</td></tr></table>
<table><tr><th>Monday</th><td>8 am - 5 pm</td></tr><tr><th>Sunday</th><td>closed</td></tr></table>
<table role="presentation"><tr><td><p>In a layout.</p></td></tr></table>
<details><summary>Can I get a refund?</summary><p>Yes. Ask at P1.</p>
<ul><li>Bring the ticket<ul><li>or its photo</li></ul></li></ul></details>
<p>After the details.</p>
<h3><button aria-expanded="false" aria-controls="panel">Lost ticket</button></h3>
<div id="panel" hidden><p>Pay the daily rate.</p></div>
<dl><dt>Phone</dt><dd>403-555-0100</dd><dt>Hours</dt><dd>8 to 5</dd><dd>Sunday closed</dd></dl>
<figure><img src="map.png" alt="Map of the four car parks">
<figcaption>Car parks</figcaption></figure>
<p style="display:none">Hidden words.</p><button>Print</button><script>var x = 1;</script>
<p>Last reviewed: 3 March 2026</p></main>
<aside><a href="/x">Related</a></aside><footer><p>Copyright Valley.</p></footer></body></html>"""


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks if block.text]


def test_a_page_keeps_its_content_and_loses_its_furniture() -> None:
    document = extract(PAGE.encode(), "https://valley.example/parking?x=1", "text/html")
    assert document.title == "Parking"
    assert document.language == "en"
    assert document.published_on == date(2026, 3, 3)
    assert document.canonical == "https://valley.example/parking"
    assert "https://valley.example/fees" in document.links and document.index
    assert texts(document) == [
        "Call Health Link (811), 403-555-0199 or write to us (parking@valley.example)."
        " See the fees.",
        "Rates",
        "Rates in 2026",
        "Lot: P1; Hour: $2.50; Day: $14",
        "Lot: P1; Hour: $2.00; Day: $10",
        "Lot: P2; Hour: free",
        "Monday: 8 am - 5 pm",
        "Sunday: closed",
        "In a layout.",
        "Can I get a refund?",
        "Yes. Ask at P1.",
        "Bring the ticket",
        "or its photo",
        "After the details.",
        "Lost ticket",
        "Pay the daily rate.",
        "Phone: 403-555-0100",
        "Hours: 8 to 5",
        "Hours: Sunday closed",
        "Map of the four car parks",
        "Car parks",
        "Last reviewed: 3 March 2026",
    ]
    links = [(link.text, link.url) for link in document.blocks[1].links]
    assert ("the fees", "https://valley.example/fees") in links


def test_a_page_without_landmarks_is_read_too() -> None:
    prose = "".join(
        f"<p>Sentence {n} says that the clinic is open late today.</p>" for n in range(9)
    )
    links = "".join(f'<li><a href="/{n}">Menu {n}</a></li>' for n in range(30))
    page = f'<html><body><div class="menu"><ul>{links}</ul></div><div>{prose}</div></body></html>'
    found = " ".join(texts(extract(page.encode(), "https://x.example/", "text/html")))
    assert "Sentence 8 says" in found and "Menu 3" not in found


@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-16"])
def test_charsets(charset: str) -> None:
    page = f'<html><head><meta charset="{charset}"></head><body><p>Café déjà vu</p></body></html>'
    document = extract(page.encode(charset), "https://x.example/", "text/html", "not-a-charset")
    assert texts(document) == ["Café déjà vu"]


def test_broken_html_is_read() -> None:
    document = extract(b"<p>One<p>Two <b>three<div>Four", "https://x.example/", "text/html")
    assert texts(document) == ["One", "Two three", "Four"]


def test_pages_may_ask_to_be_left_out() -> None:
    page = b'<meta name="robots" content="noindex,nofollow"><p>Words here.</p>'
    document = extract(page, "https://x.example/", "text/html")
    assert not document.index and not document.follow


def test_markdown_with_a_table() -> None:
    text = b"---\nx: y\n---\n# Title\n\nPay *here*.\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n- one\n"
    document = extract(text, "file:///notes.md")
    assert document.title == "Title"
    assert texts(document) == ["Pay here.", "A: 1; B: 2", "one"]


def test_csv_rows_carry_their_headers() -> None:
    document = extract(b"name;phone\nAnn;811\n\n", "file:///list.csv")
    assert texts(document) == ["name: Ann; phone: 811"]


def test_plain_text_and_code() -> None:
    document = extract(b"Opening hours\n\nWe open\nat 8.\n\nWe close at 5.", "file:///a.txt")
    assert document.title == "Opening hours"
    assert texts(document) == ["We open at 8.", "We close at 5."]
    code = extract(b"def f():\n    return 1\n", "file:///a.py")
    assert code.sentences() == ["def f():", "    return 1"]


def test_language_and_date_of_every_kind() -> None:
    text = "The clinic opens at eight on weekdays and stays open until five in the afternoon."
    front = f"---\ntitle: Hours\nlang: fr-CA\nupdated: 2026-02-01\n---\n{text}\n"
    markdown = extract(front.encode(), "file:///hours.md")
    assert (markdown.title, markdown.language) == ("Hours", "fr")
    assert markdown.published_on == date(2026, 2, 1)
    plain = extract(f"{text}\n\nLast updated: 2 February 2026".encode(), "file:///hours.txt")
    assert (plain.language, plain.published_on) == ("en", date(2026, 2, 2))
    rows = extract(f"place;hours\nclinic;{text}\n".encode(), "file:///hours.csv")
    assert rows.language == "en"
    stamp = "Mon, 02 Mar 2026 10:00:00 GMT"
    assert served_date("https://x.example/list.csv", "text/csv", stamp) == date(2026, 3, 2)
    assert served_date("https://x.example/", "text/html", stamp) is None
    assert served_date("file:///a.html", "", stamp) is None
    assert served_date("file:///a.csv", "", "yesterday") is None


def test_docx() -> None:
    import docx

    made = docx.Document()
    made.add_heading("Visitors", 1)
    made.add_heading("Hours", 2)
    made.add_paragraph("From 10 to 8.")
    made.core_properties.language = "fr-CA"
    made.core_properties.modified = datetime(2026, 3, 4)
    made.add_paragraph("Two at a time", style="List Bullet")
    table = made.add_table(2, 2)
    for cell, text in zip(table._cells, ("Unit", "Hours", "ICU", "any"), strict=True):
        cell.text = text
    body = io.BytesIO()
    made.save(body)
    document = extract(body.getvalue(), "https://x.example/v.docx")
    assert document.title == "Visitors"
    assert (document.language, document.published_on) == ("fr", date(2026, 3, 4))
    assert [(block.kind, block.text) for block in document.blocks] == [
        ("heading", "Hours"),
        ("paragraph", "From 10 to 8."),
        ("item", "Two at a time"),
        ("row", "Unit: ICU; Hours: any"),
    ]


def pdf_of(*, password: str = "") -> bytes:
    """A PDF with a title, two sections, a list, a table and running lines on three pages."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

    body = io.BytesIO()
    styles = getSampleStyleSheet()

    def running(canvas: object, template: object) -> None:
        canvas.drawString(60, 20, f"Valley Health, page {canvas.getPageNumber()}")  # type: ignore[attr-defined]

    grid = Table(
        [["Lot", "Day"], ["P1", "$14"]], style=TableStyle([("GRID", (0, 0), (-1, -1), 1, 0)])
    )
    story = [
        Paragraph("Parking booklet", styles["Title"]),
        Paragraph("Rates", styles["Heading2"]),
        Paragraph("Parking costs money. " * 12, styles["BodyText"]),
        grid,
        PageBreak(),
        Paragraph("Refunds", styles["Heading2"]),
        Paragraph("Ask within 30 days at the office.", styles["BodyText"]),
        PageBreak(),
        Paragraph("Call 587-555-0111.", styles["BodyText"]),
    ]
    options = {"encrypt": password} if password else {}
    template = SimpleDocTemplate(body, pagesize=A4, **options)
    template.build(story, onFirstPage=running, onLaterPages=running)
    return body.getvalue()


def test_pdf_has_headings_paragraphs_tables_and_no_page_numbers() -> None:
    document = extract(pdf_of(), "https://x.example/parking.pdf", "application/pdf")
    assert document.title == "Parking booklet"
    assert Block("heading", "Rates", 2) in document.blocks
    assert Block("row", "Lot: P1; Day: $14") in document.blocks
    joined = " ".join(texts(document))
    assert ("Parking costs money. " * 12).strip() in joined
    assert "Ask within 30 days at the office." in joined and "587-555-0111" in joined
    assert "Valley Health, page" not in joined


@pytest.mark.parametrize(
    ("body", "url", "kind", "reason"),
    [
        (pdf_of(password="secret"), "a.pdf", "application/pdf", "encrypted"),
        (pdf_of()[:600], "a.pdf", "application/pdf", "broken|no text"),
        (b"not a pdf", "a.pdf", "application/pdf", "no PDF"),
        (b"\x00\x01\x02binary", "a.bin", "application/octet-stream", "binary"),
        (b"PK\x03\x04rest", "a.zip", "application/zip", "ZIP"),
        (b"PK\x03\x04word/", "a.docx", "", "Word document is broken"),
        (b"GIF89a", "a.gif", "image/gif", "image/gif"),
        (b"", "a.html", "text/html", "empty"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, url: str, kind: str, reason: str) -> None:
    with pytest.raises(ExtractError, match=reason):
        extract(body, url, kind)
