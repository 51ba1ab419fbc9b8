"""Read a web page: its main content as blocks, its links, its language and dates.

Everything around the content (menus, footers, cookie notices) is left out. What is inside keeps
its words: a linked word stays in its sentence, a `tel:` or `mailto:` target that the words do not
show is written after them, a table row becomes "Header: value; Header: value".
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import lxml.html
from lxml import etree

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.dates import page_date
from frontdesk.db.ingest.document import Block, BlockKind, Document, Link
from frontdesk.db.ingest.furniture import content_root, is_furniture
from frontdesk.db.ingest.language import detect
from frontdesk.db.ingest.tables import is_layout, table_rows

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    "address article aside blockquote body center details dd div dl dt fieldset figcaption figure"
    " footer form header hgroup legend li main menu nav ol p pre section summary table tbody td"
    " tfoot th thead tr ul".split()
) | frozenset(_HEADINGS)
_SPACE = re.compile(r"[\s\u00a0\u200b\u00ad\ufeff]+")
_SITE_NAME = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+")


def parse(body: bytes, charset: str = "") -> Any:
    """Parse HTML of any quality; `charset` is the one that the HTTP header named.

    Raises `ExtractError` when nothing is there.
    """
    text = body.decode(_charset(body, charset), errors="replace").lstrip("\ufeff")
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=False)
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise ExtractError("the page is empty or not HTML") from error
    return root


def read_html(body: bytes, url: str, charset: str = "") -> Document:
    """Extract a page. Raises `ExtractError` when there is nothing to read."""
    root = parse(body, charset)
    base = _base(root, url)
    robots = _meta(root, "robots").lower()
    links = tuple(_links(root, base))
    title = _title(root)
    published = page_date(root)
    canonical = root.xpath("string(//link[@rel='canonical']/@href)").strip()
    declared = (root.get("lang") or root.xpath("string(/html/@lang)") or "").strip().lower()
    walker = _Walker(base)
    walker.walk(content_root(root))
    blocks = _without_title(walker.finish(), title)
    text = " ".join(block.text for block in blocks[:40])
    return Document(
        title=title,
        blocks=blocks,
        language=declared[:2] if declared[:2].isalpha() else detect(text),
        published_on=published,
        canonical=urljoin(base, canonical) if canonical else None,
        links=links,
        index="noindex" not in robots and "none" not in robots,
        follow="nofollow" not in robots and "none" not in robots,
    )


class _Walker:
    """Goes through the content once and writes blocks."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._found: list[Link] = []
        self._kind: BlockKind = "paragraph"
        self._level = 1

    def finish(self) -> list[Block]:
        """Write the last block and return all."""
        self._flush()
        return self._blocks

    def walk(self, element: Any) -> None:
        """Read one element and all in it, but not its tail."""
        if not isinstance(element.tag, str) or is_furniture(element):
            return
        tag = element.tag.lower()
        level = self._heading(element)
        if level:
            self._flush()
            text = _clean(element.text_content())
            if text:
                self._blocks.append(Block("heading", text, level))
        elif tag == "table" and not is_layout(element):
            self._table(element)
        elif tag == "pre":
            self._flush()
            self._blocks.append(Block("code", element.text_content().strip("\n")))
        elif tag == "br":
            self._text.append(" ")
        elif tag == "img":
            self._image(element)
        elif tag == "dl":
            self._definitions(element)
        elif tag in _BLOCKS:
            self._flush()
            self._inside(element, "item" if tag == "li" else self._kind)
            if tag == "details":  # what follows is not under its summary any more
                self._blocks.append(Block("heading", "", min(6, self._level + 1)))
        else:
            self._inline(element)

    def _inside(self, element: Any, kind: BlockKind) -> None:
        outer, self._kind = self._kind, kind
        self._text.append(element.text or "")
        for child in element:
            self.walk(child)
            self._text.append(child.tail or "")
        self._flush()
        self._kind = outer

    def _inline(self, element: Any) -> None:
        begin = len(self._text)
        self._text.append(element.text or "")
        for child in element:
            self.walk(child)
            self._text.append(child.tail or "")
        if element.tag.lower() == "a":
            target = (element.get("href") or "").strip()
            text = _clean("".join(self._text[begin:]))
            self._text.append(literal_of(target, text))
            if text and target and not target.startswith(("#", "javascript:")):
                self._found.append(Link(text, urljoin(self._base, target)))

    def _heading(self, element: Any) -> int:
        """The level of a heading, 0 for what is none.

        An accordion's button and a summary head their panel, one level below what they stand in.
        """
        tag = element.tag.lower()
        if tag in _HEADINGS:
            self._level = _HEADINGS[tag]
            return self._level
        if element.get("role") == "heading":
            level = element.get("aria-level", "2")
            return int(level) if level in "123456" else 2
        return min(6, self._level + 1) if tag in ("summary", "button") else 0

    def _definitions(self, element: Any) -> None:
        self._flush()
        term: list[str] = []
        for child in element.xpath("./dt | ./dd | ./div/dt | ./div/dd"):
            inner = _Walker(self._base)
            inner._inside(child, "row")
            blocks = inner.finish()
            text = " ".join(block.text for block in blocks)
            links = tuple(link for block in blocks for link in block.links)
            if child.tag == "dt":
                term.append(text.rstrip(":"))
            elif text:
                label = ", ".join(term)
                self._blocks.append(Block("row", f"{label}: {text}" if label else text, 0, links))
                term = [] if child.getnext() is None or child.getnext().tag == "dt" else term

    def _table(self, element: Any) -> None:
        self._flush()

        def read(cell: Any) -> tuple[str, tuple[Link, ...]]:
            inner = _Walker(self._base)
            inner._inside(cell, "row")
            blocks = inner.finish()
            words = (", " if len(blocks) > 1 else " ").join(block.text for block in blocks)
            return words, tuple(link for block in blocks for link in block.links)

        caption, rows = table_rows(element, read)
        if caption:
            self._blocks.append(Block("paragraph", _clean(caption)))
        self._blocks.extend(Block("row", text, 0, links) for text, links in rows)

    def _image(self, element: Any) -> None:
        """An image is worth its alternative text where that says something."""
        words = _clean(element.get("alt") or "")
        inside_link = any(parent.tag == "a" for parent in element.iterancestors())
        if len(words.split()) >= 4 and not inside_link:
            self._flush()
            self._blocks.append(Block("paragraph", words))

    def _flush(self) -> None:
        text = _clean("".join(self._text))
        if text and re.search(r"\w", text):
            self._blocks.append(Block(self._kind, text, 0, tuple(self._found)))
        self._text, self._found = [], []


