"""Runs one stage from a shell: python -m frontdesk.training.stages.sft --folder runs/mine"""

import argparse
import sys
from pathlib import Path

from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.libraries import hush
from frontdesk.training.pipeline.recipe import read_recipe
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.pipeline.runner import News, run_recipe


def run_script(stage: str) -> None:
    """Run `stage` with the options of the line, one line a thing that happens."""
    parser = argparse.ArgumentParser(description=f"Run the stage {stage} of a run.")
    parser.add_argument("--folder", type=Path, required=True, help="of the run")
    parser.add_argument("--recipe", default="tiny", help="a name, or a .toml file")
    parser.add_argument("--config", type=Path, help="the organisation's frontdesk.toml")
    parser.add_argument("--set", action="append", default=[], metavar="STAGE.KEY=VALUE")
    parser.add_argument("--resume", action="store_true", help="go on with what is there")
    options = parser.parse_args()
    hush()
    recipe = read_recipe(options.recipe).changed(options.set)
    desk = Settings.load(options.config)
    run = RunFolder(options.folder)
    try:
        run_recipe(recipe, run, desk, show, only=(stage,), resume=options.resume)
    except ValueError as error:
        sys.exit(f"{stage}: {error}")


def show(news: News) -> None:
    """Print one piece of news."""
    seconds = f" ({news.seconds:g} s)" if news.state == "done" else ""
    print(
        f"{news.stage}: {news.text if news.state == 'running' else news.state}{seconds}", flush=True
    )
