"""Kills a process in the middle of a stage."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.run import RunFolder

# What a stage says half-way through, and the how-manieth time that is. An epoch is over where it
# tells its seconds or its scores; TRL saves the first epoch after telling what is held out of it.
_HALF_WAY: Mapping[str, tuple[str, int]] = {
    "synthesise": (" duplicates removed", 1),
    "trace": (" examples, ", 1),
    "encoder": (r"epoch 1 of \d+:(?!.* batches, )", 1),
    "retriever": (r"epoch 1(?!.* batches, )", 1),
    "sft": (r"epoch 1(?!.* batches, )", 1),
    "dpo": (", held out: margin", 2),
    "export": (r"\.gguf: ", 1),
}
_CODE = """
import os, re, signal, sys
from pathlib import Path
from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.recipe import read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import run_recipe

left = int(sys.argv[5])

def tell(news):
    global left
    left -= bool(re.search(sys.argv[4], news.text))
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

desk = Settings.model_validate_json(sys.argv[1])
recipe = read_recipe('tiny').changed(sys.argv[6:])
run_recipe(recipe, RunFolder(Path(sys.argv[2])), desk, tell, only=[sys.argv[3]], resume=True)
"""


def kill_half_way(run: RunFolder, stage: str, desk: Settings, changes: Sequence[str]) -> None:
    """Run a stage of `tiny` with `changes` until it is half-way through; fail if it lives on."""
    values = {
        "data_dir": str(desk.data_dir),
        "organisation": desk.organisation.model_dump(),
        "database": {"url": desk.database.url},
    }
    said, times = _HALF_WAY[stage]
    line = [sys.executable, "-c", _CODE, json.dumps(values), str(run.path), stage, said, str(times)]
    assert subprocess.run([*line, *changes]).returncode == -signal.SIGKILL
    assert run.record(stage) is None
