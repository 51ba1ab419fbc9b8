"""Says how far an epoch is, so that nobody takes a long one for a hanging one."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
Say = Callable[[str], None]
EVERY = 30.0  # seconds


def told(
    batches: Iterable[Item], count: int, name: str, say: Say, every: float = EVERY
) -> Iterator[Item]:
    """Yield `count` batches; every so many seconds say how many are done and what is left.

    told(found, 500, "epoch 2 of 3", print) prints "epoch 2 of 3: 120 of 500 batches, 95 s left".
    """
    began = last = time.monotonic()
    for done, batch in enumerate(batches):
        now = time.monotonic()
        if done and now - last >= every:
            left = (now - began) / done * (count - done)
            say(f"{name}: {done} of {count} batches, {left:.0f} s left")
            last = now
        yield batch
