"""Making messages fit in the context: old turns go first, what was looked up for this one last."""

from collections.abc import Callable
from typing import Any

from frontdesk.agents.errors import ContextFull

Message = dict[str, Any]

_SHORTEST = 200  # characters: below this a tool's result says nothing any more


def trim(
    messages: list[Message], room: int, count: Callable[[list[Message]], int]
) -> list[Message]:
    """Return as many of `messages` as fit in `room` tokens, as `count` counts them.

    First the oldest turns are left out, then the longest tool results are shortened, from their
    ends. System messages and the last question stay whole.

    Raises:
        ContextFull: they alone do not fit.
    """
    while count(messages) > room:
        start = _last_question(messages)
        old = [i for i, m in enumerate(messages[:start]) if m["role"] != "system"]
        if old:
            messages = _without_first_turn(messages, old)
            continue
        results = [m for m in messages[start:] if _is_result(m)]
        longest = max(results, key=lambda m: len(str(m["content"])), default=None)
        if longest is None or len(str(longest["content"])) <= _SHORTEST:
            raise ContextFull(
                f"the question needs {count(messages)} tokens and there is room for {room}: "
                "ask something shorter or raise model.context_tokens"
            )
        text = str(longest["content"])
        shorter = {**longest, "content": text[: max(_SHORTEST, len(text) * 3 // 4)]}
        messages = [shorter if m is longest else m for m in messages]
    return messages


def _last_question(messages: list[Message]) -> int:
    asked = [i for i, m in enumerate(messages) if m["role"] == "user" and not _is_result(m)]
    return asked[-1] if asked else 0


def _is_result(message: Message) -> bool:
    """Whether it is a tool's result, which a user gives to models that know no tools."""
    return message["role"] == "tool" or bool(message.get("is_result"))


def _without_first_turn(messages: list[Message], old: list[int]) -> list[Message]:
    """Drop the oldest message and what answers it, up to the next question."""
    dropped = [old[0]]
    for i in old[1:]:
        if messages[i]["role"] == "user" and not _is_result(messages[i]):
            break
        dropped.append(i)
    return [message for i, message in enumerate(messages) if i not in dropped]
