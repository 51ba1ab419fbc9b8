"""A run's folder: one folder a stage, each with a record of what went in and what came out.

    runs/kestrel/
        02-synthesise/
            settings.json    what the stage was asked to do, every default resolved
            record.json      written last: fingerprints of inputs and outputs, metrics, seconds
            log.txt
            ...              what it made

A stage is done when its record is there. Nothing is overwritten: a stage that must be made anew
moves to `replaced/` first.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_file, of_value
from frontdesk.training.pipeline.recipe import ORDER


class Record(BaseModel):
    """What a stage leaves behind: `key` is the fingerprint of all that decides its result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    key: str
    settings: dict[str, Any]
    inputs: dict[str, str]
    outside: dict[str, str]
    outputs: dict[str, str]
    metrics: dict[str, Any]
    finished_at: str
    seconds: float

    @property
    def output(self) -> str:
        """The fingerprint of everything it made: what the next stages' keys hold."""
        return of_value(self.outputs)


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage: the number of its place in the pipeline, then its name.

        A run that was begun when the pipeline had fewer stages keeps its numbers.
        """
        for kept in self.path.glob(f"[0-9][0-9]-{stage}"):
            return kept
        return self.path / f"{ORDER.index(stage) + 1:02d}-{stage}"

    def record(self, stage: str) -> Record | None:
        """Return what a finished stage left, or None. Raises `TrainingError` if it is broken."""
        path = self.folder(stage) / "record.json"
        try:
            return Record.model_validate_json(path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise TrainingError(
                f"{path}: not a record ({str(error).splitlines()[0]}); delete {path.parent} to make"
                " the stage again"
            ) from error

    def done(self, stage: str) -> Path:
        """Return the folder of a finished stage. Raises `TrainingError` if it is not done."""
        if self.record(stage) is None:
            raise TrainingError(f"{self.path}: {stage} is not done; run it first")
        return self.folder(stage)

    def intact(self, record: Record) -> bool:
        """Tell whether everything the stage made is still there, byte for byte."""
        folder = self.folder(record.stage)
        files = ((folder / name, digest) for name, digest in record.outputs.items())
        return all(path.is_file() and of_file(path) == digest for path, digest in files)

    def begun(self) -> list[str]:
        """Return the stages that have a folder."""
        return [stage for stage in ORDER if self.folder(stage).exists()]

    def set_aside(self, stage: str) -> Path:
        """Move a stage's folder to `replaced/` and return where it lies now."""
        folder = self.folder(stage)
        number = 1
        while (aside := self.path / "replaced" / f"{folder.name}-{number}").exists():
            number += 1
        aside.parent.mkdir(exist_ok=True)
        return folder.rename(aside)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out of this run. Raises `TrainingError` when one is at work."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise TrainingError(
                    f"{self.path}: another process trains in this folder; wait for it, or name"
                    " another --folder"
                ) from error
            yield


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write plain values as JSON, one a line; the file appears whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    part.replace(path)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return what `write_lines` wrote."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_whole(path: Path, value: Any) -> None:
    """Write plain values as JSON; the file appears whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n", "utf-8")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
