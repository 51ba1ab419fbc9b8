"""What a turn streams, in order, as LangGraph custom events (`stream_mode="custom"`).

    {"type": "waiting", "before": 3}
    {"type": "step", "state": "started", "tool": "search", "arguments": {"query": "parking"}}
    {"type": "step", "state": "finished", "tool": "search", "ok": true, "ms": 12.1, "error": ""}
    {"type": "sources", "sources": [{"n": 1, "title": "Parking", "url": "https://...", ...}]}
    {"type": "waits", "rows": [{"site": "...", "minutes": 95, "state": "ok", ...}], ...}
    {"type": "text", "text": "A day pass is $14.25. [1] "}
    {"type": "done", "reply": {...}}

`text` pieces joined are the answer. There is one `done`, last, with the reply of reply.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from langgraph.config import get_stream_writer


class StepEvent(TypedDict):
    """A tool was called, or has answered."""

    type: Literal["step"]
    state: Literal["started", "finished"]
    tool: str
    arguments: NotRequired[dict[str, Any]]
    ok: NotRequired[bool]
    ms: NotRequired[float]
    error: NotRequired[str]


class WaitingEvent(TypedDict):
    """Everybody who can be answered at once is; `before` people stand in the line already."""

    type: Literal["waiting"]
    before: int


class SourcesEvent(TypedDict):
    """The pages that the text about to come is quoted from."""

    type: Literal["sources"]
    sources: list[dict[str, Any]]


class WaitsEvent(TypedDict):
    """The departments that the text about to come is about, for a table."""

    type: Literal["waits"]
    rows: list[dict[str, Any]]
    state: str
    fetched_at: str | None
    age_seconds: float | None
    url: str


class TextEvent(TypedDict):
    """A piece of the answer."""

    type: Literal["text"]
    text: str


class DoneEvent(TypedDict):
    """The turn is over; `reply` is the whole of it."""

    type: Literal["done"]
    reply: dict[str, Any]


Event = WaitingEvent | StepEvent | SourcesEvent | WaitsEvent | TextEvent | DoneEvent


def emit(event: Event) -> None:
    """Send `event` to whoever streams this run; with nobody listening it goes nowhere."""
    get_stream_writer()(event)


def waiting(before: int) -> None:
    emit({"type": "waiting", "before": before})


def step_started(tool: str, arguments: Mapping[str, Any]) -> None:
    emit({"type": "step", "state": "started", "tool": tool, "arguments": dict(arguments)})


def step_finished(tool: str, *, ok: bool, ms: float, error: str) -> None:
    emit({"type": "step", "state": "finished", "tool": tool, "ok": ok, "ms": ms, "error": error})


def sources_found(sources: Sequence[dict[str, Any]]) -> None:
    if sources:
        emit({"type": "sources", "sources": list(sources)})


def text_said(text: str) -> None:
    emit({"type": "text", "text": text})


def turn_done(reply: dict[str, Any]) -> None:
    emit({"type": "done", "reply": reply})
