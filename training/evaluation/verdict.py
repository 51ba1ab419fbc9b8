"""What a model did with one labelled question, and what of it was right."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from frontdesk.agents.decision import Evidence
from frontdesk.graphs.answering import Answer
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.corpus import Expectation, Question
from frontdesk.training.evaluate import Outcome, Tally, judge
from frontdesk.training.evaluation.sample import Sample, sample_of
from frontdesk.training.traces import answers

Grade = Literal["", "right", "partly", "wrong", "not_found"]


class Verdict(BaseModel):
    """One question's outcome. `measures` says what was judged of it and whether it was right.

    `grade` is the answer's: by the labelled facts that it shows; "" where nothing is labelled.
    `ms` is the whole turn. `sample` is what a judge may be shown; it is not written down.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: str
    source: str
    question: str
    before: str = ""
    noisy: bool = False
    want: str
    got: str
    right: bool
    probability: float
    measures: dict[str, bool]
    grade: Grade = ""
    answer: str = ""
    labelled: tuple[str, ...] = ()
    got_arguments: dict[str, Any] = {}
    ms: float = 0.0
    sample: Sample | None = Field(default=None, exclude=True, repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same question in two evaluations."""
        return self.organisation, self.before, self.question


def judge_turn(
    organisation: str,
    source: str,
    question: Question,
    outcome: Outcome,
    said: Answer,
    toolbox: Toolbox,
    ms: float,
) -> Verdict:
    """Return the verdict on one turn: its steps, its arguments, and what it said."""
    tally = Tally()
    judge(tally, question, outcome, toolbox)
    measures = {name: bool(tally.right[name]) for name in tally.asked}
    grade = _grade(question, outcome, said, measures)
    if grade:
        measures["answers fully right"] = grade == "right"
    if said.sources:
        measures["quotes exact"] = _exact(said, outcome.evidence)
    if said.text:
        measures["literals kept"] = said.dropped == 0
    first = outcome.steps[0]
    return Verdict(
        organisation=organisation,
        source=source,
        question=question.q,
        before=question.history.q if question.history else "",
        noisy=question.noisy,
        want=question.steps[0].step,
        got=outcome.route,
        right=measures["routing"],
        probability=round(first.probability, 4),
        measures=measures,
        grade=grade,
        answer=said.text,
        labelled=_facts(question.steps[0]),
        got_arguments=dict(first.arguments),
        ms=round(ms, 2),
        sample=sample_of(question, outcome, said),
    )


def _facts(step: Expectation) -> tuple[str, ...]:
    """Return what is labelled, in words."""
    if step.step == "wait_times":
        return (*step.places, step.kind, step.ask)
    return step.quotes or ((step.contact,) if step.contact else ())


def _grade(
    question: Question, outcome: Outcome, said: Answer, measures: Mapping[str, bool]
) -> Grade:
    """Grade an answer that has labelled facts; declining and asking back are judged as routes."""
    step = question.steps[0]
    if step.step in ("refuse", "clarify") or step.why == "topic":
        return ""
    if not measures["routing"]:
        return "wrong"
    if len(question.steps) > 1:
        both = measures.get("two-part, both tools", False)
        return "right" if both else "partly"
    if step.step == "search":
        return _grade_quotes(step, outcome, said)
    if step.step == "contact_lookup":
        return "right" if measures["arguments: contact"] else "wrong"
    if measures["arguments"]:
        return "right"
    return "partly" if measures["arguments: departments"] else "wrong"


def _grade_quotes(step: Expectation, outcome: Outcome, said: Answer) -> Grade:
    if not step.quotes:
        return "right" if outcome.steps[-1].step == "not_found" else "wrong"
    shown = [said.text, *(outcome.evidence.candidates[n].text for n in outcome.steps[-1].quotes)]
    held = [any(answers(text, quote) for text in shown) for quote in step.quotes]
    if said.outcome == "not_found":
        return "not_found"
    if all(held) or (any(held) and not step.all):
        return "right"
    return "partly" if any(held) else "wrong"


def _exact(said: Answer, evidence: Evidence) -> bool:
    """Tell whether every quote stands in a page that was read, letter for letter."""
    searches = (evidence.search, evidence.search_with_previous)
    read = [
        " ".join(sentence.strip() for sentence in passage.sentences)
        for search in searches
        for passage in (search.passages if search else ())
    ]
    pieces = [piece for source in said.sources for piece in source.quote.split(" … ") if piece]
    return all(any(piece in text for text in read) for piece in pieces)
