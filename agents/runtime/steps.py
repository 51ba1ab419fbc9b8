"""One implementation for blocking and async callers: a generator that yields the futures it awaits.

def opening() -> Steps[int]:
    slot = yield admission.request()        # a concurrent.futures.Future
    return slot

slot = run(opening(), deadline)             # or: await arun(opening(), deadline)
"""

import asyncio
import time
from collections.abc import Generator
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from frontdesk.agents.errors import DeadlineExceeded, SequenceCancelled

T = TypeVar("T")
Steps = Generator["Future[Any]", Any, T]


def remaining(deadline: float | None) -> float | None:
    """Return the seconds left until `deadline` (of time.monotonic), never below 0."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def run(steps: Steps[T], deadline: float | None = None) -> T:
    """Drive `steps` to its end in this thread.

    Raises:
        DeadlineExceeded: `deadline` (of time.monotonic) passed; thrown into `steps`, too.
        SequenceCancelled: the person left; thrown into `steps`, too.
    """
    try:
        future = next(steps)
        while True:
            error: BaseException | None
            try:
                error = future.exception(remaining(deadline))
            except TimeoutError:
                error = _too_late()
            except CancelledError:
                error = _left()
            future = steps.send(future.result()) if error is None else steps.throw(error)
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        steps.close()


async def arun(steps: Steps[T], deadline: float | None = None) -> T:
    """Drive `steps` to its end in the running event loop.

    A cancelled task closes `steps`, whose clean-up cancels the work.

    Raises:
        DeadlineExceeded: `deadline` (of time.monotonic) passed; thrown into `steps`, too.
        SequenceCancelled: the person left; thrown into `steps`, too.
    """
    try:
        future = next(steps)
        while True:
            error: BaseException | None
            wrapped = asyncio.wrap_future(future)
            try:
                done, _ = await asyncio.wait({wrapped}, timeout=remaining(deadline))
            finally:
                # Nobody waits for it any more; a no-op when it is done.
                wrapped.cancel()
            if not done:
                error = _too_late()
            else:
                error = _left() if wrapped.cancelled() else wrapped.exception()
            future = steps.send(wrapped.result()) if error is None else steps.throw(error)
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        steps.close()


def _too_late() -> DeadlineExceeded:
    return DeadlineExceeded("the time given for this turn ran out: allow more, or ask for less")


def _left() -> SequenceCancelled:
    return SequenceCancelled("the person has gone away: what they waited for was given up")
