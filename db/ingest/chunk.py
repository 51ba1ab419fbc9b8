"""Cut a document into chunks, by one of several chunkers behind one interface.

A chunker only decides where to cut: it gets the document's sentences as `Unit`s and returns
spans of them, or groups that need not stand side by side. What a chunk holds is the same for all:
the exact sentences, in order, with the headings above them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from frontdesk.db.ingest.document import BlockKind, Document, Link
from frontdesk.db.ingest.report import ChunkingCost

_NOTHING = 12  # words; a remainder smaller than this joins the chunk before it


@dataclass(frozen=True)
class Unit:
    """One sentence of a document, with its block's number and kind, and the headings above it."""

    sentence: str
    block: int
    kind: BlockKind
    heading: tuple[str, ...]
    links: tuple[Link, ...] = ()
    seen: str = ""  # what a model says of an image beside it

    @property
    def words(self) -> int:
        return len(self.sentence.split())


@dataclass(frozen=True)
class Chunk:
    """A piece of a document. `text` is `sentences` put together, a line for each block.

    `about` and `propositions`, one a sentence, are a model's words: embedded so that the chunk is
    found, never shown.
    """

    ordinal: int
    heading: tuple[str, ...]
    text: str
    sentences: tuple[str, ...]
    links: tuple[Link, ...] = ()
    about: str = ""
    propositions: tuple[str, ...] = ()


Span = tuple[int, int]  # units [start, end); spans may overlap, together they cover all units


@dataclass(frozen=True)
class Group:
    """Units that belong together, by ascending number; the groups of a document share none.

    `about` names the group; `propositions` say each unit so that it stands alone.
    """

    members: tuple[int, ...]
    about: str = ""
    propositions: tuple[str, ...] = ()


class Chunker(Protocol):
    """Decides where a document is cut. Raises `ChunkError` when it cannot."""

    def spans(self, title: str, units: Sequence[Unit]) -> Sequence[Span | Group]: ...


class ModelChunker(Chunker, Protocol):
    """A chunker that asks a model: which one, and what that costs."""

    @property
    def cost(self) -> ChunkingCost: ...


def units_of(document: Document) -> list[Unit]:
    """Return the document's sentences in order, each under its path of headings."""
    path: list[tuple[int, str]] = []
    units: list[Unit] = []
    seen = ""
    for number, block in enumerate(document.blocks):
        if block.kind == "heading":
            path = [(level, text) for level, text in path if level < block.level]
            if block.text:  # an empty heading closes a section and opens none
                path.append((block.level, block.text))
        elif block.kind == "description" and units:
            units[-1] = replace(units[-1], seen=f"{units[-1].seen} {block.text}".strip())
        elif block.kind == "description":
            seen = f"{seen} {block.text}".strip()
        else:
            heading = tuple(text for _, text in path)
            for sentence in block.sentences():
                units.append(Unit(sentence, number, block.kind, heading, block.links, seen))
                seen = ""
    return units


def chunks_of(document: Document, chunker: Chunker) -> list[Chunk]:
    """Cut `document`. The chunks' sentences are the document's: none lost, none invented."""
    units = units_of(document)
    spans = chunker.spans(document.title, units) if units else []
    return [_chunk(ordinal, units, span) for ordinal, span in enumerate(spans)]


def _chunk(ordinal: int, all_units: Sequence[Unit], span: Span | Group) -> Chunk:
    group = span if isinstance(span, Group) else Group(tuple(range(*span)))
    units = [all_units[number] for number in group.members]
    text = units[0].sentence
    for before, number in zip(group.members, group.members[1:], strict=False):
        unit = all_units[number]
        beside = number == before + 1 and all_units[before].block == unit.block
        text += (" " if beside and unit.kind != "code" else "\n") + unit.sentence
    said = " ".join(text.split())
    links = dict.fromkeys(link for unit in units for link in unit.links if link.text in said)
    return Chunk(
        ordinal,
        common_heading(units),
        text,
        tuple(u.sentence for u in units),
        tuple(links),
        " ".join(filter(None, (group.about, *(unit.seen for unit in units)))),
        group.propositions,
    )


def common_heading(units: Sequence[Unit]) -> tuple[str, ...]:
    """The headings that all these units stand under."""
    first, last = min(unit.heading for unit in units), max(unit.heading for unit in units)
    length = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    return first[:length]


class DocumentChunker:
    """One chunk a section; a long section is cut between blocks into parts of like size."""

    def __init__(self, max_words: int = 150) -> None:
        self._max_words = max_words

    def spans(self, title: str, units: Sequence[Unit]) -> list[Span]:
        found: list[Span] = []
        start = 0
        for i in range(1, len(units) + 1):
            if i == len(units) or units[i].heading != units[start].heading:
                found += self._section(units, start, i)
                start = i
        return found

    def _section(self, units: Sequence[Unit], start: int, end: int) -> list[Span]:
        total = sum(unit.words for unit in units[start:end])
        parts = -(-total // self._max_words)
        target = total / max(parts, 1)
        found: list[Span] = []
        first, words, left = start, 0, total
        for i in range(start, end):
            if words and self._cuts_here(units, i, words, target) and left > _NOTHING:
                found.append((first, i))
                first, words = i, 0
            words += units[i].words
            left -= units[i].words
        return [*found, (first, end)]

    def _cuts_here(self, units: Sequence[Unit], i: int, words: int, target: float) -> bool:
        """Whether to cut before unit `i`: never between a list and the line that opens it."""
        before, unit = units[i - 1], units[i]
        if before.sentence.endswith(":") and before.block != unit.block:
            return False
        if words + unit.words > self._max_words:
            return True
        return before.block != unit.block and words + unit.words / 2 > target
