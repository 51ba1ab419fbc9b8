"""Turn what a server or a disk gave into a `Document`, by what it is, not what it is called."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.apart import read_apart
from frontdesk.db.ingest.document import Document
from frontdesk.db.ingest.files import decode, read_code, read_csv, read_markdown, read_text
from frontdesk.db.ingest.html import read_html
from frontdesk.db.ingest.ocr import MISSING

_TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "text/markdown": "markdown",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
_SUFFIXES = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".csv": "csv",
    ".tsv": "csv",
    ".docx": "docx",
    ".txt": "text",
    ".rst": "text",
    ".text": "text",
}
CODE_SUFFIXES = frozenset(
    ".py .js .ts .java .c .h .cpp .go .rs .rb .php .sh .sql .toml .yaml .yml .json .xml"
    " .css".split()
)
DOCUMENT_SUFFIXES = frozenset(_SUFFIXES) | CODE_SUFFIXES
IMAGE_SUFFIXES = frozenset(".png .jpg .jpeg .webp .tif .tiff".split())
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")


def extract(
    body: bytes, url: str, content_type: str = "", charset: str = "", *, ocr: bool = False
) -> Document:
    """Read a document. `url` may be a path; its name is the title of last resort.

    With `ocr` (the extra must be there) pictures and scanned pages are read too. Raises
    `ExtractError` with the reason when there is nothing to read.
    """
    name = PurePosixPath(unquote(urlsplit(url).path)).name or url
    kind = kind_of(body, url, content_type)
    if kind == "html":
        document = read_html(body, url, charset)
    elif kind == "pdf":
        document = read_apart("pdf", body, name, ocr=ocr)
    elif kind == "markdown":
        document = read_markdown(body, url, name, charset)
    elif kind == "csv":
        document = read_csv(body, name, charset)
    elif kind == "docx":
        document = read_apart("docx", body, name)
    elif kind == "image" and ocr:
        document = read_apart("image", body, name, ocr=True)
    elif kind == "image":
        raise ExtractError(f"{content_type or 'an image'}: a picture; {MISSING}")
    elif kind == "code":
        document = read_code(body, name, charset)
    elif kind == "text":
        document = read_text(body, name, charset)
    else:
        raise ExtractError(f"{kind} cannot be read")
    return document


def kind_of(body: bytes, url: str, content_type: str) -> str:
    """Name the reader for a document; its first bytes count more than what it is called."""
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if body[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if body.startswith(b"PK\x03\x04"):
        return "docx" if b"word/" in body else "a ZIP archive"
    by_name = _SUFFIXES.get(suffix) or ("code" if suffix in CODE_SUFFIXES else "")
    kind = _TYPES.get(content_type) or by_name
    if kind in ("pdf", "docx"):
        return f"data that is no {kind.upper()}"
    if kind:
        decode(body[:4096])
        return kind
    if body.startswith(_PICTURES) or (body[:4] == b"RIFF" and body[8:12] == b"WEBP"):
        return "image"
    if content_type.startswith(("image/", "audio/", "video/", "font/")):
        return content_type
    head = body[:1024].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "html"
    decode(body[:4096])
    return "text"
