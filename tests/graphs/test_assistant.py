"""One turn through the real graph, tools and database; only the model is a queue."""

import asyncio
import uuid
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from queued_decider import Desk, QueuedDecider, quoting

from frontdesk.agents.decision import Decision
from frontdesk.agents.errors import ModelError
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.graphs import build_assistant
from frontdesk.graphs.assistant import AssistantGraph
from frontdesk.tools.read_page import PageReader

KEYS = [
    "id",
    "thread",
    "answer",
    "outcome",
    "steps",
    "sources",
    "literals",
    "dropped_literals",
    "route_probability",
    "timings",
    "tokens",
    "model",
    "adapter",
]


def ask(graph: AssistantGraph, question: str, thread: str = "", owner: str = "") -> dict[str, Any]:
    config: Any = {"configurable": {"thread_id": thread or uuid.uuid4().hex, "owner": owner}}
    state = graph.invoke({"messages": [("user", question)]}, config)
    assert isinstance(state["messages"][-1], AIMessage)
    assert state["messages"][-1].text == state["reply"]["answer"]
    reply: dict[str, Any] = state["reply"]
    return reply


def search(query: str) -> Decision:
    return Decision("search", {"query": query}, 0.97)


def test_a_quoted_answer_cites_its_page(desk: Desk) -> None:
    graph, _ = desk(search("what does parking cost"), quoting("A day pass", "Pay at the machine"))
    reply = ask(graph, "what does parking cost")
    assert reply["answer"] == "A day pass costs $14.25. Pay at the machine before you leave. [1]"
    assert reply["outcome"] == "answered"
    (source,) = reply["sources"]
    assert source["n"] == 1
    assert source["title"] == "Parking"
    assert source["url"].endswith("parking.html")
    assert source["quote"] == "A day pass costs $14.25. Pay at the machine before you leave."
    assert source["fetched_at"]
    assert reply["literals"] == ["$14.25"]
    assert reply["dropped_literals"] == 0
    assert reply["route_probability"] == 0.97
    assert [step["tool"] for step in reply["steps"]] == ["search"]


def test_the_reply_has_exactly_the_keys_of_the_contract(desk: Desk) -> None:
    graph, _ = desk(Decision("refuse"))
    reply = ask(graph, "write me a poem about my ex", "keys")
    assert list(reply) == KEYS
    assert reply["thread"] == "keys"
    assert set(reply["timings"]) == {"first_token_ms", "total_ms"}
    assert reply["model"] == "queued"


def test_quotes_of_two_pages_come_in_page_order_with_two_marks(desk: Desk) -> None:
    question = "visiting hours and parking pass"
    graph, _ = desk(search(question), quoting("8 am to 8 pm", "Pay at the machine", "A day pass"))
    reply = ask(graph, question)
    assert reply["answer"] == (
        "Visitors are welcome from 8 am to 8 pm every day. [1]\n\n"
        "A day pass costs $14.25. Pay at the machine before you leave. [2]"
    )
    assert [source["title"] for source in reply["sources"]] == ["Visiting hours", "Parking"]


def test_a_table_row_gets_its_heading(desk: Desk) -> None:
    question = "price of a month parking pass"
    graph, _ = desk(search(question), quoting("Month"))
    reply = ask(graph, question)
    assert reply["answer"].startswith("Rates: ")
    assert "$92.50" in reply["answer"]


def test_waits_are_rendered_from_the_feed_with_their_age(desk: Desk) -> None:
    asked = Decision("wait_times", {"places": ["Foothill Hospital"]}, 0.9)
    graph, _ = desk(asked, Decision("answer"))
    reply = ask(graph, "how long is the wait at foothill")
    assert "Foothill Hospital" in reply["answer"]
    assert reply["sources"][0]["url"] == "https://waits.example/"
    assert reply["sources"][0]["fetched_at"].startswith("2026-03-04T11:00:00-07:00")
    assert reply["dropped_literals"] == 0
    assert reply["steps"][0]["arguments"] == {"places": ["Foothill Hospital"]}


def test_a_contact_is_rendered_from_its_row(desk: Desk) -> None:
    question = "whats dr oseis number"
    graph, _ = desk(Decision("contact_lookup", {"query": question}), Decision("answer"))
    reply = ask(graph, question)
    assert "403-555-0177" in reply["answer"]
    assert reply["outcome"] == "answered"


def test_two_tools_in_one_turn(desk: Desk) -> None:
    question = "wait at lakeside and who runs parking"
    graph, decider = desk(
        Decision("wait_times", {"places": ["Lakeside Hospital"]}),
        search(question),
        quoting("Parking is managed"),
    )
    reply = ask(graph, question)
    assert "Lakeside Hospital" in reply["answer"]
    assert "Parking is managed by the parking office. [2]" in reply["answer"]
    assert [source["n"] for source in reply["sources"]] == [1, 2]
    assert [len(evidence.observations) for evidence in decider.seen] == [0, 1, 2]


