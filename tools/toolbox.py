"""The tools of one organisation, opened together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from frontdesk.db.ingest.embed import Embedder
from frontdesk.tools.contact_lookup import Directory
from frontdesk.tools.search import Searcher
from frontdesk.tools.wait_times import WaitTimes

if TYPE_CHECKING:
    from frontdesk.tools.read_page import PageReader


@dataclass(frozen=True)
class Toolbox:
    """What an assistant may use; `waits` and `reader` are None where there is no feed or reader."""

    searcher: Searcher
    directory: Directory
    embedder: Embedder
    scope: str
    waits: WaitTimes | None = None
    reader: PageReader | None = None
    scope_vector: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope_vector", self.embed(self.scope or "a front desk"))

    def embed(self, text: str) -> NDArray[np.float32]:
        """Return the unit-length embedding (384,) of `text`."""
        vector: NDArray[np.float32] = self.embedder.embed([text])[0]
        return vector
