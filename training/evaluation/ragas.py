"""The RAGAS metrics of one turn, computed from what a judge says.

    faithfulness(sample, judge).value

Faithfulness and answer relevancy are those of Es et al. 2023 ("RAGAS: Automated Evaluation of
Retrieval Augmented Generation"), an answer that commits itself to nothing being irrelevant as in
the library of the same authors (docs.ragas.io); context precision and context recall are that
library's, against labelled facts. The prompts are this project's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import Field, create_model

from frontdesk.db.ingest.embed import Embedder
from frontdesk.training.evaluation.judge import Filled, Form, JudgeError
from frontdesk.training.evaluation.sample import Sample

QUESTIONS = 3  # made from an answer; the paper's n

SPLIT = (
    "Split the answer into short statements that can each be checked without the others: repeat"
    " names instead of pronouns. Leave nothing out that it claims, and add nothing."
)
SUPPORT = (
    "For each numbered statement say whether it can be inferred from the context alone, not from"
    " what you know. Give the reason first."
)
ASK = (
    f"Write {QUESTIONS} different questions that the answer answers. Say as well whether it is"
    " noncommittal: evasive or vague, such as that it does not know."
)
USE = (
    "For each numbered passage say whether it helps to arrive at the right answer to the question."
    " Give the reason first."
)
ATTRIBUTE = (
    "For each numbered fact, part of the right answer to the question, say whether the context"
    " states it. Give the reason first."
)


class Statements(Form):
    """What an answer claims."""

    statements: tuple[str, ...] = Field(min_length=1)


class Finding(Form):
    """What is said of the thing numbered `n`, and why."""

    n: int
    reason: str
    holds: bool


class Findings(Form):
    """What is said of each numbered thing."""

    findings: tuple[Finding, ...]

    @classmethod
    def on(cls, count: int) -> type["Findings"]:
        """Return the form with room for exactly `count` findings."""
        room = Annotated[tuple[Finding, ...], Field(min_length=count, max_length=count)]
        return create_model("Findings", __base__=cls, findings=(room, ...))


class Questions(Form):
    """What an answer answers."""

    questions: tuple[str, ...] = Field(min_length=1)
    noncommittal: bool


class Judging(Protocol):
    """Whoever fills in forms; raises `JudgeError`."""

    def ask(self, task: str, material: Mapping[str, Any], form: type[Filled]) -> Filled: ...


@dataclass(frozen=True)
class Score:
    """A metric of one turn. `value` is None where there is nothing to judge.

    `because` holds what counts against it: unsupported statements, facts that were not retrieved;
    for answer relevancy, the questions that the judge made.
    """

    value: float | None = None
    because: tuple[str, ...] = ()


def faithfulness(sample: Sample, judge: Judging) -> Score:
    """Return the share of the answer's statements that the retrieved context supports, 0 to 1."""
    if not sample.answer:
        return Score()
    asked = {"question": sample.question, "answer": sample.answer}
    statements = judge.ask(SPLIT, asked, Statements).statements
    context = [*sample.passages, *sample.others]
    held = _judged(judge, SUPPORT, {"context": context}, "statements", statements)
    return Score(sum(held) / len(held), _failing(statements, held))


def answer_relevancy(sample: Sample, judge: Judging, embedder: Embedder) -> Score:
    """Return the mean cosine of the question and those made from the answer, -1 to 1."""
    if not sample.answer:
        return Score()
    made = judge.ask(ASK, {"answer": sample.answer}, Questions)
    questions = made.questions[:QUESTIONS]
    if made.noncommittal:
        return Score(0.0, questions)
    vectors = embedder.embed([sample.question, *questions])
    return Score(float((vectors[1:] @ vectors[0]).mean()), questions)


def context_precision(sample: Sample, judge: Judging) -> Score:
    """Return the mean precision at the rank of each useful passage, 0 to 1; 0 without any."""
    if not sample.facts or not sample.passages:
        return Score()
    right = " ".join(fact[0] for fact in sample.facts)
    asked = {"question": sample.question, "answer": right}
    useful = _judged(judge, USE, asked, "passages", sample.passages)
    precisions = [sum(useful[:k]) / k for k, held in enumerate(useful, 1) if held]
    return Score(sum(precisions) / len(precisions) if precisions else 0.0)


def context_recall(sample: Sample, judge: Judging) -> Score:
    """Return the share of the labelled facts that the retrieved context states, 0 to 1."""
    if not sample.facts:
        return Score()
    if not sample.passages:
        return Score(0.0, tuple(fact[0] for fact in sample.facts))
    wordings = [wording for fact in sample.facts for wording in fact]
    asked = {"question": sample.question, "context": list(sample.passages)}
    stated = iter(_judged(judge, ATTRIBUTE, asked, "facts", wordings))
    held = [any([next(stated) for _ in fact]) for fact in sample.facts]
    return Score(sum(held) / len(held), _failing([fact[0] for fact in sample.facts], held))


def _judged(
    judge: Judging, task: str, material: Mapping[str, Any], name: str, things: Sequence[str]
) -> list[bool]:
    """Return what the judge says of each thing; each must be judged, once."""
    numbered: list[dict[str, Any]] = [{"n": n, "text": text} for n, text in enumerate(things, 1)]
    findings = judge.ask(task, {**material, name: numbered}, Findings.on(len(things))).findings
    said = {finding.n: finding.holds for finding in findings}
    try:
        return [said[row["n"]] for row in numbered]
    except KeyError as error:
        raise JudgeError(f"it did not judge each of the {name} once") from error


def _failing(things: Sequence[str], held: Sequence[bool]) -> tuple[str, ...]:
    return tuple(thing for thing, ok in zip(things, held, strict=True) if not ok)
