"""What an assistant remembers of people: their threads, and what they said of its answers."""

from frontdesk.db import Store, feedback, runs, threads
from frontdesk.db.feedback import Feedback
from frontdesk.db.runs import Run
from frontdesk.db.threads import Thread, ThreadError, ThreadSaver

__all__ = ["Feedback", "Memory", "Run", "Thread", "ThreadError", "ThreadSaver"]


class Memory:
    """Threads and feedback of one store. `owner` is the key of a person; "" has no login."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.saver = ThreadSaver(store)

    def threads(self, owner: str = "") -> list[Thread]:
        """Return the owner's threads, the last used first."""
        with self._store.connection() as connection:
            return threads.of_owner(connection, owner)

    def forget(self, thread: str, *, owner: str = "") -> None:
        """Delete a thread, its messages and its feedback. Raises `ThreadError`."""
        with self._store.connection() as connection:
            threads.delete(connection, thread, owner)
        self.saver.delete_thread(thread)

    def rate(self, rating: Feedback, *, owner: str = "") -> None:
        """Keep what a person said of an answer; a second time replaces the first."""
        with self._store.connection() as connection:
            feedback.save(connection, rating, owner)

    def ratings(self, thread: str, *, owner: str = "") -> list[Feedback]:
        """Return the feedback on a thread's answers. Raises `ThreadError`."""
        with self._store.connection() as connection:
            return feedback.of_thread(connection, thread, owner)

    def said(self) -> dict[str, int]:
        """Return how many answers got a thumb up, a thumb down, and a better answer."""
        with self._store.connection() as connection:
            rows = feedback.everything(connection)
        return {
            "up": sum(row.thumb == 1 for row in rows),
            "down": sum(row.thumb == -1 for row in rows),
            "edited": sum(bool(row.edited_answer) for row in rows),
        }

    def promoted(self) -> list[Run]:
        """Return every model that training has put in service, the newest first."""
        with self._store.connection() as connection:
            return runs.everything(connection)
