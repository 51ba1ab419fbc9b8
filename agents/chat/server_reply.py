"""What a remote model is asked to write, and how it is read: JSON that says a step.

{"step": "wait_times", "kind": "children", "ask": "shortest"}
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from frontdesk.agents.chat.decider import ASKS, KINDS, QUOTES
from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence, Step
from frontdesk.agents.small.evidence import follow_up_query

_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_STEP = re.compile(r'"step"\s*:\s*"([a-z_]+)"')
_THOUGHT_LENGTH = 240  # characters

FORM = (
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


def step_probability(text: str, logprobs: Mapping[str, Any] | None) -> float | None:
    """Return how likely the server's model was to write the step that stands in `text`.

    `logprobs` is OpenAI's form, {"content": [{"token", "logprob"}, ...]}; the tokens that spell the
    step's value are multiplied. None when the server told none, or told them of another text.
    """
    tokens = (logprobs or {}).get("content") or []
    match = _STEP.search(text)
    if not match or not tokens:
        return None
    start, end = match.span(1)
    at, total, spelled = 0, 0.0, ""
    for token in tokens:
        after = at + len(token["token"])
        if at < end and after > start:
            total += float(token["logprob"])
        spelled += token["token"]
        at = after
    return math.exp(min(0.0, total)) if spelled.startswith(text[:end]) else None


def response_format(allowed: list[str], count: int, *, think: bool = False) -> dict[str, Any]:
    """Return OpenAI's `response_format` for a step among `allowed` with `count` sentences."""
    properties: dict[str, Any] = {
        "thought": {"type": "string", "maxLength": _THOUGHT_LENGTH},
        "step": {"enum": allowed},
        "quotes": {"type": "array", "items": {"type": "integer"}, "maxItems": QUOTES},
        "kind": {"enum": list(KINDS)},
        "ask": {"enum": list(ASKS)},
    }
    left_out = {name for name, wanted in (("thought", think), ("quotes", count)) if not wanted}
    schema = {
        "type": "object",
        "properties": {name: rule for name, rule in properties.items() if name not in left_out},
        "required": ["thought", "step"] if think else ["step"],
    }
    return {"type": "json_schema", "json_schema": {"name": "step", "schema": schema}}


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
    } | evidence.of_department
