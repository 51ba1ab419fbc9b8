"""What a contact file's readers give: rows of raw text, and rows that could not be read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RawRow:
    """The values of a row by the directory's column names, as written in line `line`."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, and why."""

    line: int
    reason: str
    values: dict[str, str] | None = None  # what was read of it


Row = RawRow | BadRow
