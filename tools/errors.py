"""What a tool may raise on purpose; every other exception is a bug."""

from frontdesk.db.errors import FrontdeskDataError
from frontdesk.tools.feeds.errors import FeedError

TOOL_ERRORS = (FrontdeskDataError, FeedError)

__all__ = ["TOOL_ERRORS", "FeedError", "FrontdeskDataError"]
