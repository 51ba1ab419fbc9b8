"""How well passages are found: recall@5 and nDCG@10, by meaning alone and by the whole search."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from frontdesk.tools.search import Searcher
from frontdesk.training.bi_encoder.pairs import Asked

RECALL, NDCG = 5, 10
_DEVIATIONS = 1.96  # of a mean, either side: 95 in 100


@dataclass(frozen=True)
class Ranked:
    """What each question scored with one ranking: 1.0 for an answer among five, and nDCG."""

    recalls: tuple[float, ...]
    ndcgs: tuple[float, ...]

    @classmethod
    def of(cls, rankings: Sequence[Sequence[int]], rows: Sequence[Asked]) -> "Ranked":
        """Score rankings of chunk ids, one a question, by the chunks that answer."""
        both = list(zip(rankings, rows, strict=True))
        return cls(
            tuple(float(bool(set(found[:RECALL]) & set(row.chunks))) for found, row in both),
            tuple(ndcg(found, row.chunks) for found, row in both),
        )


@dataclass(frozen=True)
class Scores:
    """The scores of one encoder: `dense` by its cosines alone, `fused` by the whole search."""

    dense: Ranked
    fused: Ranked

    @classmethod
    def joined(cls, parts: Sequence["Scores"]) -> "Scores":
        """Return the scores of several organisations' questions as those of one."""
        return cls(_joined([part.dense for part in parts]), _joined([p.fused for p in parts]))

    def shares(self) -> dict[str, float]:
        """Return the means by name."""
        return {
            f"{name} {measure}": round(sum(found) / max(1, len(found)), 4)
            for name, ranked in (("dense", self.dense), ("fused", self.fused))
            for measure, found in (("recall@5", ranked.recalls), ("nDCG@10", ranked.ndcgs))
        }

    def told(self) -> str:
        """Return the means in words."""
        return ", ".join(f"{name} {mean:.3f}" for name, mean in self.shares().items())


def _joined(parts: Sequence[Ranked]) -> Ranked:
    return Ranked(
        tuple(found for part in parts for found in part.recalls),
        tuple(found for part in parts for found in part.ndcgs),
    )


def measure(searcher: Searcher, rows: Sequence[Asked]) -> Scores:
    """Ask a searcher every question."""
    dense = [searcher.nearest(row.question, NDCG) for row in rows]
    found = [searcher.search(row.question, top_k=NDCG).passages for row in rows]
    fused = [[passage.chunk_id for passage in passages] for passages in found]
    return Scores(Ranked.of(dense, rows), Ranked.of(fused, rows))


def ndcg(ranking: Sequence[int], right: Sequence[int]) -> float:
    """Normalised discounted cumulative gain among ten (Järvelin and Kekäläinen 2002)."""
    gains = (1 / math.log2(n + 2) for n, found in enumerate(ranking[:NDCG]) if found in right)
    best = sum(1 / math.log2(n + 2) for n in range(min(NDCG, len(right))))
    return sum(gains) / best if best else 0.0


def gain(before: Scores, after: Scores) -> tuple[float, float]:
    """Return what the whole search gains in nDCG: the mean, and the lower end of its interval.

    The interval is of the mean of paired differences, 95 %, by the normal approximation.
    """
    pairs = zip(after.fused.ndcgs, before.fused.ndcgs, strict=True)
    differences = [new - old for new, old in pairs]
    count = len(differences)
    mean = sum(differences) / count
    spread = math.sqrt(sum((d - mean) ** 2 for d in differences) / max(1, count - 1))
    return mean, mean - _DEVIATIONS * spread / math.sqrt(count)
