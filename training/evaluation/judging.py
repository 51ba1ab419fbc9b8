"""RAGAS over an evaluation: some turns of each model judged, the means, and what failed."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from frontdesk.db.ingest.embed import Embedder
from frontdesk.training.chat_server import ChatServer
from frontdesk.training.evaluation.judge import GAVE_UP, Judge, JudgeError
from frontdesk.training.evaluation.ragas import (
    Score,
    answer_relevancy,
    context_precision,
    context_recall,
    faithfulness,
)
from frontdesk.training.evaluation.sample import Sample
from frontdesk.training.evaluation.verdict import Verdict

Told = Callable[[str], None]
METRICS = ("faithfulness", "answer relevancy", "context precision", "context recall")
SILENCE = 10.0  # seconds after which people are told how far it is


class Plain(BaseModel):
    """Values of a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Judged(Plain):
    """One turn: its scores, what counts against them, and why a metric failed."""

    organisation: str
    question: str
    scores: dict[str, float]
    because: dict[str, tuple[str, ...]] = {}
    failed: dict[str, str] = {}


class Mean(Plain):
    """A metric over the turns: how many were judged, on how many the judge failed."""

    mean: float | None
    judged: int
    failed: int


class Ragas(Plain):
    """What a judge said of one model's turns. Never guarded: a judge may change, or be wrong."""

    judge: str
    metrics: dict[str, Mean]
    turns: tuple[Judged, ...]

    @property
    def failures(self) -> dict[str, int]:
        """Return how often the judge failed for which reason, the commonest first."""
        reasons = Counter(reason for turn in self.turns for reason in turn.failed.values())
        return dict(reasons.most_common())

    def told(self) -> str:
        """Return the means as one line."""
        told = (
            f"{name} {found.mean:.3f} ({found.judged})"
            for name, found in self.metrics.items()
            if found.mean is not None
        )
        return ", ".join(told) or "nothing judged"


def judge_models(
    verdicts: Mapping[str, Sequence[Verdict]],
    server: ChatServer,
    embedder: Embedder,
    most: int,
    say: Told,
) -> dict[str, Ragas]:
    """Return what the judge says of each model, on the same questions, at most `most` of them.

    A judge that fails is told in one line, and what it said until then is kept.
    """
    judge = Judge(server)
    places = choose(verdicts, most)
    say(f"{server.model} at {server.url} judges {len(places)} questions")
    judged = {
        name: judge_turns([found[place] for place in places], judge, embedder, say)
        for name, found in verdicts.items()
    }
    for name, ragas in judged.items():
        say(f"{name}: {ragas.told()}")
    failures = Counter[str]()
    for ragas in judged.values():
        failures.update(ragas.failures)
    if failures:
        say(_complaint(server, failures))
    return judged


def choose(verdicts: Mapping[str, Sequence[Verdict]], most: int) -> list[int]:
    """Return the places of at most `most` questions, evenly drawn, on which some model searched."""
    rows = list(zip(*verdicts.values(), strict=True))
    held = [place for place, row in enumerate(rows) if any(verdict.sample for verdict in row)]
    step = max(1.0, len(held) / most)
    return [held[int(n * step)] for n in range(min(most, len(held)))]


def judge_turns(verdicts: Sequence[Verdict], judge: Judge, embedder: Embedder, say: Told) -> Ragas:
    """Return what the judge says of the turns that searched."""
    turns = []
    told = time.monotonic()
    for n, verdict in enumerate(verdicts, 1):
        if verdict.sample is not None:
            turns.append(_judge_turn(verdict, verdict.sample, judge, embedder))
        if time.monotonic() - told > SILENCE:
            told = time.monotonic()
            say(f"{n} of {len(verdicts)} judged")
    return Ragas(
        judge=judge.server.model,
        metrics={name: _mean(name, turns) for name in METRICS},
        turns=tuple(turns),
    )


def _complaint(server: ChatServer, failures: Counter[str]) -> str:
    """Return one line about a judge that failed: the first reason is what to mend."""
    reasons = [(why, count) for why, count in failures.most_common() if why != GAVE_UP]
    why, _ = reasons[0]
    more = f", and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    gave_up = f"; {GAVE_UP}" if GAVE_UP in failures else ""
    return (
        f"the judge at {server.url} failed {failures.total()} times ({why}{more}{gave_up});"
        " the report counts them: mend evaluate.judge_url or judge_model, or leave them out"
    )


def _judge_turn(verdict: Verdict, sample: Sample, judge: Judge, embedder: Embedder) -> Judged:
    """Ask for each metric; where the judge fails on one, the others are still asked for."""
    asked: dict[str, Callable[[], Score]] = {
        "faithfulness": lambda: faithfulness(sample, judge),
        "answer relevancy": lambda: answer_relevancy(sample, judge, embedder),
        "context precision": lambda: context_precision(sample, judge),
        "context recall": lambda: context_recall(sample, judge),
    }
    scores: dict[str, float] = {}
    because: dict[str, tuple[str, ...]] = {}
    failed: dict[str, str] = {}
    for name in METRICS:
        try:
            found = asked[name]()
        except JudgeError as error:
            failed[name] = str(error)
            continue
        if found.value is not None:
            scores[name] = round(found.value, 4)
        if found.because:
            because[name] = found.because
    return Judged(
        organisation=verdict.organisation,
        question=sample.question,
        scores=scores,
        because=because,
        failed=failed,
    )


def _mean(name: str, turns: Sequence[Judged]) -> Mean:
    values = [turn.scores[name] for turn in turns if name in turn.scores]
    return Mean(
        mean=round(sum(values) / len(values), 4) if values else None,
        judged=len(values),
        failed=sum(name in turn.failed for turn in turns),
    )
