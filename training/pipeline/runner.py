"""Runs stages in order, skips what is done and unchanged, keeps a record of each."""

import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_files, of_value
from frontdesk.training.pipeline.recipe import Recipe
from frontdesk.training.pipeline.run import Record, RunFolder, write_whole
from frontdesk.training.pipeline.stage import Job, Stage, load_stage

LEAST_FREE = 256 * 2**20  # bytes: traces, checkpoints and models of the small shapes


@dataclass(frozen=True)
class News:
    """One thing that happened; `text` is a line of the log when `state` is "running"."""

    stage: str
    state: Literal["started", "running", "done", "unchanged"]
    text: str = ""
    seconds: float = 0.0


Tell = Callable[[News], None]


def run_recipe(
    recipe: Recipe,
    run: RunFolder,
    desk: Settings,
    tell: Tell = lambda news: None,
    *,
    only: Sequence[str] = (),
    resume: bool = False,
) -> list[Record]:
    """Run the recipe's stages, or those of `only`, and return their records.

    With `resume`, what is done and unchanged is skipped, a killed stage goes on from its last
    checkpoint, and what has changed is made anew (the old folder moves to `replaced/`). Without it
    a folder that holds stages is refused. Raises `TrainingError`: one line.
    """
    for name in only:
        if name not in recipe.stages:
            raise TrainingError(
                f"the recipe {recipe.name} leaves {name} out; add --set stages+={name}"
            )
    stages = [stage for stage in recipe.stages if not only or stage in only]
    taken = [stage for stage in run.begun() if stage in stages]
    if taken and not resume:
        raise TrainingError(
            f"{run.path} already holds {', '.join(taken)}; add --resume to go on with it, or name"
            " another --folder"
        )
    loaded = [load_stage(name) for name in stages]
    for stage in loaded:  # a misspelt key is told now, not an hour later
        recipe.settings(stage.name, stage.settings)
    with run.locked():
        return [_run_stage(stage, recipe, run, desk, tell) for stage in loaded]


def _run_stage(stage: Stage, recipe: Recipe, run: RunFolder, desk: Settings, tell: Tell) -> Record:
    folder = run.folder(stage.name)
    settings = recipe.settings(stage.name, stage.settings)

    def note(text: str) -> None:
        with (folder / "log.txt").open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")

    def say(text: str) -> None:
        if folder.is_dir():  # not before it has begun
            note(text)
        tell(News(stage.name, "running", text))

    job = Job(folder, settings, recipe, run, desk, say)
    asked = _asked(stage, job)
    key = of_value(asked)
    done = run.record(stage.name)
    if done is not None and done.key == key and run.intact(done):
        tell(News(stage.name, "unchanged", folder.name, done.seconds))
        return done
    if folder.exists() and (done is not None or _key_begun(folder) != key):
        aside = run.set_aside(stage.name)
        tell(News(stage.name, "running", f"changed since; what was there lies in {aside}"))
    _require_room(run.path)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "settings.json", {"key": key, **asked})
    tell(News(stage.name, "started", folder.name))
    began = time.monotonic()
    note(f"{stage.name} begins, key {key}")
    result = stage.work(job)
    seconds = round(time.monotonic() - began, 1)
    note(f"{stage.name} is done after {seconds:g} s")
    record = Record(
        **asked,
        key=key,
        outputs=of_files(result.outputs, folder),
        metrics=dict(result.metrics),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=seconds,
    )
    write_whole(folder / "record.json", record.model_dump())
    tell(News(stage.name, "done", folder.name, seconds))
    return record


def _asked(stage: Stage, job: Job) -> dict[str, Any]:
    """Return all that decides what a stage makes."""
    inputs = {}
    for name in stage.reads:
        if name in job.recipe.stages:
            record = job.run.record(name)
            if record is None:
                raise TrainingError(f"{job.run.path}: {stage.name} needs {name}; run it first")
            inputs[name] = record.output
    return {
        "stage": stage.name,
        "settings": {"seed": job.seed, **job.settings.model_dump(mode="json")},
        "inputs": inputs,
        "outside": dict(stage.outside(job)),
    }


def _key_begun(folder: Path) -> str:
    """Return the key of a stage that was begun there, "" if that cannot be read."""
    try:
        return str(json.loads((folder / "settings.json").read_text("utf-8"))["key"])
    except (OSError, ValueError, KeyError):
        return ""


def _require_room(path: Path) -> None:
    """Raise where the disk is nearly full: better now than an hour later."""
    free = shutil.disk_usage(path).free
    if free < LEAST_FREE:
        raise TrainingError(
            f"{os.fspath(path)}: {free / 2**20:.0f} MiB free, a run needs {LEAST_FREE / 2**20:.0f};"
            " free some space, or name a --folder on another disk"
        )
