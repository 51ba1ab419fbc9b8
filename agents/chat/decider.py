"""An instruct model in a GGUF file as a decider: steps, arguments and quotes are scored choices."""

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from langchain_core.messages import BaseMessage

from frontdesk.agents.chat.prompt import decision_prompt, fixed_prompt, shown, system_text
from frontdesk.agents.chat.prompting import Prompting
from frontdesk.agents.chat.templates import ChatTemplate
from frontdesk.agents.chat.tree import best_plan, several_parts
from frontdesk.agents.chat.writing import AnswerWriter
from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence, Step
from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.engine import Engine, deadline_after
from frontdesk.agents.runtime.kept import common_length
from frontdesk.agents.runtime.scoring import Scores, common_beginning, scoring
from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps, run
from frontdesk.agents.runtime.together import together
from frontdesk.agents.settings import OrganisationSettings
from frontdesk.agents.small.evidence import follow_up_query

ASKS = ("now", "shortest", "compare", "open", "nearest", "trend")
KINDS = ("any", "emergency", "urgent_care", "children")
QUOTES = 3
Logits = npt.NDArray[np.float32]


@dataclass
class ChatDecider:
    """Decides with any GGUF instruct model; nothing it writes needs parsing.

    With a `writer` it also puts answers into its own words (grounding "grounded" or "free").
    """

    engine: Engine
    name: str
    organisation: OrganisationSettings
    timeout: float | None = None
    prompting: Prompting = Prompting()
    writer: AnswerWriter | None = None

    def __post_init__(self) -> None:
        self._template = ChatTemplate.of(self.engine)
        organisation, writes = self.organisation, self.writer is not None
        self._system = system_text(organisation.name, organisation.scope, writes=writes)

    def decide(self, evidence: Evidence, messages: Many[BaseMessage] = ()) -> Decision:
        """Return the next step for `evidence`.

        Raises:
            ModelError: the engine is busy, too slow or closed.
        """
        deadline = deadline_after(self.timeout)

        def decided(seed: int = 0, plan: Many[int] = ()) -> Decision:
            return run(self._deciding(evidence, deadline, seed, plan), deadline)

        tree, votes = self.prompting.tree, self.prompting.votes
        if tree is not None and several_parts(evidence.question):
            prompt, prefix = self._prompt(evidence)
            return decided(plan=best_plan(self.engine, prompt, prefix, tree, deadline).tokens)
        if votes == 1:
            return decided()
        # All read the same prompt and write together: the engine puts them into one batch.
        return majority(together([partial(decided, seed) for seed in range(votes)]))

    def write(self, evidence: Evidence, decision: Decision, texts: Many[str]) -> Iterator[str]:
        """Yield the answer in the model's own words, in pieces, citing shown sentences as [n].

        Its literals come from the sentences that `decision` names and from `texts` alone.

        Raises:
            ModelError: there is no writer, or the engine is busy, too slow or closed.
        """
        if self.writer is None:
            raise ModelError(f"{self.name} was opened to quote: set model.grounding to grounded")
        prompt, prefix = self._prompt(evidence)
        numbers = [n + 1 for n in decision.quotes]
        # As the choices were written, so that what was read to decide is found again.
        written = [" answer", *(f" {n}" for n in numbers), "\nAnswer:"]
        read = [*prompt, *(token for text in written for token in self.engine.tokenize(text))]
        sentences = [evidence.candidates[n].text for n in decision.quotes]
        deadline = deadline_after(self.timeout)
        return self.writer.write(read, prefix, [*texts, *sentences], numbers, deadline)

    def close(self) -> None:
        """Free the model."""
        self.engine.close()

    def steps(self, evidence: Evidence) -> list[str]:
        """Return the steps to choose from."""
        return allowed_steps(evidence)

    def _deciding(
        self, evidence: Evidence, deadline: float | None, seed: int = 0, plan: Many[int] = ()
    ) -> Steps[Decision]:
        prompt, prefix = self._prompt(evidence)
        if plan:
            prompt = [*prompt, *plan, *self.engine.tokenize("\nStep:")]
        sequence = yield from self.engine.opening(prompt[:prefix], deadline)
        try:
            done = prefix + (yield from sequence.resuming(prompt[prefix:]))
            logits = yield from sequence.extending(prompt[done:], 1)
            if self.prompting.thought_tokens:
                logits = yield from self.prompting.thinking(self.engine, sequence, seed)
            turn = _Choices(self.engine, sequence, logits)
            step, probability = yield from turn.choose(self.steps(evidence))
            quotes: tuple[int, ...] = ()
            arguments: dict[str, Any] = {}
            if step == "answer":
                quotes = yield from _quotes(turn, len(shown(evidence)))
            elif step in TOOL_STEPS:
                arguments = yield from _arguments(turn, step, evidence)
            return Decision(cast(Step, step), arguments, probability, quotes)
        finally:
            sequence.close(keep=True)

    def _prompt(self, evidence: Evidence) -> tuple[list[int], int]:
        """Return the tokens of the prompt, and how many of them are the same for every turn."""
        vector = evidence.search.query_vector if evidence.search is not None else None
        shots = self.prompting.shots(vector)
        text = decision_prompt(self._template, self.engine, self._system, evidence, shots)
        tree = self.prompting.tree is not None and several_parts(evidence.question)
        if self.prompting.thought_tokens or tree:
            text = text.removesuffix("Step:")
        prompt = self.engine.tokenize(text)
        fixed = tuple(self.engine.tokenize(fixed_prompt(self._template, self._system)))
        return prompt, min(common_length(tuple(prompt), fixed), len(prompt) - 1)


