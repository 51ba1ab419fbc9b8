"""Is a candidate worse than the model in service? Measure by measure, question by question."""

from collections.abc import Sequence
from math import comb

from pydantic import BaseModel, ConfigDict

from frontdesk.training.evaluation.measures import GUARDED, Share
from frontdesk.training.evaluation.verdict import Verdict

CHANCE = 0.05  # a loss that chance alone brings about less often than this makes a model worse


class Difference(BaseModel):
    """One measure of both models, over the questions on which both were judged by it.

    `lost` counts the questions that only the model in service had right, `gained` those that only
    the candidate had. `chance` is how often two equally good models come out so far apart or
    farther, to the candidate's loss (`loss_by_chance`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str
    candidate: Share
    service: Share
    lost: int
    gained: int
    chance: float
    guarded: bool

    @property
    def worse(self) -> bool:
        """Whether a guarded measure fell by more than chance explains."""
        return self.guarded and self.chance < CHANCE

    def told(self) -> str:
        """Return the difference as one sentence."""
        ours, theirs = self.candidate.interval.share, self.service.interval.share
        return (
            f"{self.measure}: {ours:.1%} against {theirs:.1%} of the model in service on"
            f" {self.service.of} questions, {self.lost} lost and {self.gained} gained, which chance"
            f" explains in {self.chance:.1%} of cases (below {CHANCE:.0%} counts as worse)"
        )


def differences(candidate: Sequence[Verdict], service: Sequence[Verdict]) -> list[Difference]:
    """Return every measure that both have, the guarded ones first.

    Raises `ValueError` when the two were not asked the same questions in the same order.
    """
    pairs: dict[str, list[tuple[bool, bool]]] = {}
    for ours, theirs in zip(candidate, service, strict=True):
        if ours.key != theirs.key:
            raise ValueError(f"{ours.question!r} is set beside {theirs.question!r}")
        for name in ours.measures.keys() & theirs.measures.keys():
            pairs.setdefault(name, []).append((ours.measures[name], theirs.measures[name]))
    return [_difference(name, pairs[name]) for name in sorted(pairs, key=_order)]


def loss_by_chance(lost: int, gained: int) -> float:
    """Return how often at least `lost` of all questions that changed sides are losses by chance.

    The exact one-sided sign test on what changed sides (McNemar 1947): each of these questions
    falls either way as a coin does.
    """
    changed = lost + gained
    return sum(comb(changed, n) for n in range(lost, changed + 1)) / (1 << changed)


def _order(name: str) -> tuple[int, str]:
    return (GUARDED.index(name) if name in GUARDED else len(GUARDED), name)


def _difference(name: str, pairs: Sequence[tuple[bool, bool]]) -> Difference:
    lost = pairs.count((False, True))
    gained = pairs.count((True, False))
    return Difference(
        measure=name,
        candidate=Share(right=sum(ours for ours, _ in pairs), of=len(pairs)),
        service=Share(right=sum(theirs for _, theirs in pairs), of=len(pairs)),
        lost=lost,
        gained=gained,
        chance=round(loss_by_chance(lost, gained), 6),
        guarded=name in GUARDED,
    )
