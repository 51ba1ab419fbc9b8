"""Does a probability mean what it says? Expected calibration error and a reliability table."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

BINS = 10


class Bin(BaseModel):
    """Decisions of like probability: how probable they were said to be, how often right."""

    model_config = ConfigDict(frozen=True)

    count: int
    probability: float
    right: float


class Calibration(BaseModel):
    """`error` is the expected calibration error, 0 to 1 (Guo et al. 2017), over `bins`."""

    model_config = ConfigDict(frozen=True)

    error: float
    bins: tuple[Bin, ...]


def calibrate(probabilities: Sequence[float], right: Sequence[bool]) -> Calibration:
    """Return how far the probabilities of decisions are from how often they were right."""
    bins = []
    for n in range(BINS):
        held = [
            (p, ok)
            for p, ok in zip(probabilities, right, strict=True)
            if min(int(p * BINS), BINS - 1) == n
        ]
        if held:
            mean = sum(p for p, _ in held) / len(held)
            bins.append(
                Bin(
                    count=len(held),
                    probability=round(mean, 4),
                    right=round(sum(ok for _, ok in held) / len(held), 4),
                )
            )
    total = sum(b.count for b in bins) or 1
    error = sum(b.count * abs(b.probability - b.right) for b in bins) / total
    return Calibration(error=round(error, 4), bins=tuple(bins))