class _Choices:
    """Choices made one after the other at the end of a sequence, each from the model's scores."""

    def __init__(self, engine: Engine, sequence: Sequence, logits: Logits) -> None:
        self._engine, self._sequence, self._logits = engine, sequence, logits
        self._unread: tuple[int, ...] = ()

    def choose(self, words: Many[str]) -> Steps[tuple[str, float]]:
        """Return the likeliest of `words` and its probability among them.

        It is then written, but read only when another choice follows: a pass saved at every end.
        """
        spelled = [tuple(self._engine.tokenize(f" {word}\n")) for word in words]
        written = [tuple(self._engine.tokenize(f" {word}")) for word in words]
        # What all begin with is written whatever is chosen.
        n = min(common_beginning(spelled), *(len(tokens) - 1 for tokens in written))
        unread = (*self._unread, *written[0][:n])
        if unread:
            self._logits = yield from self._sequence.extending(unread, 1)
        rest = [tokens[n:] for tokens in spelled]
        scores: Scores = yield from scoring(self._sequence, self._logits, rest)
        best = int(np.argmax(scores.probabilities))
        # The line's end told "search" from "search page"; the next choice follows on this line.
        self._unread = written[best][n:]
        return words[best], scores.probabilities[best]


def majority(decisions: list[Decision]) -> Decision:
    """Return the surest decision of the step that most votes, weighed by probability, took."""
    weights: dict[str, float] = {}
    for decision in decisions:
        weights[decision.step] = weights.get(decision.step, 0.0) + decision.probability
    step = max(weights, key=lambda name: weights[name])
    surest = max((d for d in decisions if d.step == step), key=lambda d: d.probability)
    return replace(surest, probability=weights[step] / len(decisions))


def allowed_steps(evidence: Evidence) -> list[str]:
    """Return the steps that make sense now: no tool twice, no answer before a look."""
    used = {observation.tool for observation in evidence.observations}
    steps = [tool for tool in ("search", "contact_lookup") if tool not in used]
    if evidence.waits_available and "wait_times" not in used:
        steps.append("wait_times")
    if not evidence.observations:
        return [*steps, "refuse", "clarify"]
    quotable = bool(shown(evidence)) or bool(used - {"search", "read_page"})
    return [*steps, *(["answer"] if quotable else []), "not_found"]


def _quotes(turn: _Choices, count: int) -> Steps[tuple[int, ...]]:
    """Return the numbers of the sentences that answer, best first, until "end" is likelier."""
    left = [str(n) for n in range(1, count + 1)]
    chosen: list[int] = []
    while left and len(chosen) < QUOTES:
        word, _ = yield from turn.choose([*left, "end"] if chosen else left)
        if word == "end":
            break
        left.remove(word)
        chosen.append(int(word) - 1)
    return tuple(chosen)


def _arguments(turn: _Choices, step: str, evidence: Evidence) -> Steps[dict[str, Any]]:
    previous = evidence.previous
    follows = False
    if previous is not None:
        reference, _ = yield from turn.choose(["this", "previous"])
        follows = reference == "previous"
    if step != "wait_times":
        query = follow_up_query(evidence.question, previous) if follows else evidence.question
        return {"query": query}
    kind, _ = yield from turn.choose(KINDS)
    ask, _ = yield from turn.choose(ASKS)
    best: dict[str, str] = {}
    for match in evidence.places:
        best.setdefault(match.span.lower(), match.name)
    places = list(dict.fromkeys(best.values()))
    if follows and previous is not None:
        places = list(previous.arguments.get("places", []))
    return {"places": places, "kind": kind, "ask": ask} | evidence.of_department
