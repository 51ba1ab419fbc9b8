"""Who may be answered now: so many places and a bounded line, first come, first served."""

import threading
from collections import deque
from concurrent.futures import Future

from frontdesk.agents.errors import EngineBusy, EngineClosed


class Admission:
    """`places` people at a time, at most `line` waiting; past that a caller is told at once."""

    def __init__(self, places: int, line: int) -> None:
        self.places, self.line = places, line
        self._lock = threading.Lock()
        self._taken = 0
        self._waiting: deque[Future[None]] = deque()
        self._closed = False

    @property
    def taken(self) -> int:
        """How many are being answered."""
        return self._taken

    @property
    def waiting(self) -> int:
        """How many stand in the line."""
        return len(self._waiting)

    def request(self) -> "Future[None]":
        """Return a future that is done when the caller has a place; give it back with `leave`.

        Raises:
            EngineBusy: the line is full.
            EngineClosed: nobody is admitted any more.
        """
        future: Future[None] = Future()
        with self._lock:
            if self._closed:
                raise EngineClosed("the engine was closed: open a new one")
            if self._taken < self.places:
                self._taken += 1
                future.set_result(None)
            elif len(self._waiting) < self.line:
                self._waiting.append(future)
            else:
                raise EngineBusy(self._taken, len(self._waiting))
        return future

    def leave(self, future: "Future[None]") -> None:
        """Give the place, or the wait for one, back; the next in line gets it."""
        with self._lock:
            if future in self._waiting:
                self._waiting.remove(future)
                future.cancel()
                return
            if future.cancelled() or future.exception() is not None:
                return
            while self._waiting:
                following = self._waiting.popleft()
                if following.set_running_or_notify_cancel():
                    following.set_result(None)
                    return
            self._taken -= 1

    def give_up(self, future: "Future[None]") -> None:
        """Take a caller who went away out of the line; a place already given stays theirs."""
        with self._lock:
            if future in self._waiting:
                self._waiting.remove(future)
                future.cancel()

    def close(self) -> None:
        """Send everybody in the line away."""
        with self._lock:
            self._closed = True
            while self._waiting:
                future = self._waiting.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_exception(EngineClosed("the engine was closed while waiting"))
