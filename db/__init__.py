"""Where Frontdesk keeps what it knows: PostgreSQL with pgvector."""

from frontdesk.db.errors import ExtractError, FetchError, FrontdeskDataError, StoreError
from frontdesk.db.store import Store

__all__ = ["ExtractError", "FetchError", "FrontdeskDataError", "Store", "StoreError"]
