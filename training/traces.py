"""Questions to training examples, through the real tools and the serving prompt.

Every labelled question is looked up exactly as in service (`agents.evidence.gather`), rendered by
the serving prompt (`agents.prompt.render`), and paired with the decision that is right.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from frontdesk.agents.decision import Candidate, Evidence, Observation, PreviousTurn
from frontdesk.agents.small.evidence import follow_up_query, gather, observe
from frontdesk.agents.small.prompt import END, QUOTE_MARKERS, QUOTES, marker, render
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.batches import Example
from frontdesk.training.corpus import Expectation, Question
from frontdesk.training.noise import roughen

_WEIGHTS = {"written": 2.0, "generated": 1.0, "public": 0.5}
# A passage this near to an everyday question may well answer it: not certain to be off-topic.
NEAR = 0.5


def tokens(text: str) -> Counter[str]:
    """Return the words and numbers of `text`, with how often each occurs."""
    return Counter(re.findall(r"\w+", text.lower()))


def answers(sentence: str, quote: str) -> bool:
    """Tell whether `sentence` holds every word of `quote`; a table row may be written otherwise."""
    return not tokens(quote) - tokens(sentence)


def right_quotes(found: Sequence[Candidate], expectation: Expectation) -> list[list[int]]:
    """Return, for each labelled quote, the candidates that hold it, the shortest first."""
    return [
        sorted(
            (n for n, c in enumerate(found) if answers(c.text, quote)),
            key=lambda n: len(found[n].text),
        )
        for quote in expectation.quotes
    ]


def noisy(question: Question, rng: random.Random) -> Question:
    """Return the question as a hurried person types it."""
    return question.model_copy(update={"q": roughen(question.q, rng)})


def previous_turn(question: Question) -> PreviousTurn | None:
    """Return what the thread remembers of the turn before, when there is one."""
    before = question.history
    if before is None:
        return None
    first = before.steps[0]
    arguments = (
        {"places": list(first.places), "kind": first.kind, "ask": first.ask}
        if first.step == "wait_times"
        else {"query": before.q}
    )
    return PreviousTurn(before.q, first.step, arguments)


def look_up(toolbox: Toolbox, evidence: Evidence, step: Expectation, previous: bool) -> Evidence:
    """Return the evidence after the right tool has been used with the right arguments."""
    before = evidence.previous
    joined = follow_up_query(evidence.question, before) if previous else evidence.question
    if step.step == "search":
        result = toolbox.searcher.search(joined)
        return observe(evidence, Observation("search", {"query": joined}, True, 0.0, result))
    return observe(evidence, Observation(step.step, {}, True, 0.0))


def first_decision(question: Question, step: Expectation) -> tuple[str, ...]:
    """Return the markers of a step with its arguments."""
    reference = marker("previous" if question.previous else "this")
    if step.step in ("refuse", "clarify"):
        return (marker(step.step),)
    if step.step != "wait_times":
        return (marker(step.step), reference)
    before = question.history.steps[0].places if question.history else ()
    if not step.places:
        reference = marker("all")
    elif not (question.previous and set(before) == set(step.places)):
        reference = marker("this")
    return (marker("wait_times"), reference, marker(step.kind), marker(step.ask))


def last_decision(
    evidence: Evidence, step: Expectation, rng: random.Random
) -> tuple[str, ...] | None:
    """Return the markers of the answer to what the tool brought; None where nothing is labelled."""
    if step.step == "wait_times":
        return (marker("answer"), END)
    if step.step == "contact_lookup":
        return (marker("answer"), END) if step.contact else (marker("not_found"),)
    if step.why == "topic":
        return None
    groups = [group for group in right_quotes(evidence.candidates, step) if group]
    if not groups or (step.all and len(groups) < len(step.quotes)):
        return (marker("not_found"),)
    if step.all:
        chosen = list(dict.fromkeys(group[0] for group in groups))[:QUOTES]
    else:
        chosen = [groups[0][0] if rng.random() < 0.7 else rng.choice(groups)[0]]
    return (marker("answer"), *(QUOTE_MARKERS[n] for n in chosen), END)


def trace(
    toolbox: Toolbox, question: Question, rng: random.Random, group: str
) -> Iterator[Example]:
    """Yield the examples of one question, one a pass of the ReAct loop."""
    weight = _WEIGHTS[question.origin]
    evidence = gather(toolbox, question.q, previous_turn(question), in_parts=False)
    if question.origin == "public" and question.steps[0].why == "off_topic":
        if evidence.search and any(p.dense > NEAR for p in evidence.search.passages):
            return
    for number, step in enumerate(question.steps):
        if number and step.step == question.steps[number - 1].step:
            break  # one look at a tool answers both parts
        target = first_decision(question, step) if number == 0 else (marker(step.step),)
        yield Example(tuple(render(evidence)), target, group, weight)
        if step.step in ("refuse", "clarify"):
            return
        evidence = look_up(toolbox, evidence, step, question.previous)
    last = last_decision(evidence, question.steps[-1], rng)
    if last:
        yield Example(tuple(render(evidence)), last, group, weight)
