"""Is a candidate worse than the model in service? Measure by measure, on the same questions."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from frontdesk.training.evaluation.measures import GUARDED, Share, Summary


class Difference(BaseModel):
    """One measure of both models. `worse` where the candidate falls below the other's interval.

    `floor` is the lower end of the 95 % Wilson interval of the model in service.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str
    candidate: Share
    service: Share
    floor: float
    guarded: bool
    worse: bool

    def told(self) -> str:
        """Return the difference as one sentence."""
        ours, theirs = self.candidate.interval.share, self.service.interval.share
        return (
            f"{self.measure}: {ours:.1%} against {theirs:.1%} of the model in service on"
            f" {self.service.of} questions, {self.floor - ours:.1%} below what chance allows"
            f" ({self.floor:.1%})"
        )


def differences(candidate: Summary, service: Summary) -> list[Difference]:
    """Return every measure that both have, the guarded ones first."""
    shared = [name for name in candidate.measures if name in service.measures]
    shared.sort(key=lambda name: (GUARDED.index(name) if name in GUARDED else 99, name))
    return [_difference(name, candidate.measures, service.measures) for name in shared]


def _difference(
    name: str, candidate: Mapping[str, Share], service: Mapping[str, Share]
) -> Difference:
    ours, theirs = candidate[name], service[name]
    floor = theirs.interval.low
    guarded = name in GUARDED
    return Difference(
        measure=name,
        candidate=ours,
        service=theirs,
        floor=round(floor, 4),
        guarded=guarded,
        worse=guarded and ours.interval.share < floor,
    )
