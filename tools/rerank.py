"""Read the best passages once more with a cross-encoder, if `[search] reranker` names one.

A cross-encoder reads question and passage together, which a comparison of vectors cannot, and costs
some 10 ms a passage. It is off by default: the extra is large and a model has to be at hand.
"""

from collections.abc import Sequence
from threading import Lock
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from frontdesk.tools.errors import RerankError

Vector = npt.NDArray[np.float32]


class Reranker(Protocol):
    """Scores texts against a question, the better the higher: float32, shape (n,)."""

    def scores(self, query: str, texts: Sequence[str]) -> Vector: ...


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder: a folder, or a model by name. Thread safe.

    Raises `RerankError` when the extra is missing or the model cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise RerankError(
                f"[search] reranker = {name!r} needs an extra: pip install 'frontdesk[reranker]',"
                " or leave it empty"
            ) from error
        try:
            self._model: Any = CrossEncoder(name, device="cpu", num_labels=1)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise RerankError(
                f"[search] reranker = {name!r} is not a cross-encoder that can be loaded ({reason})"
            ) from error
        self._lock = Lock()

    def scores(self, query: str, texts: Sequence[str]) -> Vector:
        """The model's score of each text."""
        pairs = [(query, text) for text in texts]
        with self._lock:
            found = self._model.predict(pairs, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(found, dtype=np.float32).reshape(len(texts))


def make_reranker(name: str) -> Reranker | None:
    """The reranker that the settings name; None where they name none."""
    return CrossEncoderReranker(name) if name else None
