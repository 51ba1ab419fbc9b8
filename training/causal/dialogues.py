"""What a chat model is trained on, as JSON Lines; one dialogue a line.

    {"messages": [{"role": "system", "content": "You are the front desk of ..."},
                  {"role": "user", "content": "Question: wait at foothills"},
                  {"role": "assistant", "content": "wait_times any now"}],
     "given": "Step:", "group": "kestrel-valley"}

`given` is what the reply begins with in service: read, not learnt. Every other assistant message is
learnt, tool calls (`tool_calls`, in OpenAI's form) with it; `tools` describes the tools.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from frontdesk.training.causal.errors import FineTuningError


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
    part = path.with_name(f"{path.name}.part")
    count = 0
    with part.open("w", encoding="utf-8") as file:
        for dialogue in dialogues:
            file.write(f"{dialogue.model_dump_json(exclude_defaults=True)}\n")
            count += 1
    part.replace(path)
    return count


def read_dialogues(path: Path) -> list[Dialogue]:
    """Return the dialogues of a file.

    Raises:
        FineTuningError: a line is no dialogue; the message names file, line and reason.
    """
    dialogues = []
    for number, row in read_lines(path):
        try:
            dialogues.append(Dialogue.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise FineTuningError(f"{path} line {number}: {place}: {first['msg']}") from error
    return dialogues


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSON Lines file; empty lines are passed over.

    Raises:
        FineTuningError: the file cannot be read, or a line is no JSON object.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FineTuningError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            place = f"column {error.colno}: {error.msg}"
            raise FineTuningError(f"{path} line {number}: not JSON, {place}") from error
        if not isinstance(row, dict):
            kind = type(row).__name__
            raise FineTuningError(f"{path} line {number}: an object was expected, not a {kind}")
        yield number, row
