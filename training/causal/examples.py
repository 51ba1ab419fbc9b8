"""Dialogues to tokens: the prompt as it is served, and a loss on the assistant's tokens only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)

from frontdesk.agents.chat.messages import prompt_text
from frontdesk.agents.chat.templates import ChatTemplate
from frontdesk.agents.chat.tool_calls import dialect_of
from frontdesk.agents.chat.vocabulary import Vocabulary
from frontdesk.training.causal.dialogues import Dialogue, Message
from frontdesk.training.causal.vocabulary import TokenizerVocabulary, chat_template

UNLEARNT = -100  # the label that PyTorch's cross entropy passes over
_MARK = "\u00b6reply\u00b6"


@dataclass(frozen=True)
class Example:
    """Token ids and, of the same length, labels: the id where it is learnt, else `UNLEARNT`."""

    ids: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Reader:
    """Renders dialogues for one model, as its GGUF file will be served."""

    template: ChatTemplate
    vocabulary: Vocabulary
    closing: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: Any) -> "Reader":
        """Return the reader of a `transformers` tokenizer."""
        vocabulary = TokenizerVocabulary(tokenizer)
        template = chat_template(tokenizer)
        return cls(template, vocabulary, _closing(template, vocabulary, tokenizer.eos_token_id))

    def prompt(self, messages: Iterable[Message], dialogue: Dialogue) -> str:
        """Return the text that asks for the reply to `messages`."""
        asked = [_langchain(message) for message in messages]
        dialect = dialect_of(self.template.source)
        return prompt_text(asked, list(dialogue.tools), self.template, dialect, self.vocabulary)

    def given(self, dialogue: Dialogue) -> list[int]:
        """Return the tokens of the prompt of the last reply, with what it begins with."""
        return self.vocabulary.tokenize(
            self.prompt(dialogue.messages[:-1], dialogue) + dialogue.given
        )

    def reply(self, message: Message, *, chosen: bool) -> list[int]:
        """Return the tokens of a reply, its end with them.

        A reply that is `chosen` is spelled word by word, as the decider writes its choices.
        """
        if chosen:
            words = [self.vocabulary.tokenize(f" {word}") for word in message.content.split()]
            return [*(token for word in words for token in word), *self.closing]
        dialect = dialect_of(self.template.source)
        calls = [dialect.call(c.function.name, c.function.arguments) for c in message.tool_calls]
        text = "\n".join([*([message.content] if message.content else []), *calls])
        return [*self.vocabulary.tokenize(text), *self.closing]

    def examples(self, dialogue: Dialogue) -> list[Example]:
        """Return the examples of a dialogue.

        It is one, unless the template shows earlier replies otherwise than they were written: then
        each reply is an example of its own, since its prompt is.
        """
        made: list[Example] = []
        last = len(dialogue.messages) - 1
        for number, message in enumerate(dialogue.messages):
            if message.role != "assistant":
                continue
            given = dialogue.given if number == last else ""
            prompt = self.vocabulary.tokenize(
                self.prompt(dialogue.messages[:number], dialogue) + given
            )
            reply = self.reply(message, chosen=bool(given))
            before = made[-1] if made else Example((), ())
            if tuple(prompt[: len(before.ids)]) != before.ids:
                before = Example((), ())
            unlearnt = (UNLEARNT,) * (len(prompt) - len(before.ids))
            example = Example((*prompt, *reply), (*before.labels, *unlearnt, *reply))
            made = [*made[: -1 if before.ids else None], example]
        return made


def _langchain(message: Message) -> BaseMessage:
    if message.role == "system":
        return SystemMessage(message.content)
    if message.role == "user":
        return HumanMessage(message.content)
    if message.role == "tool":
        return ToolMessage(message.content, name=message.name, tool_call_id=message.tool_call_id)
    calls = [
        ToolCall(name=call.function.name, args=call.function.arguments, id=call.id)
        for call in message.tool_calls
    ]
    return AIMessage(message.content, tool_calls=calls)


def _closing(template: ChatTemplate, vocabulary: Vocabulary, eos: int | None) -> tuple[int, ...]:
    """Return the tokens that end a reply: the template's, and the model's own if it has none."""
    asked = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _MARK}]
    _, _, after = template.render(asked, add_generation_prompt=False).partition(_MARK)
    tokens = tuple(vocabulary.tokenize(after.rstrip()))
    if any(vocabulary.is_special(token) for token in tokens) or eos is None:
        return tokens
    return (*tokens, eos)
