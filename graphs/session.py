"""An open assistant: what the command line, the chat and the servers hold.

with Assistant.open(Settings.load()) as assistant:
    assistant.ask("who do i call about parking").answer
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from frontdesk.agents.decision import Decider
from frontdesk.db import feedback, threads
from frontdesk.db.feedback import Feedback
from frontdesk.db.threads import Thread
from frontdesk.graphs.assistant import build_assistant
from frontdesk.graphs.events import Event
from frontdesk.graphs.reply import Reply
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings

__all__ = ["Assistant", "Feedback", "Thread"]


class Assistant:
    """The assistant of one organisation with everything it runs on. Thread safe; close it.

    `owner` everywhere is a key of the person, as the face knows them; "" is a person without a
    login, whose threads are guarded by their random names alone.
    """

    def __init__(self, resources: Resources, *, decider: Decider | None = None) -> None:
        self.settings = resources.settings
        self.resources = resources
        self.graph = build_assistant(
            resources.settings,
            toolbox=resources.toolbox,
            decider=decider or resources.decider,
            checkpointer=resources.checkpointer,
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
    ) -> Iterator[Event]:
        """Answer one question as events (events.py), while it happens."""
        config = _config(thread or new_thread(), owner)
        yield from self.graph.stream(_input(question, history), config, stream_mode="custom")

    def threads(self, owner: str = "") -> list[Thread]:
        """Return the owner's threads, the last used first."""
        with self.resources.store.connection() as connection:
            return threads.of_owner(connection, owner)

    def messages(self, thread: str, *, owner: str = "") -> list[AnyMessage]:
        """Return the messages of a thread; an answer's reply is in its `additional_kwargs`."""
        state = self.graph.get_state(_config(thread, owner))
        return list(state.values.get("messages", []))

    def forget(self, thread: str, *, owner: str = "") -> None:
        """Delete a thread, its messages and its feedback. Raises `ThreadError`."""
        with self.resources.store.connection() as connection:
            threads.delete(connection, thread, owner)
        self.resources.checkpointer.delete_thread(thread)

    def rate(self, rating: Feedback, *, owner: str = "") -> None:
        """Keep what a person said of an answer; a second time replaces the first."""
        with self.resources.store.connection() as connection:
            feedback.save(connection, rating, owner)

    def ratings(self, thread: str, *, owner: str = "") -> list[Feedback]:
        """Return the feedback on a thread's answers."""
        with self.resources.store.connection() as connection:
            return feedback.of_thread(connection, thread, owner)

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


def _config(thread: str, owner: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "owner": owner}}


def _input(question: str, history: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    kinds = {"user": HumanMessage, "assistant": AIMessage}
    before = [kinds[message["role"]](message["content"]) for message in history]
    return {"messages": [*before, HumanMessage(question)]}
