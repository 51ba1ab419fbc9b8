"""What can go wrong below the tools, one small family.

Each message names the value seen and the way out, and fits on one line.
"""


class FrontdeskDataError(Exception):
    """The base of everything this folder raises on purpose."""


class StoreError(FrontdeskDataError):
    """The database cannot be started, reached, migrated or written."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        self.passing = passing  # the connection was lost: a restart may be under way
        super().__init__(message)


class FetchError(FrontdeskDataError):
    """A page could not be fetched, or may not be: `url`, and `reason` in a few words."""

    def __init__(
        self, url: str, reason: str, *, refused: bool = False, retry: bool = False
    ) -> None:
        self.url = url
        self.reason = reason
        self.refused = refused  # the guard or a limit said no: asking again changes nothing
        self.retry = retry  # a network fault that may pass
        super().__init__(f"{url}: {reason}")


class ChunkError(FrontdeskDataError):
    """A document was read but the model that cuts it failed."""


class ExtractError(FrontdeskDataError):
    """A document arrived but no text could be read from it."""
