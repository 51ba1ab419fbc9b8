"""Who may see the directory's private rows: whoever knows the staff token of the settings.

door = StaffDoor(settings.contacts)
door.admits("what somebody typed")
"""

import hmac
import threading
import time
from collections import deque
from collections.abc import Callable

from frontdesk.tools.settings import ContactsSettings

TRIES, MINUTE = 5, 60.0


class StaffDoor:
    """Compares tokens, and after five wrong ones within a minute refuses all for the rest of it.

    The five are everybody's together: whoever guesses from many places gains nothing. Without a
    token in the settings there is no staff. Thread safe.
    """

    def __init__(
        self, settings: ContactsSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._token = settings.staff_token.get_secret_value().encode()
        self._clock = clock
        self._wrong: deque[float] = deque(maxlen=TRIES)
        self._lock = threading.Lock()

    @property
    def exists(self) -> bool:
        """Whether anybody can be let in at all."""
        return bool(self._token)

    @property
    def locked(self) -> bool:
        """Whether too many wrong tokens were tried just now."""
        return len(self._wrong) == TRIES and self._clock() - self._wrong[0] < MINUTE

    def admits(self, token: str) -> bool:
        """Return whether this is the staff token."""
        with self._lock:
            if not self._token or self.locked:
                return False
            right = hmac.compare_digest(token.strip().encode(), self._token)
            if not right:
                self._wrong.append(self._clock())
            return right