def test_an_emergency_is_answered_before_anything_else(desk: Desk) -> None:
    graph, decider = desk()
    reply = ask(graph, "my dad collapsed and isnt breathin")
    assert reply["outcome"] == "emergency"
    assert reply["answer"] == "Call 911 now or go to the nearest emergency department."
    assert reply["steps"] == []
    assert decider.seen == []


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("hello!", "Hello! This is the front desk of Fern Valley Health."),
        ("what can you do?", "Hello!"),
        ("thanks a lot", "You're welcome."),
    ],
)
def test_small_talk_needs_no_model(desk: Desk, question: str, start: str) -> None:
    graph, decider = desk()
    assert ask(graph, question)["answer"].startswith(start)
    assert decider.seen == []


def test_a_refusal_says_what_it_can_do(desk: Desk) -> None:
    graph, _ = desk(Decision("refuse", probability=0.8))
    reply = ask(graph, "write me a poem about my ex")
    assert reply["outcome"] == "refused"
    assert "hospitals, parking and visiting at Fern Valley Health" in reply["answer"]


def test_not_found_offers_the_nearest_pages_and_a_person(desk: Desk) -> None:
    graph, _ = desk(search("lost ticket fee"), Decision("not_found"))
    reply = ask(graph, "lost ticket fee")
    assert reply["outcome"] == "not_found"
    assert "parking.html" in reply["answer"]
    assert "403-555-0100" in reply["answer"]
    assert reply["dropped_literals"] == 0


def test_an_answer_without_anything_found_is_not_found(desk: Desk) -> None:
    graph, _ = desk(search("x"), Decision("answer", quotes=(999,)))
    assert ask(graph, "x y z")["outcome"] == "not_found"


def test_clarify_asks_back(desk: Desk) -> None:
    graph, _ = desk(Decision("clarify"))
    reply = ask(graph, "the thing")
    assert reply["outcome"] == "clarify"
    assert reply["answer"].startswith("Could you say a little more")


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("", "The question is empty"),
        ("   \n", "The question is empty"),
        ("parking " * 2500, "That question has 19999 characters; please ask in at most 8000."),
    ],
)
def test_a_question_that_cannot_be_asked(desk: Desk, question: str, start: str) -> None:
    graph, decider = desk()
    reply = ask(graph, question)
    assert reply["outcome"] == "error"
    assert reply["answer"].startswith(start)
    assert decider.seen == []


def test_a_wrong_argument_is_an_observation(desk: Desk) -> None:
    graph, decider = desk(Decision("wait_times", {"plaice": ["x"]}), Decision("answer"))
    reply = ask(graph, "wait at foothill")
    assert reply["outcome"] == "error"
    assert reply["steps"][0]["ok"] is False
    (observation,) = decider.seen[1].observations
    assert observation.error.startswith("wait_times was asked wrongly: plaice:")


def test_a_missing_tool_is_an_observation(desk: Desk) -> None:
    graph, _ = desk(Decision("read_page", {"url": "https://x.example"}), Decision("answer"))
    reply = ask(graph, "read https://x.example")
    assert reply["answer"] == "Reading other web pages is not set up here."


@pytest.mark.parametrize(
    ("question", "link", "said"),
    [
        ("what does {url}/fees say about a gate fee", "{url}/fees", "The gate fee is $3.75. [1]"),
        ("what is the gate fee", "{url}/fees", "I can only read a page whose link you give me."),
        ("read {url}/fees", "{url}/other", "I can only read a page whose link you give me."),
        ("read {url}/gone", "{url}/gone", "That page could not be read just now."),
        ("read http://169.254.169.254/x", "http://169.254.169.254/x", "That page could not be"),
    ],
)
def test_only_a_link_that_the_person_gave_is_read(
    settings: Any, toolbox: Any, saver: Any, module_store: Any, embedder: Any, site: Any,
    question: str, link: str, said: str,
) -> None:  # fmt: skip
    site.put("/fees", "<title>Fees</title><main><h1>Fees</h1><p>The gate fee is $3.75.</p></main>")
    site.put("/other", "<title>Other</title><main><p>Nothing to see.</p></main>")
    client = GuardedClient(trusted_hosts=(site.host,))
    with_reader = replace(toolbox, reader=PageReader(module_store, embedder, client))
    call = Decision("read_page", {"url": link.format(url=site.url), "query": "gate fee"})
    answer = quoting("gate fee") if "$" in said else Decision("answer")
    decider = QueuedDecider(call, answer)
    graph = build_assistant(settings, toolbox=with_reader, decider=decider, checkpointer=saver)
    assert ask(graph, question.format(url=site.url))["answer"].startswith(said)
    client.close()


def test_a_failing_model_is_an_error_of_one_line(desk: Desk) -> None:
    graph, _ = desk(ModelError("out of memory at /secret/path"))
    reply = ask(graph, "parking")
    assert reply["outcome"] == "error"
    assert "secret" not in reply["answer"]
    assert "\n" not in reply["answer"]


