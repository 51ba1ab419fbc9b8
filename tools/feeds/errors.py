"""What can go wrong with a feed's payload."""


class FeedError(Exception):
    """The feed's answer cannot be used; the message says what was seen."""


class SchemaChanged(FeedError):
    """The answer is not of the shape that the adapter knows: keep what is known, tell people."""
