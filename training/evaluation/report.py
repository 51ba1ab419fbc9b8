"""The report of an evaluation: one JSON object, and one HTML page that needs nothing else."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from frontdesk.training.bi_encoder.offer import COMMAND, Offer
from frontdesk.training.evaluation.compare import Difference, differences
from frontdesk.training.evaluation.judging import METRICS, Judged, Ragas
from frontdesk.training.evaluation.measures import Summary, summarise
from frontdesk.training.evaluation.verdict import Verdict

TEMPLATE = Path(__file__).parent / "report.html"
WRONG_SHOWN = 60


class Report(BaseModel):
    """An evaluation. `candidate` is None where only the model in service was asked.

    `quantised` holds the candidate in float32 and in other quantisations, where they were compared.
    `ragas` is what a judge said of the candidate and of the model in service, where one was asked.
    `retriever` is what the run trained to find passages by, where it finds better.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str
    data: str
    service: Summary
    candidate: Summary | None = None
    differences: list[Difference] = []
    quantised: dict[str, Summary] = {}
    ragas: dict[str, Ragas] = {}
    retriever: Offer | None = None

    @property
    def best(self) -> Summary:
        """The model that the report is about."""
        return self.candidate or self.service

    @property
    def worse(self) -> list[Difference]:
        """The guarded measures on which the candidate is worse."""
        return [difference for difference in self.differences if difference.worse]


def make_report(
    organisation: str,
    data: str,
    service: tuple[str, str, Sequence[Verdict]],
    candidate: tuple[str, str, Sequence[Verdict]] | None = None,
    quantised: dict[str, Summary] | None = None,
    ragas: dict[str, Ragas] | None = None,
    retriever: Offer | None = None,
) -> Report:
    """Return the report of (model, adapter, verdicts), side by side where there is a candidate."""
    theirs = summarise(*service)
    ours = summarise(*candidate) if candidate else None
    return Report(
        organisation=organisation,
        data=data,
        service=theirs,
        candidate=ours,
        differences=differences(candidate[2], service[2]) if candidate else [],
        quantised=quantised or {},
        ragas=ragas or {},
        retriever=retriever,
    )


def to_html(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return the report as one page; `verdicts` are those of the model it is about."""
    from jinja2 import Environment, StrictUndefined

    from frontdesk.training.evaluation import plots

    both: list[tuple[str, Summary]] = [("in service", report.service)]
    if report.candidate:
        both.insert(0, ("candidate", report.candidate))
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        TEMPLATE.read_text("utf-8")
    )
    wrong = [v for v in verdicts if not v.right or v.grade in ("wrong", "partly")]
    return page.render(
        report=report,
        command=COMMAND,
        both=both,
        names=sorted({name for _, summary in both for name in summary.measures}),
        measures=plots.plot_measures(report.differences) if report.differences else "",
        confusion=plots.plot_confusion(report.best),
        reliability=plots.plot_reliability(both),
        grades=plots.plot_grades(both),
        metrics=METRICS,
        unfaithful=_unfaithful(report)[:WRONG_SHOWN],
        wrong=wrong[:WRONG_SHOWN],
        wrong_count=len(wrong),
    )


def _unfaithful(report: Report) -> list[Judged]:
    """Return the turns in which the judge found statements that nothing supports."""
    ragas = report.ragas.get("candidate" if report.candidate else "service")
    return [turn for turn in ragas.turns if turn.because.get("faithfulness")] if ragas else []


def to_responses(verdicts: Sequence[Verdict], count: int, seed: int) -> str:
    """Return `count` answers beside their questions, as Markdown, to be read by people."""
    drawn = random.Random(seed).sample(list(verdicts), min(count, len(verdicts)))
    return "\n".join(_response(verdict) for verdict in drawn)


def _response(verdict: Verdict) -> str:
    asked = f"{verdict.before} / {verdict.question}" if verdict.before else verdict.question
    judged = verdict.grade or ("right" if verdict.right else "wrong")
    lines = [f"## {asked}", "", verdict.answer, "", f"*{verdict.want} -> {verdict.got}, {judged}*"]
    lines += [f"*labelled: {' / '.join(verdict.labelled)}*"] if verdict.labelled else []
    return "\n".join([*lines, ""])


def plain(report: Report, verdicts: Mapping[str, Sequence[Verdict]]) -> dict[str, Any]:
    """Return the report as JSON values, with what each model did with each question."""
    kept = {name: [v.model_dump(mode="json") for v in found] for name, found in verdicts.items()}
    return {**report.model_dump(mode="json"), "verdicts": kept}
