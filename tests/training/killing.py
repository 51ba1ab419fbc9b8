"""Kills a process that trains, after its first epoch."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence

from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.run import RunFolder

_CODE = """
import os, signal, sys
from pathlib import Path
from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.recipe import read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import run_recipe

def tell(news):
    # Half-way messages begin alike: an epoch is over where it tells its seconds or its scores.
    if news.text.startswith('epoch 1') and ' batches, ' not in news.text:
        os.kill(os.getpid(), signal.SIGKILL)

desk = Settings.model_validate_json(sys.argv[1])
recipe = read_recipe('tiny').changed(sys.argv[4:])
run_recipe(recipe, RunFolder(Path(sys.argv[2])), desk, tell, only=[sys.argv[3]], resume=True)
"""


def kill_after_an_epoch(run: RunFolder, stage: str, desk: Settings, changes: Sequence[str]) -> None:
    """Run a stage of `tiny` with `changes` until its first epoch is over; fail if it lives on."""
    values = {
        "data_dir": str(desk.data_dir),
        "organisation": desk.organisation.model_dump(),
        "database": {"url": desk.database.url},
    }
    line = [sys.executable, "-c", _CODE, json.dumps(values), str(run.path), stage, *changes]
    assert subprocess.run(line).returncode == -signal.SIGKILL
    assert run.record(stage) is None
