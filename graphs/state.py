"""The state of the assistant's graph: what a thread keeps, and what only its current turn needs.

A turn adds one HumanMessage and one AIMessage. Kept between turns: `messages`, `previous` (the
turn that a follow-up continues) and `reply` (the last one). All of it is plain data; embeddings and
search results live in `turn`, which no checkpoint ever holds.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AnyMessage
from langgraph.channels.untracked_value import UntrackedValue
from langgraph.graph.message import add_messages

from frontdesk.agents.decision import Decision, Evidence, PreviousTurn
from frontdesk.agents.runtime.client import Client


@dataclass
class Turn:
    """The turn in progress. `started` and `first_text` are seconds of time.perf_counter."""

    question: str
    evidence: Evidence | None = None
    decisions: list[Decision] = field(default_factory=list)
    client: Client = field(default_factory=Client)  # whom the model serves
    failure: str = ""  # why no answer can be given: one sentence for the person
    started: float = field(default_factory=time.perf_counter)
    first_text: float = 0.0
    shown: str = ""  # what has been streamed of the answer already

    @property
    def decision(self) -> Decision | None:
        return self.decisions[-1] if self.decisions else None


class State(TypedDict, total=False):
    """What the nodes read and write."""

    messages: Annotated[list[AnyMessage], add_messages]
    previous: dict[str, Any] | None
    reply: dict[str, Any]
    turn: Annotated[Turn, UntrackedValue]


def previous_turn(state: State) -> PreviousTurn | None:
    """Return the turn before this one as the decider reads it."""
    kept = state.get("previous")
    return PreviousTurn(**kept) if kept else None


def as_previous(question: str, decision: Decision, shown: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the next turn needs of this one, as plain data; it has `shown` sentences."""
    return {
        "question": question,
        "step": decision.step,
        "arguments": dict(decision.arguments),
        "shown": list(shown),
    }
