"""The person whose turn it is, as the runtime sees them: what their turn costs, and if they left.

client = Client()
with serving(client):                       # what is opened inside is opened for this person
    decider.decide(evidence, messages)
client.evaluated, client.reused             # tokens read for them, tokens that were kept
client.leave()                              # from any thread: what is open for them stops
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from frontdesk.agents.errors import SequenceCancelled

_current: ContextVar["Client | None"] = ContextVar("client", default=None)


class Client:
    """Counts the tokens of one person's turn; stops its work when they go away. Thread safe.

    Attributes:
        evaluated: how many items the model read for this person.
        reused: how many it did not have to, because they were kept from before.
    """

    def __init__(self) -> None:
        self.evaluated = self.reused = 0
        self._left = False
        self._lock = threading.Lock()
        self._stops: dict[int, Callable[[], None]] = {}

    def count(self, evaluated: int, reused: int) -> None:
        """Add the items of one sequence."""
        with self._lock:
            self.evaluated += evaluated
            self.reused += reused

    def leave(self) -> None:
        """Stop what is open for this person; what they would ask for now is refused."""
        with self._lock:
            self._left = True
            stops = list(self._stops.values())
        for stop in stops:
            stop()

    def on_leave(self, stop: Callable[[], None]) -> Callable[[], None]:
        """Have `stop` called when they leave; return what takes that back.

        Raises:
            SequenceCancelled: they have left already.
        """
        with self._lock:
            if self._left:
                raise SequenceCancelled("the person has gone away: nothing is read for them")
            number = max(self._stops, default=0) + 1
            self._stops[number] = stop
        return lambda: self._forget(number)

    def _forget(self, number: int) -> None:
        with self._lock:
            self._stops.pop(number, None)


@contextmanager
def serving(client: Client) -> Iterator[Client]:
    """Let everything opened in this thread or task, inside the block, belong to `client`."""
    token = _current.set(client)
    try:
        yield client
    finally:
        _current.reset(token)


def current_client() -> Client:
    """Return whom this thread or task serves; a new, unknown person where nobody is named."""
    return _current.get() or Client()
