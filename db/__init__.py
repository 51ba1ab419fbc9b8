"""Where Frontdesk keeps what it knows: PostgreSQL with pgvector.

`Store` loads on first use, so that reading settings or naming an error imports no driver.
"""

from typing import TYPE_CHECKING, Any

from frontdesk.db.errors import ExtractError, FetchError, FrontdeskDataError, StoreError

if TYPE_CHECKING:
    from frontdesk.db.store import Store

__all__ = ["ExtractError", "FetchError", "FrontdeskDataError", "Store", "StoreError"]


def __getattr__(name: str) -> Any:
    """Import the store when it is first asked for (PEP 562)."""
    if name != "Store":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from frontdesk.db.store import Store

    return Store
