"""Compiled LangGraph graphs, ready to be embedded in other apps.

The names load on first use, so that reading the settings imports neither LangGraph nor a model.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontdesk.graphs.assistant import build_assistant
    from frontdesk.graphs.chunking import build_chunking
    from frontdesk.graphs.session import Assistant
    from frontdesk.graphs.settings import Settings, SettingsError

_HOMES = {
    "Assistant": "session",
    "Settings": "settings",
    "SettingsError": "settings",
    "build_assistant": "assistant",
    "build_chunking": "chunking",
}

__all__ = ["Assistant", "Settings", "SettingsError", "build_assistant", "build_chunking"]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