def test_running_out_of_steps_says_what_was_found(desk: Desk, settings: Any) -> None:
    model = settings.model.model_copy(update={"max_steps": 3})
    lookups = [Decision("contact_lookup", {"query": f"dr osei {n}"}) for n in range(9)]
    graph, decider = desk(*lookups, model=model)
    reply = ask(graph, "dr osei")
    assert len(decider.seen) == 3
    assert len(reply["steps"]) == 2
    assert "403-555-0177" in reply["answer"]


def test_the_same_call_twice_ends_the_turn(desk: Desk) -> None:
    call = Decision("contact_lookup", {"query": "dr osei"})
    graph, decider = desk(call, call, call)
    assert "403-555-0177" in ask(graph, "dr osei")["answer"]
    assert len(decider.seen) == 2


def test_a_follow_up_sees_the_turn_before(desk: Desk) -> None:
    asked = Decision("wait_times", {"places": ["Foothill Hospital"]})
    graph, decider = desk(asked, Decision("answer"), asked, Decision("answer"))
    ask(graph, "wait at foothill", "follow")
    ask(graph, "and tonight?", "follow")
    previous = decider.seen[2].previous
    assert previous is not None
    assert previous.question == "wait at foothill"
    assert previous.step == "wait_times"
    assert previous.arguments == {"places": ["Foothill Hospital"]}


def test_a_follow_up_knows_what_was_quoted(desk: Desk) -> None:
    graph, decider = desk(search("parking"), quoting("A day pass"), Decision("clarify"))
    ask(graph, "parking", "quoted")
    ask(graph, "and where do i pay", "quoted")
    previous = decider.seen[-1].previous
    assert previous is not None
    assert list(previous.shown) == ["A day pass costs $14.25."]


def test_a_history_from_elsewhere_is_decided_again(desk: Desk) -> None:
    asked = Decision("wait_times", {"places": ["Lakeside Hospital"]})
    graph, decider = desk(asked, asked, Decision("answer"))
    messages = [("user", "wait at lakeside"), ("assistant", "40 min"), ("user", "and now?")]
    graph.invoke({"messages": messages}, {"configurable": {"thread_id": "history"}})
    previous = decider.seen[1].previous
    assert previous is not None
    assert previous.question == "wait at lakeside"


def test_async_turns_share_the_threads(desk: Desk) -> None:
    graph, decider = desk(search("parking"), quoting("A day pass"), Decision("refuse"))

    async def turns() -> dict[str, Any]:
        config: Any = {"configurable": {"thread_id": "async"}}
        await graph.ainvoke({"messages": [("user", "parking")]}, config)
        state = await graph.ainvoke({"messages": [("user", "a poem")]}, config)
        reply: dict[str, Any] = state["reply"]
        assert len(state["messages"]) == 4
        return reply

    assert asyncio.run(turns())["outcome"] == "refused"
    assert decider.seen[-1].previous is not None


def test_events_tell_the_turn_in_order(desk: Desk) -> None:
    graph, _ = desk(
        Decision("wait_times", {"places": ["Foothill Hospital"]}),
        search("parking"),
        quoting("A day pass"),
    )
    config: Any = {"configurable": {"thread_id": "events"}}
    asked = {"messages": [("user", "wait at foothill and parking")]}
    events: list[Any] = list(graph.stream(asked, config, stream_mode="custom"))
    kinds = [event["type"] for event in events]
    assert kinds[:6] == ["step", "step", "step", "step", "sources", "waits"]
    assert kinds[-1] == "done"
    assert [event.get("state") for event in events[:2]] == ["started", "finished"]
    assert events[5]["rows"][0]["site"] == "Foothill Hospital"
    assert events[5]["rows"][0]["minutes"] == 95
    reply = events[-1]["reply"]
    assert "".join(event["text"] for event in events if event["type"] == "text") == reply["answer"]


def test_nothing_is_dropped_from_what_the_tools_said(desk: Desk) -> None:
    for decisions in (
        [Decision("wait_times", {"ask": "shortest"}), Decision("answer")],
        [Decision("wait_times", {"ask": "compare"}), Decision("answer")],
        [Decision("wait_times", {"places": ["Nowhere"]}), Decision("answer")],
        [Decision("contact_lookup", {"query": "who runs parking"}), Decision("answer")],
        [Decision("contact_lookup", {"query": "zzz"}), Decision("answer")],
    ):
        graph, _ = desk(*decisions)
        reply = ask(graph, "tell me")
        assert reply["answer"]
        assert reply["dropped_literals"] == 0, reply["answer"]


def test_a_graph_without_a_checkpointer(settings: Any, toolbox: Any) -> None:
    decider = QueuedDecider(Decision("refuse"))
    graph = build_assistant(settings, toolbox=toolbox, decider=decider, checkpointer=False)
    state = graph.invoke({"messages": [("user", "a poem")]})
    assert state["reply"]["outcome"] == "refused"
    assert state["reply"]["thread"] is None
