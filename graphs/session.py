"""An open assistant: what the command line, the chat and the servers hold.

with Assistant.open(Settings.load()) as assistant:
    assistant.ask("who do i call about parking").answer
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from frontdesk.agents.deciders import load_of
from frontdesk.agents.decision import Decider
from frontdesk.agents.runtime.client import Client
from frontdesk.graphs.assistant import build_assistant
from frontdesk.graphs.events import Event
from frontdesk.graphs.memory import Feedback, Memory, Thread
from frontdesk.graphs.nodes import CLIENT
from frontdesk.graphs.reply import Reply
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings
from frontdesk.graphs.state import State

__all__ = ["Assistant", "Client", "Feedback", "Load", "Thread"]


@dataclass(frozen=True)
class Load:
    """`active` of `places` people are being answered; `waiting` of at most `line` stand in line."""

    active: int
    places: int
    waiting: int
    line: int


class Assistant:
    """The assistant of one organisation with everything it runs on. Thread safe; close it.

    `owner` everywhere is a key of the person, as the face knows them; "" is a person without a
    login, whose threads are guarded by their random names alone. `memory` lists and forgets
    threads and keeps feedback.
    """

    def __init__(self, resources: Resources, *, decider: Decider | None = None) -> None:
        self.settings = resources.settings
        self.resources = resources
        self.memory: Memory = resources.memory
        self._decider = decider or resources.decider
        self.graph = build_assistant(
            resources.settings,
            toolbox=resources.toolbox,
            decider=self._decider,
            checkpointer=self.memory.saver,
        )

    @classmethod
    def open(cls, settings: Settings, *, decider: Decider | None = None) -> Self:
        """Open the database, the encoder, the model and the graph.

        Raises `StoreError` and `ModelError`: one line with the value seen and the way out.
        """
        resources = Resources(settings)
        try:
            return cls(resources, decider=decider)
        except BaseException:
            resources.close()
            raise

    def ask(
        self,
        question: str,
        thread: str | None = None,
        history: Sequence[Mapping[str, str]] = (),
        *,
        id: str | None = None,
        owner: str = "",
    ) -> Reply:
        """Answer one question, in `thread` or a new one; `history` is put before a new one.

        Raises `StoreError` when the database is gone, `ThreadError` for somebody else's thread.
        """
        named = thread or new_thread()
        state = self.graph.invoke(_input(question, history), _config(named, owner))
        return Reply(**{**state["reply"], "id": id})

    def stream(
        self,
        question: str,
        thread: str | None = None,
        history: Sequence[Mapping[str, str]] = (),
        *,
        owner: str = "",
        client: Client | None = None,
    ) -> Iterator[Event]:
        """Answer one question as events (events.py), while it happens.

        Whoever stops iterating, or calls `client.leave()` from another thread, ends the turn: the
        model stops reading for them at once.
        """
        client = client or Client()
        config = _config(thread or new_thread(), owner, client)
        try:
            for event in self.graph.stream(_input(question, history), config, stream_mode="custom"):
                yield cast(Event, event)
        except GeneratorExit:
            client.leave()
            raise

    @property
    def load(self) -> Load | None:
        """How many people the model serves and how many wait; None for a model server."""
        stats = load_of(self._decider)
        if stats is None:
            return None
        return Load(stats.active, stats.places, stats.waiting, stats.line)

    def messages(self, thread: str, *, owner: str = "") -> list[AnyMessage]:
        """Return the messages of a thread.

        An answer's `response_metadata["frontdesk"]` holds its outcome and sources.
        """
        state = self.graph.get_state(_config(thread, owner))
        return list(state.values.get("messages", []))

    def close(self) -> None:
        """Close the model, the encoder and the database."""
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def new_thread() -> str:
    """Return a name for a new thread that nobody can guess."""
    return uuid.uuid4().hex


def _config(thread: str, owner: str, client: Client | None = None) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "owner": owner, CLIENT: client}}


def _input(question: str, history: Sequence[Mapping[str, str]]) -> State:
    messages: list[AnyMessage] = [
        AIMessage(message["content"])
        if message["role"] == "assistant"
        else HumanMessage(message["content"])
        for message in history
    ]
    return {"messages": [*messages, HumanMessage(question)]}
