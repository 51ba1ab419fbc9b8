"""A document between extraction and chunking: a title and blocks of plain text in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from frontdesk.db.ingest.sentences import sentences

BlockKind = Literal["heading", "paragraph", "item", "row", "code", "description"]
_LONGEST_ITEM = 60  # words; a list item longer than this is a paragraph in disguise


@dataclass(frozen=True)
class Link:
    """A link as a person sees it, and where it leads."""

    text: str
    url: str


@dataclass(frozen=True)
class Block:
    """One paragraph, list item, table row, or heading (`level` 1 to 6, with no sentences).

    A "description" is a model's word for an image: it helps to find what stands around it and has
    no sentences either.
    """

    kind: BlockKind
    text: str
    level: int = 0
    links: tuple[Link, ...] = ()

    def sentences(self) -> list[str]:
        """Cut into sentences; a row or an item is one, and a line of code is one."""
        if self.kind in ("heading", "description"):
            return []
        if self.kind == "code":
            return [line.rstrip() for line in self.text.splitlines() if line.strip()]
        if self.kind == "row" or (self.kind == "item" and len(self.text.split()) <= _LONGEST_ITEM):
            return [self.text]
        return sentences(self.text)


@dataclass(frozen=True)
class Image:
    """An image of the content: its URL, and the number of the block that comes after it."""

    url: str
    at: int


@dataclass(frozen=True)
class Document:
    """What was read from one URL or file. `warnings` name what could not be read, for the report.

    `canonical` is the URL that the page gives as its own; `links` are all links of the page, for
    the crawler; `index` and `follow` are what the page's robots tag allows.
    """

    title: str
    blocks: Sequence[Block]
    language: str = ""
    published_on: date | None = None
    canonical: str | None = None
    links: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    index: bool = True
    follow: bool = True
    warnings: tuple[str, ...] = field(default=())

    def sentences(self) -> list[str]:
        """Return every sentence of the document, in order."""
        return [sentence for block in self.blocks for sentence in block.sentences()]
