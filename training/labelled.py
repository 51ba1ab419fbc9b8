"""Labelled questions with where they come from and what they are for: what `synthesise` writes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from frontdesk.training.corpus import Question
from frontdesk.training.splits import Split


class Labelled(BaseModel):
    """One question of one organisation.

    `source`: written, generated, structure, turns, public, teacher, feedback or labelled.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: Split
    organisation: str
    source: str
    question: Question

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same question at the same desk, whatever its case and spaces."""
        before = self.question.history.q if self.question.history else ""
        return self.organisation, _plain(self.question.q), _plain(before)


def write_labelled(path: Path, rows: Iterable[Labelled]) -> None:
    """Write the questions, one a line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{row.model_dump_json(exclude_defaults=True)}\n" for row in rows)


def read_labelled(path: Path, *splits: Split) -> list[Labelled]:
    """Return the questions of these splits, or all."""
    lines = path.read_text("utf-8").splitlines()
    rows = (Labelled.model_validate_json(line) for line in lines)
    return [row for row in rows if not splits or row.split in splits]


def unique(rows: Sequence[Labelled]) -> Iterator[Labelled]:
    """Yield each question once: where it is asked in several splits, only the most held-out."""
    order = {"test": 0, "validation": 1, "train": 2, "preferences": 3}
    seen: set[tuple[str, str, str]] = set()
    for row in sorted(rows, key=lambda row: order[row.split]):
        if row.key not in seen:
            seen.add(row.key)
            yield row


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
