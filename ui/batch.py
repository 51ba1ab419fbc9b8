"""`frontdesk ask --batch FILE.jsonl`: one question a line in, one reply a line out.

    {"id": "7", "question": "and on sundays?", "history": [{"role": "user", "content": "parking?"},
     {"role": "assistant", "content": "..."}]}

A line that cannot be read gives a reply with the outcome "error", and the others go on.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from frontdesk.ui.failure import CommandError

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant

KEYS = {"id": str, "question": str, "thread": str, "history": list}


def answer_batch(assistant: "Assistant", name: str) -> None:
    """Answer every line of the file `name`, or of stdin for "-", in order.

    Raises `CommandError` at the end when lines could not be read or answered.
    """
    failed = total = 0
    with _lines(name) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            total += 1
            reply = _answer(assistant, line, number)
            failed += reply["outcome"] == "error"
            print(json.dumps(reply, ensure_ascii=False), flush=True)
    if failed:
        raise CommandError(f'{failed} of {total} lines failed; their outcome is "error"')


def _answer(assistant: "Assistant", line: str, number: int) -> dict[str, Any]:
    asked = _read(line)
    if isinstance(asked, str):
        return _failure(f"line {number}: {asked}")
    reply = assistant.ask(
        asked["question"],
        thread=asked.get("thread"),
        history=asked.get("history", ()),
        id=asked.get("id"),
    )
    return reply.plain()


def _read(line: str) -> dict[str, Any] | str:
    """Return the object of a line, or why it cannot be read."""
    try:
        asked = json.loads(line)
    except ValueError:
        return "not JSON; write one object a line"
    if not isinstance(asked, dict) or "question" not in asked:
        return 'not an object with the key "question"'
    asked = {key: value for key, value in asked.items() if value is not None}
    for key, value in asked.items():
        if key not in KEYS:
            return f'unknown key "{key}"; known: {", ".join(KEYS)}'
        if key == "id" and isinstance(value, int):
            asked["id"] = str(value)
        elif not isinstance(value, KEYS[key]):
            return f'"{key}" is not a {"list" if KEYS[key] is list else "string"}'
    return _wrong_history(asked.get("history", [])) or asked


def _wrong_history(history: Iterable[Any]) -> str:
    for message in history:
        good = isinstance(message, dict) and isinstance(message.get("content"), str)
        if not good or message.get("role") not in ("user", "assistant"):
            return 'a history entry is not {"role": "user" or "assistant", "content": "..."}'
    return ""


def _failure(answer: str) -> dict[str, Any]:
    from frontdesk.graphs.reply import Reply

    return Reply(answer=answer, outcome="error").plain()


@contextmanager
def _lines(name: str) -> Iterator[TextIO]:
    if name == "-":
        yield sys.stdin
        return
    with open(name, encoding="utf-8", errors="replace") as file:
        yield file
