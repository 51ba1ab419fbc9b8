"""What a chat model is trained on, as JSON Lines; one dialogue a line.

    {"messages": [{"role": "system", "content": "You are the front desk of ..."},
                  {"role": "user", "content": "Question: wait at foothills"},
                  {"role": "assistant", "content": "wait_times any now"}],
     "given": "Step:", "group": "kestrel-valley"}

`given` is what the reply begins with in service: read, not learnt. Every other assistant message is
learnt, tool calls (`tool_calls`, in OpenAI's form) with it; `tools` describes the tools.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from frontdesk.training.causal.rows import read_rows, write_rows


class Function(BaseModel):
    """What a tool call calls."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    arguments: dict[str, Any]


class ToolCall(BaseModel):
    """One call of a tool, in OpenAI's form, with its arguments as an object."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str = ""
    type: Literal["function"] = "function"
    function: Function


class Message(BaseModel):
    """One message; `name` is the tool's when its role is tool."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    name: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


class Dialogue(BaseModel):
    """A conversation; `group` keeps together what must not be split between sets."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    messages: tuple[Message, ...]
    tools: tuple[dict[str, Any], ...] = ()
    given: str = ""
    group: str = ""
    source: str = ""


def write_dialogues(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Write `dialogues` and return how many; the file appears whole or not at all."""
    return write_rows(path, dialogues)


def read_dialogues(path: Path) -> list[Dialogue]:
    """Return the dialogues of a file. Raises `FineTuningError` naming file, line and reason."""
    return read_rows(path, Dialogue)
