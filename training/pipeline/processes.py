"""Does one thing for many organisations, several at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from frontdesk.training.pipeline.stage import Job


def spread(job: Job, one: Callable[..., str], *rows: Iterable[Any]) -> None:
    """Call `one` on each of `rows`, as `map` does, and say the line that it returns.

    `job.settings.processes` are at work side by side; with 1 it is done in this process.
    """
    if job.settings.processes == 1:
        for said in map(one, *rows):
            job.say(said)
    else:
        with ProcessPoolExecutor(job.settings.processes) as pool:
            for said in pool.map(one, *rows):
                job.say(said)