def literal_of(target: str, text: str) -> str:
    """Write out the number or the address of a tel: or mailto: link that `text` does not show."""
    scheme, _, rest = target.partition(":")
    value = unquote(rest.partition("?")[0]).strip()
    if scheme.lower() == "mailto":
        return f" ({value})" if value and value.lower() not in text.lower() else ""
    if scheme.lower() == "tel":
        digits = re.sub(r"\D", "", value)
        shown = re.sub(r"\D", "", text)
        return f" ({value})" if digits and (not shown or shown[-7:] not in digits) else ""
    return ""


def _clean(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _charset(body: bytes, header: str) -> str:
    """The charset of the header, the byte order mark or the meta tag; else what decodes."""
    marks = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
    named = next((name for mark, name in marks if body.startswith(mark)), "")
    found = re.search(rb"<meta[^>]+charset=[\"']?\s*([\w-]+)", body[:4096], re.IGNORECASE)
    for name in (named, header, found.group(1).decode("ascii") if found else "", "utf-8"):
        try:
            if name:
                body.decode(name)
                return name
        except (LookupError, UnicodeDecodeError):
            continue
    return "cp1252"


def _base(root: Any, url: str) -> str:
    return urljoin(url, str(root.xpath("string(//base/@href)")).strip())


def _meta(root: Any, name: str) -> str:
    return str(root.xpath("string(//meta[@name=$name]/@content)", name=name))


def _links(root: Any, base: str) -> Iterator[str]:
    """Every http link of the page, menus included, once, without fragments."""
    seen: set[str] = set()
    for element in root.iter("a", "area"):
        if "nofollow" in (element.get("rel") or ""):
            continue
        try:
            url = urljoin(base, (element.get("href") or "").strip()).partition("#")[0]
            scheme = urlsplit(url).scheme
        except ValueError:
            continue
        if scheme in ("http", "https") and url not in seen:
            seen.add(url)
            yield url


def _title(root: Any) -> str:
    """The first h1 of the content; else the title tag without the site's name."""
    for heading in root.iter("h1"):
        text = _clean(heading.text_content())
        if text and not any(is_furniture(parent) for parent in heading.iterancestors()):
            return text
    text = _clean(root.xpath("string(//title)"))
    return _SITE_NAME.split(text)[0].strip() or _clean(_meta(root, "og:title"))


def _without_title(blocks: list[Block], title: str) -> list[Block]:
    """Drop the heading that is the title: every chunk carries it anyway."""
    return [
        Block("heading", "", block.level)
        if block.kind == "heading" and block.text == title and block.level == 1
        else block
        for block in blocks
    ]
