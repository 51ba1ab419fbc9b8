"""Read Markdown, plain text, source code and CSV."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.charset import charset_of
from frontdesk.db.ingest.code_blocks import code_blocks
from frontdesk.db.ingest.dates import parse_date, stated_date
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.html import read_html
from frontdesk.db.ingest.language import detect
from frontdesk.db.ingest.tables import Cell, readable_rows

_MOST_ROWS = 100_000
_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
_FRONT_LINE = re.compile(r"^(\w+):[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.MULTILINE)


def decode(body: bytes, charset: str = "") -> str:
    """Read text in `charset` when it decodes, else in what does.

    Raises `ExtractError` on binary data.
    """
    if b"\x00" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ExtractError("binary data, not a document that can be read")
    return body.decode(charset_of(body, (charset,)), errors="replace").lstrip("\ufeff")


def read_markdown(body: bytes, url: str, name: str, charset: str = "") -> Document:
    """Extract Markdown, tables included, through the reader of HTML."""
    from markdown_it import MarkdownIt

    text = decode(body, charset)
    front = _FRONT_MATTER.match(text)
    said = dict(_FRONT_LINE.findall(front.group(1))) if front else {}
    text = text[front.end() :] if front else text
    html = MarkdownIt("commonmark").enable("table").render(text)
    page = f"<html><body><main>{html}</main></body></html>"
    document = read_html(page.encode(), url, "utf-8")
    dates = (parse_date(said.get(key, "")) for key in ("updated", "lastmod", "modified", "date"))
    published = stated_date(text) or next(filter(None, dates), None) or document.published_on
    language = (said.get("lang") or said.get("language") or "")[:2].lower()
    return replace(
        document,
        title=document.title or said.get("title", "") or name,
        language=language if language.isalpha() else document.language,
        published_on=published,
    )


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
    """Keep source code by line, in blocks that its language begins."""
    return Document(name, code_blocks(decode(body, charset), name))


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
    blocks = list(rows_of(rows))
    return Document(name, blocks, language=detect(" ".join(b.text for b in blocks[:40])))


def rows_of(rows: list[list[str]]) -> Iterator[Block]:
    """Write a table whose first row is its header, one block a row."""
    grid: list[list[Cell | None]] = [
        [Cell(" ".join(text.split()), header=number == 0) for text in row]
        for number, row in enumerate(rows)
    ]
    return (Block("row", text) for text in readable_rows(grid) if text)
