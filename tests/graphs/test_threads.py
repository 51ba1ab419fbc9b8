"""Threads and feedback: whose they are, that they last, and that checkpoints stay small."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from queued_decider import Desk

from frontdesk.agents.decision import Decision
from frontdesk.db import feedback, threads
from frontdesk.db.feedback import Feedback
from frontdesk.db.settings import DatabaseSettings
from frontdesk.db.store import Store
from frontdesk.db.threads import ThreadError, ThreadSaver


def config(thread: str, owner: str = "") -> Any:
    return {"configurable": {"thread_id": thread, "owner": owner}}


def asked(text: str) -> Any:
    return {"messages": [("user", text)]}


def test_a_thread_is_its_owners_only(desk: Desk, module_store: Store) -> None:
    graph, _ = desk(Decision("refuse"))
    graph.invoke(asked("a poem about my ex"), config("hers", "ada"))
    with pytest.raises(ThreadError, match="no thread 'hers' of yours; start a new one"):
        graph.invoke(asked("what did she ask?"), config("hers", "bob"))
    with pytest.raises(ThreadError):
        graph.get_state(config("hers"))
    with module_store.connection() as connection:
        assert [t.id for t in threads.of_owner(connection, "ada")] == ["hers"]
        assert threads.of_owner(connection, "ada")[0].title == "a poem about my ex"
        assert threads.of_owner(connection, "bob") == []
    assert len(graph.get_state(config("hers", "ada")).values["messages"]) == 2


def test_a_thread_survives_a_restart(desk: Desk, module_store: Store) -> None:
    graph, _ = desk(Decision("refuse"))
    graph.invoke(asked("a poem"), config("kept"))
    again, decider = desk(Decision("refuse"))
    with Store.open(DatabaseSettings(url=module_store.url), Path()) as other:
        again.checkpointer = ThreadSaver(other)
        state = again.invoke(asked("and another"), config("kept"))
    assert [message.type for message in state["messages"]] == ["human", "ai", "human", "ai"]
    assert decider.seen[0].previous is not None


def test_checkpoints_are_small_plain_and_few(desk: Desk, module_store: Store) -> None:
    turns = 40
    lookups = [
        d for _ in range(turns) for d in (Decision("contact_lookup", {"query": "osei"}),) * 2
    ]
    graph, _ = desk(*lookups)
    for turn in range(turns):
        graph.invoke(asked(f"dr osei {turn}"), config("long"))
    with module_store.connection() as connection:
        count, newest = connection.execute(
            "SELECT count(*), max(pg_column_size(checkpoint)) FROM checkpoints"
            " WHERE thread_id = 'long'"
        ).fetchone() or (0, 0)
        blobs, largest = connection.execute(
            "SELECT count(*), max(length(blob)) FROM checkpoint_blobs WHERE thread_id = 'long'"
        ).fetchone() or (0, 0)
        names = connection.execute(
            "SELECT DISTINCT channel FROM checkpoint_blobs WHERE thread_id = 'long'"
        ).fetchall()
    assert count <= 20
    assert newest < 3_000
    assert largest < 40_000
    assert blobs < 100
    assert "turn" not in {name for (name,) in names}
    assert len(graph.get_state(config("long")).values["messages"]) <= 62


def test_feedback_is_one_row_a_turn_and_its_owners(module_store: Store) -> None:
    up = Feedback(thread="rated", turn=0, thumb=1, question="q", answer="a", model="m")
    with module_store.connection() as connection:
        feedback.save(connection, up, "ada")
        better = up.model_copy(update={"thumb": -1, "edited_answer": "b"})
        feedback.save(connection, better, "ada")
        (kept,) = feedback.of_thread(connection, "rated", "ada")
        assert (kept.thumb, kept.edited_answer) == (-1, "b")
        assert [f.thread for f in feedback.everything(connection, thumb=-1)] == ["rated"]
        assert feedback.everything(connection, thumb=1) == []
    for act in (
        lambda c: feedback.save(c, up, "bob"),
        lambda c: feedback.of_thread(c, "rated", "bob"),
        lambda c: threads.delete(c, "rated", "bob"),
    ):
        with pytest.raises(ThreadError), module_store.connection() as connection:
            act(connection)


def test_a_deleted_thread_leaves_nothing(desk: Desk, module_store: Store, saver: Any) -> None:
    graph, _ = desk(Decision("refuse"))
    graph.invoke(asked("a poem"), config("gone", "ada"))
    with module_store.connection() as connection:
        feedback.save(connection, Feedback(thread="gone", turn=0, thumb=1), "ada")
        threads.delete(connection, "gone", "ada")
        assert feedback.everything(connection, thumb=1) == []
    saver.delete_thread("gone")
    assert graph.get_state(config("gone", "ada")).values == {}


def test_the_savers_tables_are_made_once_by_many(module_store: Store) -> None:
    savers = [ThreadSaver(module_store) for _ in range(3)]
    with psycopg.connect(module_store.url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM checkpoint_migrations").fetchone() or (
            0,
        )
    assert count == len(savers[0].MIGRATIONS)
