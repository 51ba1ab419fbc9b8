"""Answers in the model's own words through the real graph: checked, cited, shown as they come."""

import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from queued_decider import Queued, QueuedDecider, quoting

from frontdesk.agents.decision import Decision, Evidence
from frontdesk.agents.errors import EngineBusy, ModelError, SequenceCancelled
from frontdesk.agents.runtime.client import Client
from frontdesk.graphs.assistant import AssistantGraph, build_assistant
from frontdesk.graphs.nodes import CLIENT
from frontdesk.graphs.settings import Settings
from frontdesk.tools.toolbox import Toolbox

QUESTION = "what does parking cost"
SEARCH = Decision("search", {"query": QUESTION})
QUOTED = quoting("A day pass", "Visitors are welcome")


class WritingDecider(QueuedDecider):
    """Writes `words`, in which {0} and {1} are the numbers of its quotes, a word at a time."""

    def __init__(self, *decisions: Queued, words: str, error: ModelError | None = None) -> None:
        super().__init__(*decisions)
        self.words, self.error = words, error

    def write(self, evidence: Evidence, decision: Decision, texts: Sequence[str]) -> Iterator[str]:
        yield from re.findall(r"\s*\S+", self.words.format(*(n + 1 for n in decision.quotes)))
        if self.error:
            raise self.error


def turn(settings: Settings, toolbox: Toolbox, decider: QueuedDecider) -> list[dict[str, Any]]:
    """Return the events of one turn, grounded."""
    model = settings.model.model_copy(update={"grounding": "grounded"})
    graph = built(settings.model_copy(update={"model": model}), toolbox, decider)
    config: Any = {"configurable": {"thread_id": uuid.uuid4().hex, CLIENT: Client()}}
    return list(graph.stream({"messages": [("user", QUESTION)]}, config, stream_mode="custom"))


def built(settings: Settings, toolbox: Toolbox, decider: QueuedDecider) -> AssistantGraph:
    return build_assistant(settings, toolbox=toolbox, decider=decider, checkpointer=InMemorySaver())


def shown(told: list[dict[str, Any]]) -> str:
    return "".join(event["text"] for event in told if event["type"] == "text")


def test_sentences_are_cited_and_shown_as_they_come(settings: Settings, toolbox: Toolbox) -> None:
    words = "A day costs $14.25 [{0}]. You may visit from 8 am [{1}]. It costs $99 [{0}]."
    told = turn(settings, toolbox, WritingDecider(SEARCH, QUOTED, words=words))
    kinds = [event["type"] for event in told]
    assert kinds == ["step", "step", "sources", "text", "text", "done"]
    reply = told[-1]["reply"]
    marks = {source["title"]: f"[{source['n']}]" for source in reply["sources"]}
    parking, visiting = marks["Parking"], marks["Visiting hours"]
    assert reply["answer"] == (f"A day costs $14.25. {parking} You may visit from 8 am. {visiting}")
    assert shown(told) == reply["answer"]
    assert (reply["outcome"], reply["dropped_literals"]) == ("answered", 1)


def test_words_without_a_source_become_the_quotes(settings: Settings, toolbox: Toolbox) -> None:
    decider = WritingDecider(SEARCH, quoting("A day pass"), words="Bananas are yellow.")
    told = turn(settings, toolbox, decider)
    assert told[-1]["reply"]["answer"] == "A day pass costs $14.25. [1]"
    assert shown(told) == told[-1]["reply"]["answer"]


def test_a_model_that_fails_in_mid_answer_quotes(settings: Settings, toolbox: Toolbox) -> None:
    failing = WritingDecider(
        SEARCH, quoting("A day pass"), words="A day costs $14.25. And ", error=ModelError("gone")
    )
    told = turn(settings, toolbox, failing)
    assert told[-1]["reply"]["answer"] == "A day pass costs $14.25. [1]"


def test_rendered_parts_come_before_what_is_written(settings: Settings, toolbox: Toolbox) -> None:
    waits = Decision("wait_times", {"places": ["Foothill Hospital"]})
    decider = WritingDecider(
        waits, SEARCH, quoting("A day pass"), words="Parking is $14.25 a day [{0}]."
    )
    told = turn(settings, toolbox, decider)
    answer = told[-1]["reply"]["answer"]
    assert answer.endswith("Parking is $14.25 a day. [2]")
    assert shown(told) == answer


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (EngineBusy(32, 128), "I am answering 32 people and 128 more are waiting"),
        (EngineBusy(2, 0), "I am answering 2 people; please ask again"),
        (SequenceCancelled("gone"), "The model could not answer"),
    ],
)
def test_a_full_house_says_so(
    settings: Settings, toolbox: Toolbox, error: ModelError, start: str
) -> None:
    told = turn(settings, toolbox, WritingDecider(error, words=""))
    assert told[-1]["reply"]["outcome"] == "error"
    assert told[-1]["reply"]["answer"].startswith(start)


def test_who_stops_listening_is_known_to_the_model(settings: Settings, toolbox: Toolbox) -> None:
    client, left = Client(), threading.Event()

    def wait_for_them(evidence: Evidence) -> Decision:
        client.on_leave(left.set)
        assert left.wait(20)
        raise SequenceCancelled("the person has gone away")

    graph = built(settings, toolbox, QueuedDecider(SEARCH, wait_for_them))
    config: Any = {"configurable": {"thread_id": "gone", CLIENT: client}}
    events = graph.stream({"messages": [("user", QUESTION)]}, config, stream_mode="custom")
    next(events)
    threading.Timer(0.2, client.leave).start()
    told = list(events)
    assert left.is_set()
    assert told[-1]["reply"]["outcome"] == "error"
