"""A conversation as the page holds it: its turns, as they stream in and as a thread keeps them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import AnyMessage

    from frontdesk.graphs import Assistant
    from frontdesk.graphs.events import Event
    from frontdesk.graphs.parts import Contact

SHOWN_CONTACTS = 4


@dataclass
class Turn:
    """One question with what is known of its answer so far."""

    question: str
    text: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    waits: dict[str, Any] | None = None
    outcome: str = ""
    model: str = ""
    finished: bool = False

    def take(self, event: "Event") -> None:
        """Add what an event tells."""
        if event["type"] == "step":
            if event["state"] == "started":
                self.steps.append({"tool": event["tool"], "arguments": event["arguments"]})
            elif self.steps:
                self.steps[-1] |= {"ok": event["ok"], "ms": event["ms"]}
        elif event["type"] == "text":
            self.text += event["text"]
        elif event["type"] == "sources":
            self.sources = event["sources"]
        elif event["type"] == "waits":
            self.waits = dict(event)
        elif event["type"] == "done":
            reply = event["reply"]
            self.text, self.sources, self.steps = reply["answer"], reply["sources"], reply["steps"]
            self.outcome, self.model, self.finished = reply["outcome"], reply["model"], True

    def contacts(self, assistant: "Assistant") -> list["Contact"]:
        """Return the contacts that the answer speaks of, as the directory has them now."""
        found: dict[str, Contact] = {}
        for step in self.steps:
            query = step.get("arguments", {}).get("query")
            if step["tool"] == "contact_lookup" and step.get("ok") and query:
                for match in assistant.resources.directory.lookup(query).matches:
                    if match.contact.name in self.text:
                        found.setdefault(match.contact.model_dump_json(), match.contact)
        return list(found.values())[:SHOWN_CONTACTS]


def of_thread(messages: Iterable["AnyMessage"]) -> Iterator[Turn]:
    """Return the turns of a thread, oldest first."""
    turn: Turn | None = None
    for message in messages:
        if message.type == "human":
            if turn is not None:
                yield turn
            turn = Turn(str(message.text))
        elif message.type == "ai" and turn is not None:
            turn.text = str(message.text)
            kept = message.response_metadata.get("frontdesk", {})
            turn.sources, turn.steps = kept.get("sources", []), kept.get("steps", [])
            turn.waits, turn.model = kept.get("waits"), kept.get("model", "")
            turn.outcome, turn.finished = kept.get("outcome", ""), True
    if turn is not None:
        yield turn
