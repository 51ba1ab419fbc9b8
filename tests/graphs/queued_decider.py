"""A decider that takes its decisions from a queue and keeps what it was shown."""

from collections import deque
from collections.abc import Callable, Sequence

from langchain_core.messages import BaseMessage

from frontdesk.agents.decision import Decision, Evidence
from frontdesk.agents.errors import ModelError
from frontdesk.graphs.assistant import AssistantGraph

Queued = Decision | ModelError | Callable[[Evidence], Decision]


class QueuedDecider:
    """Decides what the test has queued: a decision, a function of the evidence, or an error."""

    name = "queued"

    def __init__(self, *decisions: Queued) -> None:
        self.queue = deque(decisions)
        self.seen: list[Evidence] = []

    def decide(self, evidence: Evidence, messages: Sequence[BaseMessage]) -> Decision:
        self.seen.append(evidence)
        queued = self.queue.popleft()
        if isinstance(queued, ModelError):
            raise queued
        return queued if isinstance(queued, Decision) else queued(evidence)


def quoting(*sentences: str) -> Callable[[Evidence], Decision]:
    """Return a decision function that quotes the candidates holding `sentences`."""

    def decide(evidence: Evidence) -> Decision:
        texts = [candidate.text for candidate in evidence.candidates]
        quotes = tuple(
            next(n for n, text in enumerate(texts) if sentence in text) for sentence in sentences
        )
        return Decision("answer", quotes=quotes, probability=0.9)

    return decide


# Builds the assistant on a queue of decisions; keyword arguments change its settings.
Desk = Callable[..., tuple[AssistantGraph, QueuedDecider]]
