"""Read a PDF: paragraphs, headings by their type size, tables as readable rows."""

import io
import re
import statistics
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.dates import parse_date, stated_date
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.language import detect
from frontdesk.db.ingest.ocr import LONGEST_SIDE, MISSING, paragraphs, recognise
from frontdesk.db.ingest.tables import Cell, readable_rows

_MOST_PAGES = 500
_NO_TITLES = ("", "untitled", "anonymous", "(anonymous)")  # what programs write there unasked
_MOST_SCANS = 50  # pages that are recognised: some seconds each
_BULLET = re.compile(
    r"^\s*(?:[\u2022\u25cf\u25aa\u25e6\u2023\u2013*\uf0b7\u25a0-]|\(?\d{1,2}[.)])\s+"
)
# What a broken file makes the parser stumble over.
_BROKEN: tuple[type[Exception], ...] = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
)
_BROKEN += (RecursionError, struct.error, zlib.error, OverflowError, EOFError)
Line = dict[str, Any]


def read_pdf(body: bytes, name: str, *, ocr: bool = False) -> Document:
    """Extract a PDF; with `ocr`, its scanned pages too.

    Raises `ExtractError` for one that is encrypted, broken or only pictures.
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(body)) as pdf:
            return _read(pdf, name, body if ocr else None)
    except (PdfminerException, *_BROKEN) as error:
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in (error, *error.args)):
            raise ExtractError("the PDF is encrypted; save it without a password") from error
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise ExtractError(f"the PDF is broken ({reason})") from error


def _read(pdf: Any, name: str, to_recognise: bytes | None) -> Document:
    warnings: list[str] = []
    scans = 0
    pages: list[list[Line | Block]] = []
    for number, page in enumerate(pdf.pages[:_MOST_PAGES], 1):
        parts = _parts(page)
        if not parts and page.images:
            if to_recognise is not None and scans < _MOST_SCANS:
                parts += paragraphs(recognise(page_picture(to_recognise, number - 1)))
                scans += 1
            if not parts:
                warnings.append(_scan(number, to_recognise is not None))
        pages.append(parts)
        page.close()
    if len(pdf.pages) > _MOST_PAGES:
        warnings.append(f"only the first {_MOST_PAGES} of {len(pdf.pages)} pages were read")
    if not any(pages):
        raise ExtractError("; ".join(warnings) or "the PDF holds no text")
    blocks = _blocks(_without_running_lines(pages))
    text = " ".join(block.text for block in blocks)
    if scans:
        warnings.append(f"{scans} scanned pages were read by OCR, which makes mistakes")
    heading = next((block.text for block in blocks[:3] if block.kind == "heading"), "")
    stated = str((pdf.metadata or {}).get("Title") or "").strip()
    title = heading or (stated if stated.lower() not in _NO_TITLES else "") or name
    return Document(
        title=title,
        blocks=[block for block in blocks if (block.kind, block.text) != ("heading", title)],
        language=_language(pdf) or detect(text),
        published_on=stated_date(text) or _metadata_date(pdf),
        warnings=tuple(warnings),
    )


def _scan(number: int, tried: bool) -> str:
    return f"page {number} is a scan without text" + ("" if tried else f"; {MISSING}")


def page_picture(body: bytes, index: int) -> Any:
    """Draw one page as a PIL picture, of a size that its words can be read at."""
    import pypdfium2

    pdf = pypdfium2.PdfDocument(body)
    try:
        page = pdf[index]
        longest = max(1.0, *page.get_size())
        return page.render(scale=min(4.0, LONGEST_SIDE / longest)).to_pil().convert("RGB")
    except pypdfium2.PdfiumError as error:
        raise ExtractError(f"page {index + 1} cannot be drawn ({error})") from error
    finally:
        pdf.close()


def _language(pdf: Any) -> str:
    """The language that the document's catalogue names, as ISO 639-1."""
    named = pdf.doc.catalog.get("Lang")
    text = named.decode("latin-1", "replace") if isinstance(named, bytes) else ""
    return text[:2].lower() if re.match(r"[A-Za-z]{2}(-|$)", text) else ""


