"""Opens an assistant as fast as can be: for a command that answers one question and ends.

The database, the encoder and the model open in a thread of their own while this one imports
LangGraph, which takes longer than all of them.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from frontdesk.graphs.settings import Settings

if TYPE_CHECKING:
    from frontdesk.graphs.resources import Resources
    from frontdesk.graphs.session import Assistant


def open_assistant(settings: Settings) -> "Assistant":
    """Return `Assistant.open(settings)`, sooner.

    Raises `StoreError` and `ModelError`: one line with the value seen and the way out.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="opening") as pool:
        opening = pool.submit(_opened, settings)
        from frontdesk.graphs.session import Assistant

        resources = opening.result()
    try:
        return Assistant(resources)
    except BaseException:
        resources.close()
        raise


def _opened(settings: Settings) -> "Resources":
    """Open what takes time; the rest opens with the assistant."""
    from frontdesk.graphs.resources import Resources

    resources = Resources(settings)
    try:
        _ = resources.store, resources.encoder, resources.decider
    except BaseException:
        resources.close()
        raise
    return resources
