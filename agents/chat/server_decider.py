"""A model behind an OpenAI-compatible URL as a decider: it writes a small JSON object.

    {"step": "answer", "quotes": [2, 5]}

The server is asked to keep to a schema (llama-server and vLLM do); what it writes is checked here
all the same, and a reply that cannot be read means the first allowed step.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from frontdesk.agents.chat.decider import ASKS, KINDS, QUOTES, allowed_steps
from frontdesk.agents.chat.prompt import shown, system_text, turn_messages
from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence, Step
from frontdesk.agents.errors import ServerRefused
from frontdesk.agents.settings import OrganisationSettings
from frontdesk.agents.small.evidence import follow_up_query

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)


@dataclass
class ServerDecider:
    """Decides with a remote chat model. `probability` is 1.0 for what it wrote, 0.0 for a guess."""

    model: BaseChatModel
    name: str
    organisation: OrganisationSettings

    def __post_init__(self) -> None:
        self._keeps_to_schemas = True

    def decide(self, evidence: Evidence, messages: Sequence[BaseMessage] = ()) -> Decision:
        """Return the next step for `evidence`.

        Raises:
            ServerError: the server cannot be reached or refuses.
        """
        allowed = allowed_steps(evidence)
        count = len(shown(evidence))
        system = system_text(self.organisation.name, self.organisation.scope)
        asked = turn_messages(f"{system}\n{_FORM}", evidence)
        taken = ", ".join(observation.tool for observation in evidence.observations)
        asked[1]["content"] += (
            f"\nDone: {taken or 'nothing yet'}\nAllowed steps: {', '.join(allowed)}"
        )
        reply = self._ask([(m["role"], m["content"]) for m in asked], allowed, count)
        return decision(reply, evidence, allowed, count)

    def _ask(self, messages: list[tuple[str, str]], allowed: list[str], count: int) -> str:
        if self._keeps_to_schemas:
            try:
                form = _response_format(allowed, count)
                return self.model.invoke(messages, response_format=form).text
            except ServerRefused:
                # llama-cpp-python's server, for one, knows no schemas; it is not asked again.
                self._keeps_to_schemas = False
        return self.model.invoke(messages).text


_FORM = (
    'Write the step as JSON, {"step": "..."}; with answer also "quotes": the numbers of the best '
    f'sentences, at most {QUOTES}; with wait_times "kind" ({", ".join(KINDS)}) and "ask" '
    f"({', '.join(ASKS)})."
)


def decision(text: str, evidence: Evidence, allowed: list[str], count: int) -> Decision:
    """Return the decision that `text` says; the first allowed step when it says none."""
    said = _read(text)
    step = said.get("step")
    if step not in allowed:
        return Decision(cast(Step, allowed[0]), _arguments(allowed[0], {}, evidence), 0.0)
    numbers = said.get("quotes") if step == "answer" else None
    quotes = [n - 1 for n in numbers or [] if isinstance(n, int) and 1 <= n <= count]
    if step == "answer" and not quotes and count:
        quotes = [0]  # the likeliest by search: the model found an answer and did not say which
    chosen = tuple(dict.fromkeys(quotes))[:QUOTES]
    return Decision(cast(Step, step), _arguments(str(step), said, evidence), 1.0, chosen)


def _read(text: str) -> dict[str, Any]:
    match = _OBJECT.search(text)
    try:
        said = json.loads(match[0]) if match else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _arguments(step: str, said: dict[str, Any], evidence: Evidence) -> dict[str, Any]:
    if step not in TOOL_STEPS:
        return {}
    if step != "wait_times":
        short = evidence.previous is not None and len(evidence.question.split()) <= 5
        joined = follow_up_query(evidence.question, evidence.previous) if short else ""
        return {"query": joined or evidence.question}
    places = list(dict.fromkeys(match.name for match in evidence.places))[:1]
    if not places and evidence.previous is not None:
        places = list(evidence.previous.arguments.get("places", []))
    kind, ask = said.get("kind"), said.get("ask")
    return {
        "places": places,
        "kind": kind if kind in KINDS else "any",
        "ask": ask if ask in ASKS else "now",
    }


def _response_format(allowed: list[str], count: int) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "step": {"enum": allowed},
            "quotes": {"type": "array", "items": {"type": "integer"}, "maxItems": QUOTES},
            "kind": {"enum": list(KINDS)},
            "ask": {"enum": list(ASKS)},
        },
        "required": ["step"],
    }
    if not count:
        schema["properties"].pop("quotes")  # type: ignore[attr-defined]
    return {
        "type": "json_schema",
        "json_schema": {"name": "step", "schema": schema},
    }
