"""Public instruction sets in and out: by path, or by name through `datasets`.

Alpaca                   {"instruction": "...", "input": "...", "output": "..."}
OpenAssistant-Guanaco    {"text": "### Human: ...### Assistant: ..."}
messages                 {"messages": [{"role": "user", "content": "..."}, ...]}
ShareGPT                 {"conversations": [{"from": "human", "value": "..."}, ...]}
"""

import json
import random
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from frontdesk.training.causal.dialogues import Dialogue, Message
from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.rows import read_lines

Row = Mapping[str, Any]
_ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant"}
_TURNS = re.compile(r"### (Human|Assistant):")


def import_set(name: str, *, rows: int | None = None, seed: int = 7) -> list[Dialogue]:
    """Return the dialogues of a set: a .jsonl, .json, .csv or .parquet file, a folder, or a name.

    `rows` draws that many with `seed`, in their order; None takes all.

    Raises:
        FineTuningError: there is no such set, its form is none of those above, or a line is
            malformed; the message names file and line.
    """
    numbered = _read(name)
    if not numbered:
        raise FineTuningError(f"{name}: holds no rows")
    if rows is not None and rows < len(numbered):
        drawn = random.Random(seed).sample(range(len(numbered)), rows)
        numbered = [numbered[n] for n in sorted(drawn)]
    source = Path(name).stem if Path(name).exists() else name
    return [_dialogue(row, place, source) for place, row in numbered]


def export_alpaca(path: Path, dialogues: Iterable[Dialogue]) -> int:
    """Write dialogues as Alpaca JSON Lines and return how many rows; one row a reply.

    Alpaca knows no turns: what was said before stands in `input`, the last request in
    `instruction`.
    """
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for dialogue in dialogues:
            for row in _alpaca(dialogue):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
    return count


def form_of(row: Row) -> str:
    """Return the form of a row: alpaca, guanaco, messages, sharegpt; "" when it is none."""
    if isinstance(row.get("messages"), list):
        return "messages"
    if isinstance(row.get("conversations"), list):
        return "sharegpt"
    if isinstance(row.get("instruction"), str) and isinstance(row.get("output"), str):
        return "alpaca"
    if isinstance(row.get("text"), str) and _TURNS.search(row["text"]):
        return "guanaco"
    return ""


def _read(name: str) -> list[tuple[str, Row]]:
    path = Path(name)
    if path.suffix == ".jsonl" and path.is_file():
        return [(f"{path} line {number}", row) for number, row in read_lines(path)]
    if path.suffix == ".json" and path.is_file():
        return _json(path)
    # Two seconds to import, and only for what is not read above.
    from datasets import load_dataset

    kind = path.suffix.removeprefix(".")
    try:
        if kind in ("csv", "parquet") and path.is_file():
            found = load_dataset(kind, data_files=name, split="train")
        else:
            found = load_dataset(name, split="train")
    except Exception as error:  # every backend of `datasets` has errors of its own
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise FineTuningError(
            f"{name}: no such set ({reason}); give a .jsonl, .json, .csv or .parquet file, a "
            "folder that `datasets` reads, or a name that its hub knows"
        ) from error
    return [(f"{name} row {number}", dict(row)) for number, row in enumerate(found)]


def _json(path: Path) -> list[tuple[str, Row]]:
    try:
        rows = json.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise FineTuningError(f"{path} cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise FineTuningError(f"{path} line {error.lineno}: not JSON, {error.msg}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FineTuningError(f"{path}: a list of objects was expected")
    return [(f"{path} row {number}", row) for number, row in enumerate(rows)]


def _dialogue(row: Row, place: str, source: str) -> Dialogue:
    makers = {
        "alpaca": _from_alpaca,
        "guanaco": _from_guanaco,
        "messages": _from_messages,
        "sharegpt": _from_sharegpt,
    }
    form = form_of(row)
    if not form:
        raise FineTuningError(
            f"{place}: keys {sorted(row)} are of no form known here; it is to be Alpaca "
            '("instruction", "output"), Guanaco ("text" with "### Human:"), or "messages"'
        )
    try:
        messages = tuple(makers[form](row))
        made = Dialogue(messages=messages, source=source)
    except (ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else repr(error)
        raise FineTuningError(f"{place}: {form} form, but {reason}") from error
    if not messages or messages[-1].role != "assistant" or not messages[-1].content.strip():
        raise FineTuningError(f"{place}: {form} form, but it does not end with a reply")
    return made


def _from_alpaca(row: Row) -> list[Message]:
    given = str(row.get("input") or "").strip()
    asked = row["instruction"].strip() + (f"\n\n{given}" if given else "")
    return [
        Message(role="user", content=asked),
        Message(role="assistant", content=row["output"].strip()),
    ]


def _from_guanaco(row: Row) -> list[Message]:
    parts = _TURNS.split(row["text"])[1:]
    turns = [(parts[n], parts[n + 1].strip()) for n in range(0, len(parts), 2)]
    while turns and turns[-1][0] == "Human":  # a tree cut off at a question
        turns.pop()
    return [
        Message(role="user" if who == "Human" else "assistant", content=text) for who, text in turns
    ]


def _from_messages(row: Row) -> list[Message]:
    return [Message.model_validate(_known(message)) for message in row["messages"]]


def _known(message: Row) -> dict[str, Any]:
    """Return what a message says; columns that are empty in this row, or unknown, are left out."""
    said = {key: message[key] for key in Message.model_fields if message.get(key) is not None}
    calls = [dict(call) for call in said.get("tool_calls", ())]
    for call in calls:
        function = dict(call["function"])
        if isinstance(function["arguments"], str):
            function["arguments"] = json.loads(function["arguments"])
        call["function"] = function
    return {**said, **({"tool_calls": calls} if calls else {})}


def _from_sharegpt(row: Row) -> list[Message]:
    return [
        Message.model_validate(
            {"role": _ROLES.get(turn["from"], turn["from"]), "content": turn["value"]}
        )
        for turn in row["conversations"]
    ]


def _alpaca(dialogue: Dialogue) -> Iterable[dict[str, str]]:
    before: list[str] = []
    asked = ""
    for message in dialogue.messages:
        if message.role == "assistant" and message.content:
            yield {"instruction": asked, "input": "\n".join(before), "output": message.content}
            before += [asked, message.content]
            asked = ""
        elif message.role == "user":
            asked = message.content
        elif message.content:
            before.append(message.content)
