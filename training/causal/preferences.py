"""Preference pairs: the reply to prefer and the one to leave, for the same prompt.

refusal      what must be declined is, and what is the desk's business is not
links        the sentence that answers is named, not its neighbour
stopping     the answer is given when it is known, with no more than it needs
sampled      the model's own wrong reply against the right one
feedback     an answer that a person mended, and what it was
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from frontdesk.agents.chat.decider import QUOTES, allowed_steps
from frontdesk.agents.chat.prompt import shown
from frontdesk.agents.decision import TOOL_STEPS, Evidence
from frontdesk.db.feedback import Feedback
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.causal.dialogues import Dialogue, Message
from frontdesk.training.causal.traces import answer_words, dialogue, passes
from frontdesk.training.corpus import Organisation, Question

Kind = Literal["refusal", "links", "stopping", "sampled", "feedback"]


class Preference(BaseModel):
    """`dialogue` ends with the reply to prefer; `rejected` is the content of the one to leave."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dialogue: Dialogue
    rejected: str
    kind: Kind

    @property
    def chosen(self) -> str:
        """The reply to prefer."""
        return self.dialogue.messages[-1].content


def generated(
    toolbox: Toolbox, organisation: Organisation, questions: Sequence[Question], seed: int
) -> Iterator[Preference]:
    """Yield the pairs that labelled questions give, looked up with the organisation's tools."""
    rng = random.Random(f"{seed}:{organisation.slug}:preferences")
    for question in questions:
        for evidence, words in passes(toolbox, question, rng):
            right = dialogue(organisation, evidence, words, question.origin)
            for kind, wrong in _wrong(evidence, words, rng):
                if wrong != words:
                    yield Preference(dialogue=right, rejected=" ".join(wrong), kind=kind)


def _wrong(
    evidence: Evidence, words: tuple[str, ...], rng: random.Random
) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    allowed = allowed_steps(evidence)
    tools = [step for step in allowed if step in TOOL_STEPS and step != words[0]]
    if words[0] == "refuse":
        yield "refusal", _call(rng.choice(tools), evidence)
    elif "refuse" in allowed:
        yield "refusal", ("refuse",)
    if words[0] == "answer" and tools:
        yield "stopping", _call(rng.choice(tools), evidence)
    numbers = [int(word) - 1 for word in words[1:] if word.isdigit()]
    others = [n for n in range(len(shown(evidence))) if n not in numbers]
    if numbers and others:
        yield "links", answer_words([rng.choice(others)], len(shown(evidence)))
        if words[-1] == "end":
            yield (
                "stopping",
                answer_words([*numbers, *others][:QUOTES], len(shown(evidence))),
            )


def _call(tool: str, evidence: Evidence) -> tuple[str, ...]:
    reference = ("this",) if evidence.previous is not None else ()
    return (tool, *reference, *(("any", "now") if tool == "wait_times" else ()))


def mended(
    feedback: Iterable[Feedback], toolbox: Toolbox, organisation: Organisation, seed: int
) -> Iterator[Preference]:
    """Yield a pair for each answer of the app that a person marked wrong and wrote anew.

    Where the better answer stands in what a search finds, the model is to name that sentence;
    what it must not do is decline, or name what it named.
    """
    for row in feedback:
        if row.thumb == 1 or not row.edited_answer.strip() or not row.question.strip():
            continue
        step = {"step": "search", "quotes": (row.edited_answer,)}
        question = Question.model_validate({"q": row.question, "steps": (step,)})
        rng = random.Random(f"{seed}:{row.thread}:{row.turn}")
        for evidence, _ in passes(toolbox, question, rng):
            yield from _mended(organisation, evidence, row)


def _mended(organisation: Organisation, evidence: Evidence, row: Feedback) -> Iterator[Preference]:
    if not evidence.observations:
        reference = ("this",) if evidence.previous is not None else ()
        right = dialogue(organisation, evidence, ("search", *reference), "feedback")
        yield Preference(dialogue=right, rejected="refuse", kind="feedback")
        return
    found = shown(evidence)
    better = [n for n, sentence in enumerate(found) if sentence.text in row.edited_answer]
    worse = [n for n, sentence in enumerate(found) if sentence.text in row.answer]
    if better and worse != better:
        words = answer_words(better[:QUOTES], len(found))
        wrong = answer_words(worse[:QUOTES], len(found)) if worse else ("not_found",)
        right = dialogue(organisation, evidence, words, "feedback")
        yield Preference(dialogue=right, rejected=" ".join(wrong), kind="feedback")


def rejected_samples(
    dialogues: Sequence[Dialogue],
    sample: Callable[[Sequence[Dialogue]], list[list[str]]],
) -> Iterator[Preference]:
    """Yield a pair for each labelled dialogue that the model itself gets wrong.

    `sample` returns some replies to each dialogue's prompt; the wrong one it gives most often is
    what it must unlearn.
    """
    for right, replies in zip(dialogues, sample(dialogues), strict=True):
        wanted = right.messages[-1].content.split()
        wrong = Counter(" ".join(r.split()) for r in replies if r.split() and r.split() != wanted)
        if wrong:
            rejected, _ = wrong.most_common(1)[0]
            yield Preference(dialogue=right, rejected=rejected, kind="sampled")


def spoken(question: str, chosen: str, rejected: str) -> Preference:
    """Return a pair of two answers in words, for a model that writes its own."""
    asked = (Message(role="user", content=question), Message(role="assistant", content=chosen))
    return Preference(dialogue=Dialogue(messages=asked), rejected=rejected, kind="feedback")
