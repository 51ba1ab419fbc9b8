"""Wait-time feeds: one adapter a shape, one normal form for all of them."""

from collections.abc import Mapping
from typing import Any

from frontdesk.tools.feeds.department import Department, Kind, Metric, State
from frontdesk.tools.feeds.errors import FeedError, SchemaChanged
from frontdesk.tools.feeds.reading import Adapter, Reading

__all__ = [
    "Adapter",
    "Department",
    "FeedError",
    "Kind",
    "Metric",
    "Reading",
    "SchemaChanged",
    "State",
    "make_adapter",
]


def make_adapter(name: str, mapping: Mapping[str, Any] | None = None) -> Adapter:
    """Return the adapter called `name` ("ahs", "bc", "hk", "json"); raises FeedError."""
    if name == "ahs":
        from frontdesk.tools.feeds.ahs import AhsAdapter

        return AhsAdapter()
    if name == "bc":
        from frontdesk.tools.feeds.bc import BcAdapter

        return BcAdapter()
    if name == "hk":
        from frontdesk.tools.feeds.hk import HkAdapter

        return HkAdapter()
    if name == "json":
        from frontdesk.tools.feeds.mapped import JsonAdapter

        return JsonAdapter(mapping or {})
    raise FeedError(f"no adapter is called {name!r}: use ahs, bc, hk or json")
