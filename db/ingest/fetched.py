"""What a server answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Fetched:
    """What a server answered. Any status comes back, 404 and 500 too: see `ok`.

    `url` is where the answer came from after `redirects` (the URLs passed through, in order);
    `headers` has lower-case names; `body` is unpacked, and empty on 304.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    etag: str | None
    last_modified: str | None
    fetched_at: datetime
    seconds: float
    redirects: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def not_modified(self) -> bool:
        """Whether the server said that the copy named by `etag` or `last_modified` is current."""
        return self.status == 304

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case; empty when not given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset that the header names, lower case; empty when it names none."""
        named = self.headers.get("content-type", "").lower().partition("charset=")[2]
        return named.partition(";")[0].strip(" \"'")

    @property
    def text(self) -> str:
        """The body in the charset of the header, else UTF-8; what cannot be read is replaced."""
        try:
            return self.body.decode(self.charset or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")
