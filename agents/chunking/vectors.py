"""Vectors kept while a page is chunked: a heading is leaned on by many sentences."""

from collections.abc import Sequence
from threading import Lock

import numpy as np

from frontdesk.agents.chunking.decision import Embed, Vector

_MOST = 20_000  # texts: 30 MB of vectors


class KeptVectors:
    """Embeds a text once, while memory lasts. Thread safe; it is an `Embed`."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._kept: dict[str, Vector] = {}
        self._lock = Lock()

    def __call__(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors (n, 384) of `texts`."""
        with self._lock:
            known = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, self._embed(new), strict=True))
            with self._lock:
                if len(self._kept) > _MOST:
                    self._kept.clear()
                self._kept.update((text, known[text]) for text in new)
        return np.stack([known[text] for text in texts])
