"""Walk the content of a page and write it down as blocks."""

import re
from typing import Any
from urllib.parse import unquote, urljoin

from frontdesk.db.ingest.document import Block, BlockKind, Image, Link
from frontdesk.db.ingest.furniture import is_furniture
from frontdesk.db.ingest.tables import is_layout, table_rows

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    "address article aside blockquote body center details dd div dl dt fieldset figcaption figure"
    " footer form header hgroup legend li main menu nav ol p pre section summary table tbody td"
    " tfoot th thead tr ul".split()
) | frozenset(_HEADINGS)
_SPACE = re.compile(r"[\s\u00a0\u200b\u00ad\ufeff]+")


class BlockWriter:
    """Goes through the content once and writes blocks."""

    def __init__(self, base: str) -> None:
        self.images: list[Image] = []
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
            text = clean(element.text_content())
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
            self.inside(element, "item" if tag == "li" else self._kind)
            if tag == "details":  # what follows is not under its summary any more
                self._blocks.append(Block("heading", "", min(6, self._level + 1)))
        else:
            self._inline(element)

    def inside(self, element: Any, kind: BlockKind) -> None:
        """Read what is in an element, as blocks of `kind`."""
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
            text = clean("".join(self._text[begin:]))
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
            inner = BlockWriter(self._base)
            inner.inside(child, "row")
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
            inner = BlockWriter(self._base)
            inner.inside(cell, "row")
            blocks = inner.finish()
            words = (", " if len(blocks) > 1 else " ").join(block.text for block in blocks)
            return words, tuple(link for block in blocks for link in block.links)

        caption, rows = table_rows(element, read)
        if caption:
            self._blocks.append(Block("paragraph", clean(caption)))
        self._blocks.extend(Block("row", text, 0, links) for text, links in rows)

    def _image(self, element: Any) -> None:
        """An image is worth its alternative text where that says something."""
        source = (element.get("src") or "").strip()
        if source and not source.startswith("data:") and element.get("alt") != "":
            self.images.append(Image(urljoin(self._base, source), len(self._blocks)))
        words = clean(element.get("alt") or "")
        inside_link = any(parent.tag == "a" for parent in element.iterancestors())
        if len(words.split()) >= 4 and not inside_link:
            self._flush()
            self._blocks.append(Block("paragraph", words))

    def _flush(self) -> None:
        text = clean("".join(self._text))
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


def clean(text: str) -> str:
    """Put one space where there is white space of any kind and length."""
    return _SPACE.sub(" ", text).strip()
