"""One request to a feed, and the check of what it brings before that may replace anything."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from frontdesk.tools.feeds import Adapter, FeedError
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.retry import read_retry_after
from frontdesk.tools.waits.shelf import Saved

if TYPE_CHECKING:
    from frontdesk.db.ingest.client import Fetched, GuardedClient


class RequestFailed(Exception):
    """A request that brought no reading: the reason in a few words, and Retry-After in seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Request:
    """Asks one feed; `count` is how often it did."""

    def __init__(
        self, settings: WaitTimesSettings, adapter: Adapter, client: "GuardedClient"
    ) -> None:
        self._settings = settings
        self._adapter = adapter
        self._client = client
        self.count = 0

    def send(self, saved: Saved, now: datetime) -> Saved:
        """Return a new reading, or `saved` dated anew when the feed says that it still holds.

        Raises RequestFailed: unreachable, refused, not JSON, or not of the shape that is known.
        """
        from frontdesk.db.errors import FetchError

        etag = saved.etag if saved.rows else None
        last_modified = saved.last_modified if saved.rows else None
        self.count += 1
        try:
            fetched = self._client.get(
                self._settings.url,
                headers={"accept": "application/json"},
                etag=etag,
                last_modified=last_modified,
                max_bytes=self._settings.max_bytes,
                timeout=self._settings.timeout_seconds,
            )
        except FetchError as error:
            raise RequestFailed(_in_plain_words(error.reason)) from error
        if fetched.not_modified and (etag or last_modified):
            return replace(saved, fetched_at=now, failures=0, error="")
        return self._read(fetched, now)

    def _read(self, fetched: "Fetched", now: datetime) -> Saved:
        if not fetched.ok:
            wait = read_retry_after(fetched.headers.get("retry-after"), now)
            raise RequestFailed(f"the feed answered HTTP {fetched.status}", wait)
        try:
            reading = self._adapter.read(fetched.body, now)
        except FeedError as error:
            raise RequestFailed(str(error)) from error
        return Saved(
            rows=[row.model_dump(mode="json") for row in reading.departments],
            notices=reading.notices,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            fetched_at=now,
        )


def _in_plain_words(reason: str) -> str:
    """Return why a fetch failed as people may read it: no error numbers, no addresses."""
    if reason.startswith("no answer"):
        return f"the feed gave {reason}"
    if reason.startswith("cannot be reached"):
        return "the feed cannot be reached"
    return f"the feed may not be read ({reason})"
