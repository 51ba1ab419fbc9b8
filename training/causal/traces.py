"""Labelled questions to dialogues: each pass of the ReAct loop of a chat model, one a dialogue.

Questions are looked up with the real tools, as in service; the reply is what `ChatDecider` chooses
word by word:

    Step: wait_times any now          Step: search previous          Step: refuse
    Step: answer 2 1 end              Step: not_found
"""

import random
from collections.abc import Iterator, Sequence

from frontdesk.agents.chat.decider import QUOTES, allowed_steps
from frontdesk.agents.chat.prompt import shown, steps_so_far, system_text, turn_messages
from frontdesk.agents.decision import Evidence
from frontdesk.agents.small.evidence import gather
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.causal.dialogues import Dialogue, Message
from frontdesk.training.corpus import Expectation, Organisation, Question
from frontdesk.training.traces import look_up, previous_turn, right_quotes

Pass = tuple[Evidence, tuple[str, ...]]


def passes(toolbox: Toolbox, question: Question, rng: random.Random) -> Iterator[Pass]:
    """Yield (evidence, the words that are right) for each decision that a question asks for."""
    evidence = gather(toolbox, question.q, previous_turn(question), in_parts=False)
    for number, step in enumerate(question.steps):
        if number and step.step == question.steps[number - 1].step:
            break  # one look at a tool answers both parts
        if step.step not in allowed_steps(evidence):
            return
        yield evidence, step_words(evidence, question, step)
        if step.step in ("refuse", "clarify"):
            return
        evidence = look_up(toolbox, evidence, step, question.previous)
    words = last_words(evidence, question.steps[-1], rng)
    if words:
        yield evidence, words


def step_words(evidence: Evidence, question: Question, step: Expectation) -> tuple[str, ...]:
    """Return a step with its arguments."""
    if step.step in ("refuse", "clarify"):
        return (step.step,)
    reference: tuple[str, ...] = ()
    if evidence.previous is not None:
        follows = question.previous
        if step.step == "wait_times":
            before = evidence.previous.arguments.get("places", [])
            follows = follows and bool(step.places) and set(before) == set(step.places)
        reference = ("previous",) if follows else ("this",)
    if step.step != "wait_times":
        return (step.step, *reference)
    return ("wait_times", *reference, step.kind, step.ask)


def last_words(evidence: Evidence, step: Expectation, rng: random.Random) -> tuple[str, ...]:
    """Return what is right once the tools have answered; nothing where nothing is labelled."""
    if step.step == "wait_times":
        return ("answer",)
    if step.step == "contact_lookup":
        return ("answer",) if step.contact else ("not_found",)
    if step.why == "topic":
        return ()
    found = shown(evidence)
    groups = [group for group in right_quotes(found, step) if group]
    if not groups or (step.all and len(groups) < len(step.quotes)):
        return ("not_found",)
    if step.all:
        chosen = list(dict.fromkeys(group[0] for group in groups))[:QUOTES]
    else:
        chosen = [groups[0][0] if rng.random() < 0.7 else rng.choice(groups)[0]]
    return answer_words(chosen, len(found))


def answer_words(chosen: Sequence[int], count: int) -> tuple[str, ...]:
    """Return the answer that names the sentences `chosen` (from 0) of `count`, and stops."""
    numbers = tuple(str(n + 1) for n in chosen)
    return ("answer", *numbers, *(("end",) if len(chosen) < min(QUOTES, count) else ()))


def dialogue(
    organisation: Organisation, evidence: Evidence, words: Sequence[str], source: str = ""
) -> Dialogue:
    """Return the dialogue in which `words` answer `evidence`, as `ChatDecider` asks."""
    system = system_text(organisation.name, organisation.scope)
    asked = [Message.model_validate(message) for message in turn_messages(system, evidence)]
    reply = Message(role="assistant", content=" ".join(words))
    return Dialogue(
        messages=(*asked, reply),
        given=steps_so_far(evidence),
        group=organisation.slug,
        source=source,
    )


def chat_traces(
    toolbox: Toolbox, organisation: Organisation, questions: Sequence[Question], seed: int
) -> Iterator[Dialogue]:
    """Yield the dialogues of labelled questions to one organisation, looked up with its tools."""
    rng = random.Random(f"{seed}:{organisation.slug}")
    for question in questions:
        for evidence, words in passes(toolbox, question, rng):
            yield dialogue(organisation, evidence, words, question.origin)
