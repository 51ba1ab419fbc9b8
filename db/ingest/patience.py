"""Wait for a database that restarts in the middle of a run."""

import time
from collections.abc import Callable
from typing import TypeVar

from frontdesk.db.errors import StoreError

T = TypeVar("T")
LONGEST = 60.0  # seconds; a restart with recovery takes some, an outage takes more
_LONGEST_PAUSE = 5.0


def patiently(action: Callable[[], T]) -> T:
    """Do `action`, and again for a minute while the database is away.

    `action` is one transaction, so that what was interrupted left nothing. Raises `StoreError`
    when the database stays away, and at once when something else is wrong with it.
    """
    deadline = time.monotonic() + LONGEST
    pause = 0.2
    while True:
        try:
            return action()
        except StoreError as error:
            if not error.passing or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
