"""Verdicts summed up: every measure with its interval, routes, calibration, grades, latency."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import quantiles

from pydantic import BaseModel, ConfigDict

from frontdesk.training.evaluation.calibration import Calibration, calibrate
from frontdesk.training.evaluation.intervals import Interval, wilson
from frontdesk.training.evaluation.routes import Confusion, confusion, macro_f1
from frontdesk.training.evaluation.verdict import Verdict

# What may not get worse when a model is promoted.
GUARDED = (
    "routing",
    "routing, noisy",
    "follow-ups, routing",
    "follow-ups, resolved",
    "declined",
    "in scope, not declined",
    "sensitive, not declined",
    "arguments",
    "arguments: contact",
    "quote: model's choice",
    "not found said when the site has no answer",
    "answers fully right",
    "quotes exact",
    "literals kept",
)


class Share(BaseModel):
    """How many of the questions that a measure judges were right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    right: int
    of: int

    @property
    def interval(self) -> Interval:
        """The share with its 95 % Wilson interval."""
        return wilson(self.right, self.of)


class Latency(BaseModel):
    """Milliseconds of a whole turn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: float
    p95: float


class Summary(BaseModel):
    """One model's evaluation. Everything but `latency` is the same each time it is measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    adapter: str
    questions: int
    macro_f1: float
    measures: dict[str, Share]
    organisations: dict[str, Share]
    grades: dict[str, int]
    confusion: Confusion
    calibration: Calibration
    latency: Latency


def summarise(model: str, adapter: str, verdicts: Sequence[Verdict]) -> Summary:
    """Return the summary of one model's verdicts."""
    table = confusion((v.want, v.got) for v in verdicts)
    return Summary(
        model=model,
        adapter=adapter,
        questions=len(verdicts),
        macro_f1=macro_f1(table),
        measures=_measures(verdicts),
        organisations=_by_organisation(verdicts),
        grades=dict(sorted(Counter(v.grade for v in verdicts if v.grade).items())),
        confusion=table,
        calibration=calibrate([v.probability for v in verdicts], [v.right for v in verdicts]),
        latency=_latency([v.ms for v in verdicts]),
    )


def _measures(verdicts: Sequence[Verdict]) -> dict[str, Share]:
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for verdict in verdicts:
        for name, ok in verdict.measures.items():
            of[name] += 1
            right[name] += ok
    return {name: Share(right=right[name], of=of[name]) for name in sorted(of)}


def _by_organisation(verdicts: Sequence[Verdict]) -> dict[str, Share]:
    found: dict[str, list[bool]] = defaultdict(list)
    for verdict in verdicts:
        found[verdict.organisation].append(verdict.right)
    return {name: Share(right=sum(ok), of=len(ok)) for name, ok in sorted(found.items())}


def _latency(ms: Sequence[float]) -> Latency:
    if len(ms) < 2:
        return Latency(median=ms[0] if ms else 0.0, p95=ms[0] if ms else 0.0)
    cuts = quantiles(ms, n=20)
    return Latency(median=round(cuts[9], 1), p95=round(cuts[18], 1))
