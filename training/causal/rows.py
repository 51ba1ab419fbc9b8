"""Rows of a data set as JSON Lines: one model of pydantic's a line."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from frontdesk.training.causal.errors import FineTuningError

Row = TypeVar("Row", bound=BaseModel)


def write_rows(path: Path, rows: Iterable[BaseModel]) -> int:
    """Write `rows` and return how many; the file appears whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    count = 0
    with part.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(f"{row.model_dump_json(exclude_defaults=True)}\n")
            count += 1
    part.replace(path)
    return count


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """Return the rows of a file.

    Raises:
        FineTuningError: a line is none of this kind; the message names file, line and reason.
    """
    rows = []
    for number, values in read_lines(path):
        try:
            rows.append(kind.model_validate(values))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise FineTuningError(f"{path} line {number}: {place}: {first['msg']}") from error
    return rows


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSON Lines file; empty lines are passed over.

    Raises:
        FineTuningError: the file cannot be read, or a line is no JSON object.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FineTuningError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            place = f"column {error.colno}: {error.msg}"
            raise FineTuningError(f"{path} line {number}: not JSON, {place}") from error
        if not isinstance(row, dict):
            kind = type(row).__name__
            raise FineTuningError(f"{path} line {number}: an object was expected, not a {kind}")
        yield number, row
