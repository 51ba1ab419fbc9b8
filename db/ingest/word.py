"""Read a Word document: headings by their style, lists, tables, what it says of itself."""

import io
import re
import zipfile
from datetime import date
from typing import Any

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.dates import stated_date
from frontdesk.db.ingest.document import Block, Document, Link
from frontdesk.db.ingest.files import rows_of
from frontdesk.db.ingest.html_blocks import literal_of
from frontdesk.db.ingest.language import detect

_MOST_UNPACKED = 200 * 1024 * 1024


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
            blocks += rows_of([[cell.text for cell in row.cells] for row in part.rows])
        elif part.text.strip():
            blocks.append(_block(part))
    properties = document.core_properties
    stated = (properties.title or "").strip()
    first = next((block.text for block in blocks[:2] if block.kind == "heading"), "")
    title = first or stated or name
    blocks = [block for block in blocks if (block.kind, block.text) != ("heading", title)]
    text = " ".join(block.text for block in blocks)
    language = (properties.language or "")[:2].lower()
    return Document(
        title,
        blocks,
        language=language if language.isalpha() else detect(text),
        published_on=stated_date(text) or _changed_on(properties),
    )


def _block(paragraph: Any) -> Block:
    text = " ".join(paragraph.text.split())
    style = str(paragraph.style.name if paragraph.style is not None else "")
    level = re.fullmatch(r"Heading ([1-6])", style)
    if level or style == "Title":
        return Block("heading", text, int(level.group(1)) if level else 1)
    links: list[Link] = []
    for link in paragraph.hyperlinks:
        said, target = " ".join(link.text.split()), str(link.address or "")
        if said and target:
            links.append(Link(said, target))
            text = text.replace(said, said + literal_of(target, said), 1)
    return Block("item" if style.startswith("List") else "paragraph", text, 0, tuple(links))


def _changed_on(properties: Any) -> date | None:
    """When it was last saved; a template's own stamp of 2013 is no date of the document."""
    changed = properties.modified or properties.created
    return changed.date() if changed and changed.year > 2013 else None
