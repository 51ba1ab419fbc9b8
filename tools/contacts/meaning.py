"""The embeddings of descriptions, and which of them lie nearest to a question's.

Above some ten thousand descriptions, a scan of all 384 numbers of each no longer fits the time of
a lookup: they are first compared in the 96 directions in which they differ most (their principal
components), and only the nearest of those exactly.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from frontdesk.db.contacts import Vector

SCANNED = 12_000
SAMPLE, DIRECTIONS, SHORTLIST = 4096, 96, 512


class Meanings:
    """Descriptions and their embeddings, searched by cosine."""

    def __init__(self, vectors: Mapping[str, Vector]) -> None:
        self.texts = list(vectors)
        self._numbers = {text: number for number, text in enumerate(self.texts)}
        matrix = np.stack(list(vectors.values())) if vectors else np.zeros((0, 384), np.float32)
        self._basis: Vector | None = None
        if len(self.texts) > SCANNED:
            sample = matrix[:: max(1, len(matrix) // SAMPLE)].astype(np.float64)
            _, directions = np.linalg.eigh(sample.T @ sample)
            self._basis = np.ascontiguousarray(directions[:, -DIRECTIONS:], np.float32)
            self._short: Vector = matrix @ self._basis
            self._matrix: NDArray[np.float16 | np.float32] = matrix.astype(np.float16)
        else:
            self._matrix = matrix.astype(np.float32)

    def nearest(self, query: Vector, count: int) -> list[tuple[str, float]]:
        """Return the `count` descriptions nearest to `query` (384,), with their cosines."""
        if self._basis is None:
            return self._top(np.arange(len(self.texts)), _products(self._matrix, query), count)
        rough = _products(self._short, np.einsum("i,ij->j", query, self._basis))
        chosen = np.argpartition(-rough, SHORTLIST)[:SHORTLIST]
        return self._top(chosen, _products(self._matrix[chosen], query), count)

    def cosines(self, texts: Sequence[str], query: Vector) -> dict[str, float]:
        """Return the cosine to `query` (384,) of those of these descriptions that are embedded."""
        known = [text for text in texts if text in self._numbers]
        cosines = _products(self._matrix[[self._numbers[text] for text in known]], query)
        return dict(zip(known, cosines.tolist(), strict=True)) if known else {}

    def _top(
        self, numbers: NDArray[np.int64], cosines: NDArray[np.floating], count: int
    ) -> list[tuple[str, float]]:
        best = np.argsort(-cosines, kind="stable")[:count]
        return [(self.texts[numbers[at]], float(cosines[at])) for at in best]


def _products(rows: NDArray[np.float16 | np.float32], query: Vector) -> Vector:
    """Return the dot product (n,) of each of `rows` (n, d) with `query` (d,).

    Not by `@`: BLAS would share so little work out to all cores and wait for the busiest of them.
    """
    found: Vector = np.einsum("ij,j->i", rows.astype(np.float32, copy=False), query)
    return found
