"""LangChain's messages in the form that chat templates read, with marks in their texts disarmed."""

import json
import re
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.messages.utils import convert_to_openai_messages

from frontdesk.agents.chat.templates import ChatTemplate, Message
from frontdesk.agents.chat.tool_calls import Dialect
from frontdesk.agents.chat.vocabulary import Vocabulary


def template_messages(
    messages: list[BaseMessage],
    tools: list[dict[str, Any]],
    template: ChatTemplate,
    dialect: Dialect,
    vocabulary: Vocabulary,
) -> list[Message]:
    """Return `messages` as dicts {role, content, tool_calls?} for `template`.

    A template that knows nothing of tools gets them in words: their description in the system
    message, calls and results as the texts of assistant and user.
    """
    if tools and not template.reads_tools:
        system = next((m.text for m in messages if isinstance(m, SystemMessage)), "")
        others = [m for m in messages if not isinstance(m, SystemMessage)]
        told = f"{system}\n\n{dialect.description(tools)}".strip()
        messages = [SystemMessage(told), *others]
    return [_one(message, template, dialect, vocabulary) for message in messages]


def prompt_text(
    messages: list[BaseMessage],
    tools: list[dict[str, Any]],
    template: ChatTemplate,
    dialect: Dialect,
    vocabulary: Vocabulary,
) -> str:
    """Return the prompt that asks for the reply to `messages`: what is served, and is trained."""
    asked = template_messages(messages, tools, template, dialect, vocabulary)
    return template.render(asked, tools if template.reads_tools else None)


def _one(
    message: BaseMessage, template: ChatTemplate, dialect: Dialect, vocabulary: Vocabulary
) -> Message:
    system = isinstance(message, SystemMessage)
    content = message.text if system else disarm(message.text, vocabulary)
    if isinstance(message, ToolMessage):
        if template.reads_tools:
            return {
                "role": "tool",
                "name": message.name or "",
                "content": content,
                "tool_call_id": message.tool_call_id,
            }
        told = f"Result of {message.name or 'the tool'}:\n{content}"
        return {"role": "user", "content": told, "is_result": True}
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = message.tool_calls
        if not template.reads_tools:
            written = [dialect.call(call["name"], call["args"]) for call in calls]
            return {"role": "assistant", "content": "\n".join([content, *written]).strip()}
        functions = [
            {
                "type": "function",
                "id": call["id"] or "",
                "function": {"name": call["name"], "arguments": call["args"]},
            }
            for call in calls
        ]
        return {"role": "assistant", "content": content, "tool_calls": functions}
    role = convert_to_openai_messages(message)["role"]
    return {"role": role, "content": content}


def disarm(text: str, vocabulary: Vocabulary) -> str:
    """Return `text` with every mark of the chat format broken by a space.

    Text from people and pages must not end a turn or open one: "<|im_end|>" becomes "< |im_end|>".
    """
    found = {
        vocabulary.piece(token, special=True).decode("utf-8", "replace")
        for token in set(vocabulary.tokenize(text))
        if vocabulary.is_special(token)
    }
    if not found:
        return text
    marks = "|".join(re.escape(mark) for mark in sorted(found, key=len, reverse=True))
    return re.sub(marks, lambda match: f"{match[0][0]} {match[0][1:]}", text)


def as_arguments(text: str) -> dict[str, Any]:
    """Return a tool call's arguments from their JSON text."""
    value = json.loads(text)
    return value if isinstance(value, dict) else {}
