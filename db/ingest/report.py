"""What an ingestion says while it runs, and at its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

EventKind = Literal[
    "found", "fetched", "unchanged", "stored", "skipped", "failed", "removed", "indexing"
]


@dataclass(frozen=True)
class IngestEvent:
    """One thing that happened, with the report as it stands (a live object: read, do not keep)."""

    kind: EventKind
    url: str
    report: "IngestReport"
    reason: str = ""


class Problem(BaseModel):
    """A document that was not stored, and why."""

    model_config = ConfigDict(frozen=True)

    url: str
    reason: str


class ChunkingCost(BaseModel):
    """What cutting documents with a model has cost: tokens are those it read and wrote."""

    model: str
    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """One part of a line: "412 calls of frontdesk-small, 21,300 tokens, 4.1 s"."""
        return f"{self.calls:,} calls of {self.model}, {self.tokens:,} tokens, {self.seconds:.1f} s"


class IngestReport(BaseModel):
    """The counts of one run. `complete` is False when a budget or an outage ended it early.

    `chunking` is there when documents were cut with a model, and grows while that goes on.
    """

    started_at: datetime
    found: int = 0
    fetched: int = 0
    unchanged: int = 0
    stored: int = 0
    removed: int = 0
    missing: int = 0
    chunks: int = 0
    sentences: int = 0
    bytes: int = 0
    seconds: float = 0.0
    embedding_seconds: float = 0.0
    chunking: ChunkingCost | None = None
    complete: bool = True
    stopped_by: str = ""
    failed: list[Problem] = Field(default_factory=list)
    skipped: list[Problem] = Field(default_factory=list)
    warnings: list[Problem] = Field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether anything could be read at all."""
        return self.stored + self.unchanged > 0 or not self.failed

    def summary(self) -> str:
        """One line for a terminal."""
        parts = [
            f"{self.found} found",
            f"{self.stored} stored ({self.chunks} chunks)",
            f"{self.unchanged} unchanged",
            f"{self.removed} removed",
            f"{len(self.failed)} failed",
        ]
        stopped = f"; stopped: {self.stopped_by}" if self.stopped_by else ""
        chunking = f"; chunking: {self.chunking}" if self.chunking else ""
        return f"{', '.join(parts)} in {self.seconds:.1f} s{chunking}{stopped}"


OnEvent = Callable[[IngestEvent], None]
