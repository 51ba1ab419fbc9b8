"""Read the kinds of document that are neither web pages nor PDF."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.dates import stated_date
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.html import read_html
from frontdesk.db.ingest.language import detect
from frontdesk.db.ingest.tables import Cell, readable_rows

_MOST_ROWS = 100_000
_MOST_UNPACKED = 200 * 1024 * 1024


def decode(body: bytes, charset: str = "") -> str:
    """Read text in `charset`, else UTF-8, else Windows-1252.

    Raises `ExtractError` on binary data.
    """
    if b"\x00" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ExtractError("binary data, not a document that can be read")
    marked = "utf-16" if body.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    for name in (charset, marked, "cp1252"):
        try:
            if name:
                return body.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return body.decode("cp1252", errors="replace")


def read_markdown(body: bytes, url: str, name: str, charset: str = "") -> Document:
    """Extract Markdown, tables included, through the reader of HTML."""
    from markdown_it import MarkdownIt

    text = re.sub(r"\A---\n.*?\n---\n", "", decode(body, charset), flags=re.DOTALL)
    html = MarkdownIt("commonmark").enable("table").render(text)
    page = f"<html><body><main>{html}</main></body></html>"
    document = read_html(page.encode(), url, "utf-8")
    published = stated_date(text) or document.published_on
    return replace(document, title=document.title or name, published_on=published)


def read_text(body: bytes, name: str, charset: str = "") -> Document:
    """Extract plain text: a blank line ends a paragraph, a short first line is the title."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", decode(body, charset))]
    paragraphs = [paragraph for paragraph in paragraphs if paragraph]
    title = name
    if len(paragraphs) > 1 and len(paragraphs[0].split()) <= 12:
        title = paragraphs.pop(0)
    text = " ".join(paragraphs)
    blocks = [Block("paragraph", paragraph) for paragraph in paragraphs]
    return Document(title, blocks, language=detect(text), published_on=stated_date(text))


def read_code(body: bytes, name: str, charset: str = "") -> Document:
    """Keep source code by line."""
    return Document(name, [Block("code", decode(body, charset))])


def read_csv(body: bytes, name: str, charset: str = "") -> Document:
    """Extract a table whose first row is its header: one sentence a row."""
    text = decode(body, charset)
    try:
        dialect = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect))
    except csv.Error as error:
        raise ExtractError(f"the CSV is broken ({error})") from error
    if len(rows) > _MOST_ROWS:
        raise ExtractError(f"{len(rows)} rows, more than the limit of {_MOST_ROWS}")
    return Document(name, list(_rows(rows)), language="")


def read_docx(body: bytes, name: str) -> Document:
    """Extract a Word document: headings by their style, lists, tables."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
                raise ExtractError("the document unpacks to more than it may")
        document = docx.Document(io.BytesIO(body))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ExtractError("the Word document is broken") from error
    blocks: list[Block] = []
    for part in document.iter_inner_content():
        if isinstance(part, Table):
            blocks += _rows([[cell.text for cell in row.cells] for row in part.rows])
        elif part.text.strip():
            style = part.style.name if part.style is not None else ""
            blocks.append(_word_block(" ".join(part.text.split()), str(style)))
    stated = (document.core_properties.title or "").strip()
    first = next((block.text for block in blocks[:2] if block.kind == "heading"), "")
    title = first or stated or name
    blocks = [block for block in blocks if (block.kind, block.text) != ("heading", title)]
    text = " ".join(block.text for block in blocks)
    return Document(title, blocks, language=detect(text), published_on=stated_date(text))


def _word_block(text: str, style: str) -> Block:
    level = re.fullmatch(r"Heading ([1-6])", style)
    if level or style == "Title":
        return Block("heading", text, int(level.group(1)) if level else 1)
    return Block("item" if style.startswith("List") else "paragraph", text)


def _rows(rows: list[list[str]]) -> Iterator[Block]:
    grid: list[list[Cell | None]] = [
        [Cell(" ".join(text.split()), header=number == 0) for text in row]
        for number, row in enumerate(rows)
    ]
    return (Block("row", text) for text in readable_rows(grid) if text)
