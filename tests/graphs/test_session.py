"""An assistant opened from settings alone: the parts are its own, only the model is a queue."""

from pathlib import Path
from typing import Any

import pytest
from queued_decider import QueuedDecider, quoting

from frontdesk.agents.decision import Decision
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import DatabaseSettings
from frontdesk.db.store import Store
from frontdesk.graphs import Assistant, Settings, build_assistant
from frontdesk.graphs.memory import Feedback, ThreadError
from frontdesk.graphs.resources import Resources

PAGE = (
    "<html><title>Lost items</title><body><main><h1>Lost items</h1><p>%s</p></main></body></html>"
)


@pytest.fixture
def opened(store: Store, embedder: GGUFEmbedder, settings: Settings, tmp_path: Path) -> Settings:
    """Settings whose database holds one page, and whose encoder is the session's."""
    (tmp_path / "lost.html").write_text(PAGE % "Lost items are kept for 30 days at the desk.")
    ingest(store, [str(tmp_path)], settings, embedder=embedder)
    return settings.model_copy(
        update={"database": DatabaseSettings(url=store.url), "data_dir": tmp_path}
    )


def assistant(settings: Settings, embedder: GGUFEmbedder, *decisions: Any) -> Assistant:
    resources = Resources(settings)
    resources.__dict__["encoder"] = embedder  # opened already, and shared by the session
    return Assistant(resources, decider=QueuedDecider(*decisions))


def test_ask_stream_rate_and_forget(opened: Settings, embedder: GGUFEmbedder) -> None:
    question = "how long are lost items kept"
    desk = assistant(
        opened, embedder, Decision("search", {"query": question}), quoting("30 days"),
        Decision("refuse"),
    )  # fmt: skip
    reply = desk.ask(question, id="7", owner="ada")
    assert reply.answer == "Lost items are kept for 30 days at the desk. [1]"
    assert (reply.id, reply.outcome) == ("7", "answered")
    assert reply.thread
    events = list(desk.stream("a poem", reply.thread, owner="ada"))
    assert events[-1]["type"] == "done"
    assert [thread.id for thread in desk.memory.threads("ada")] == [reply.thread]
    messages = desk.messages(reply.thread, owner="ada")
    assert [message.type for message in messages] == ["human", "ai", "human", "ai"]
    kept = messages[1].response_metadata["frontdesk"]
    assert kept["sources"][0]["title"] == "Lost items"
    rating = Feedback(thread=reply.thread, turn=0, thumb=1, question=question)
    desk.memory.rate(rating, owner="ada")
    assert desk.memory.ratings(reply.thread, owner="ada")[0].thumb == 1
    with pytest.raises(ThreadError):
        desk.messages(reply.thread, owner="bob")
    desk.memory.forget(reply.thread, owner="ada")
    assert desk.memory.threads("ada") == []
    assert desk.messages(reply.thread, owner="ada") == []


def test_questions_without_a_thread_do_not_share_one(
    opened: Settings, embedder: GGUFEmbedder
) -> None:
    desk = assistant(opened, embedder, Decision("refuse"), Decision("refuse"))
    assert desk.ask("a poem").thread != desk.ask("a poem").thread


def test_the_public_face_opens_what_it_is_not_given(
    opened: Settings, embedder: GGUFEmbedder
) -> None:
    decider = QueuedDecider(Decision("refuse"))
    toolbox = assistant(opened, embedder).resources.toolbox
    graph = build_assistant(opened, toolbox=toolbox, decider=decider)
    state = graph.invoke(
        {"messages": [("user", "a poem")]},
        {"configurable": {"thread_id": "42"}},
    )
    assert state["reply"]["thread"] == "42"
    assert state["messages"][-1].text == state["reply"]["answer"]
