"""An instruct model in a GGUF file as a decider: steps, arguments and quotes are scored choices."""

from collections.abc import Sequence as Many
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from langchain_core.messages import BaseMessage

from frontdesk.agents.chat.prompt import decision_prompt, fixed_prompt, shown, system_text
from frontdesk.agents.chat.prompting import Prompting
from frontdesk.agents.chat.templates import ChatTemplate
from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence, Step
from frontdesk.agents.runtime.engine import Engine, deadline_after
from frontdesk.agents.runtime.kept import common_length
from frontdesk.agents.runtime.scoring import Scores, common_beginning, scoring
from frontdesk.agents.runtime.sequence import Sequence
from frontdesk.agents.runtime.steps import Steps, run
from frontdesk.agents.settings import OrganisationSettings
from frontdesk.agents.small.evidence import follow_up_query

ASKS = ("now", "shortest", "compare", "open", "nearest", "trend")
KINDS = ("any", "emergency", "urgent_care", "children")
QUOTES = 3
Logits = npt.NDArray[np.float32]


@dataclass
class ChatDecider:
    """Decides with any GGUF instruct model; nothing it writes needs parsing."""

    engine: Engine
    name: str
    organisation: OrganisationSettings
    timeout: float | None = None
    prompting: Prompting = Prompting()

    def __post_init__(self) -> None:
        self._template = ChatTemplate.of(self.engine)
        self._system = system_text(self.organisation.name, self.organisation.scope)

    def decide(self, evidence: Evidence, messages: Many[BaseMessage] = ()) -> Decision:
        """Return the next step for `evidence`.

        Raises:
            ModelError: the engine is busy, too slow or closed.
        """
        deadline = deadline_after(self.timeout)
        votes = self.prompting.votes
        if votes == 1:
            return run(self._deciding(evidence, deadline), deadline)
        # All read the same prompt and write together: the engine puts them into one batch.
        with ThreadPoolExecutor(votes) as pool:
            decisions = pool.map(
                lambda seed: run(self._deciding(evidence, deadline, seed), deadline), range(votes)
            )
            return _majority(list(decisions))

    def steps(self, evidence: Evidence) -> list[str]:
        """Return the steps to choose from."""
        return allowed_steps(evidence)

    def _deciding(
        self, evidence: Evidence, deadline: float | None, seed: int = 0
    ) -> Steps[Decision]:
        prompt, prefix = self._prompt(evidence)
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
        if self.prompting.thought_tokens:
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


def _majority(decisions: list[Decision]) -> Decision:
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
    return {"places": places, "kind": kind, "ask": ask}
