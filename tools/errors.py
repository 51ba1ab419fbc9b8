"""What a tool may raise on purpose; every other exception is a bug."""

from frontdesk.db.errors import FrontdeskDataError
from frontdesk.tools.feeds.errors import FeedError


class RerankError(FrontdeskDataError):
    """The reranker that the settings name cannot be used."""


TOOL_ERRORS = (FrontdeskDataError, FeedError)

__all__ = ["TOOL_ERRORS", "FeedError", "FrontdeskDataError", "RerankError"]
