"""How sure a share is that rests on few questions."""

import math
from typing import NamedTuple

Z95 = 1.959963984540054


class Interval(NamedTuple):
    """A share and the 95 % interval around it, each from 0 to 1."""

    share: float
    low: float
    high: float


def wilson(right: int, of: int) -> Interval:
    """Return the share with its Wilson score interval (Wilson 1927); of nothing, anything."""
    if not of:
        return Interval(0.0, 0.0, 1.0)
    share, z2 = right / of, Z95**2
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))
