"""What the agentic chunker decides, and who decides it.

A page is read sentence by sentence. Each becomes a proposition, a statement that can be understood
alone (Chen et al. 2023, "Dense X Retrieval"), and joins a chunk of the page or opens a new one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vector]  # texts -> unit vectors (n, 384)
KINDS = ("paragraph", "item", "row", "code")
Needs = Literal["alone", "with_heading", "with_before"]
NEEDS: tuple[Needs, ...] = get_args(Needs)
SHORTLIST = 8


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page, exactly as it stands there.

    `before` is what it may lean on: the line that opens its list or table, or the sentence before
    it; "" at the start of a section.
    """

    number: int
    text: str
    kind: str  # one of KINDS
    block: int
    heading: tuple[str, ...] = ()
    before: str = ""

    @property
    def words(self) -> int:
        """Its length in words."""
        return len(self.text.split())


@dataclass(frozen=True)
class Proposition:
    """A sentence with a text that stands alone, and that text's embedding `vector` (384,).

    `needs` says what was added to the sentence where the text is put together from the page.
    """

    sentence: Sentence
    text: str
    vector: Vector
    needs: Needs = "alone"


@dataclass(frozen=True)
class Draft:
    """A chunk as it grows: its name, and the propositions in it, in the order they came."""

    title: str
    summary: str
    members: tuple[Proposition, ...]

    @cached_property
    def words(self) -> int:
        """The length of its sentences in words."""
        return sum(member.sentence.words for member in self.members)

    @cached_property
    def vectors(self) -> Vector:
        """One row a member: float32 (n, 384)."""
        return np.stack([member.vector for member in self.members])

    @cached_property
    def centre(self) -> Vector:
        """The mean of the members' vectors at unit length: float32 (384,)."""
        mean: Vector = self.vectors.mean(axis=0)
        length = float(np.linalg.norm(mean))
        return mean / np.float32(length) if length else mean

    @property
    def last(self) -> Sentence:
        """The sentence that joined it last."""
        return self.members[-1].sentence


@dataclass(frozen=True)
class Placement:
    """Where a proposition goes: the number of a draft on the shortlist, or None for a new one.

    `title` and `summary` name the chunk once the proposition is in it.
    """

    draft: int | None
    title: str
    summary: str
    probability: float = 1.0


@dataclass
class Usage:
    """What deciding has cost so far; added to from several threads."""

    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def add(self, calls: int, tokens: int, seconds: float) -> None:
        """Count calls of the model, the tokens that it read and wrote, and how long it took."""
        with self._lock:
            self.calls += calls
            self.tokens += tokens
            self.seconds += seconds


class ChunkDecider(Protocol):
    """Turns sentences into propositions and says which chunk each belongs to.

    Used from several threads at once. Both raise `ModelError`.
    """

    @property
    def name(self) -> str:
        """The model's name, as shown to people."""

    @property
    def usage(self) -> Usage:
        """What it has cost so far."""

    def propose(self, page: str, sentences: Sequence[Sentence]) -> list[Proposition]:
        """Return one proposition a sentence, in order; `page` is the page's title."""

    def place(self, page: str, proposition: Proposition, drafts: Sequence[Draft]) -> Placement:
        """Return which of `drafts`, at most `SHORTLIST`, the proposition joins, or that none."""