def _parts(page: Any) -> list[Line | Block]:
    """Lines and table rows of one page, from top to bottom."""
    tables = [table for table in page.find_tables() if len(table.rows) > 1]
    boxes = [table.bbox for table in tables]
    outside = page.filter(lambda thing: not any(_inside(thing, box) for box in boxes))
    parts: list[tuple[float, Line | Block]] = []
    for line in outside.extract_text_lines(strip=True, return_chars=True):
        sizes = [char["size"] for char in line["chars"]]
        bold = sum("bold" in char["fontname"].lower() for char in line["chars"])
        parts.append(
            (
                line["top"],
                {
                    "text": " ".join(line["text"].split()),
                    "size": round(statistics.median(sizes), 1),
                    "bold": bold > 0.8 * len(sizes),
                    "top": line["top"] / float(page.height),
                    "gap": line["top"],
                    "bottom": line["bottom"],
                },
            )
        )
    for table in tables:
        grid = [
            [Cell(" ".join((text or "").split()), header=number == 0) for text in row]
            for number, row in enumerate(table.extract())
        ]
        rows = readable_rows([list(row) for row in grid])
        parts.extend((table.bbox[1], Block("row", text)) for text in rows if text)
    return [part for _, part in sorted(parts, key=lambda pair: pair[0])]


def _inside(thing: Any, box: tuple[float, float, float, float]) -> bool:
    x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _without_running_lines(pages: list[list[Line | Block]]) -> list[Line | Block]:
    """Drop what stands at the edge of most pages: running titles and page numbers."""

    def key(part: Line | Block) -> str:
        if isinstance(part, Block) or 0.08 < part["top"] < 0.9:
            return ""
        return re.sub(r"\d+", "#", part["text"])

    seen = Counter(name for parts in pages for name in {key(part) for part in parts} if name)
    most = max(2, len(pages) // 2)
    return [part for parts in pages for part in parts if not 2 <= most <= seen[key(part)]]


def _blocks(parts: Sequence[Line | Block]) -> list[Block]:
    lines = [part for part in parts if not isinstance(part, Block)]
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line["size"]] += len(line["text"])
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    bigger = sorted((size for size in sizes if size > usual * 1.08), reverse=True)
    blocks: list[Block] = []
    previous: Line | None = None
    for part in parts:
        if isinstance(part, Block):
            blocks.append(part)
            previous = None
            continue
        level = _level(part, usual, bigger)
        if level:
            _add_heading(blocks, part, level, previous)
        elif _continues(blocks, part, previous):
            blocks[-1] = Block(blocks[-1].kind, f"{blocks[-1].text} {part['text']}")
        else:
            bullet = _BULLET.match(part["text"])
            text = part["text"][bullet.end() :] if bullet else part["text"]
            numbered = bullet is not None and any(char.isdigit() for char in bullet.group())
            blocks.append(
                Block("item" if bullet else "paragraph", part["text"] if numbered else text)
            )
        previous = part
    return blocks


def _level(line: Line, usual: float, bigger: list[float]) -> int:
    """The heading level of a line: by size, else a short bold line is one below those."""
    words = line["text"].split()
    if line["size"] in bigger and len(words) <= 20:
        return min(5, bigger.index(line["size"]) + 1)
    short = len(words) <= 10 and not line["text"].endswith((".", ",", ";"))
    return min(6, len(bigger) + 1) if line["bold"] and short and line["size"] >= usual else 0


def _add_heading(blocks: list[Block], line: Line, level: int, previous: Line | None) -> None:
    last = blocks[-1] if blocks else None
    wrapped = last is not None and (last.kind, last.level) == ("heading", level)
    if last and wrapped and previous and 0 <= line["gap"] - previous["bottom"] < line["size"]:
        blocks[-1] = Block("heading", f"{last.text} {line['text']}", level)
    else:
        blocks.append(Block("heading", line["text"], level))


def _continues(blocks: list[Block], line: Line, previous: Line | None) -> bool:
    """Whether a line belongs to the paragraph before it: close below, or over a page break."""
    if not blocks or previous is None or blocks[-1].kind in ("heading", "row"):
        return False
    if _BULLET.match(line["text"]) or line["size"] != previous["size"]:
        return False
    gap = line["gap"] - previous["bottom"]
    unfinished = not blocks[-1].text.endswith((".", "!", "?", ":"))
    return unfinished if gap < 0 else gap < 0.6 * line["size"]


def _metadata_date(pdf: Any) -> date | None:
    stamp = str(
        (pdf.metadata or {}).get("ModDate") or (pdf.metadata or {}).get("CreationDate") or ""
    )
    digits = re.search(r"(\d{4})(\d{2})(\d{2})", stamp)
    return parse_date("-".join(digits.groups())) if digits else None
