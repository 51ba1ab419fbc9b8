"""A Hugging Face tokenizer as the `Vocabulary` that prompts are made with."""

from functools import cached_property
from typing import Any

from frontdesk.agents.chat.templates import ChatTemplate
from frontdesk.training.causal.errors import FineTuningError


class TokenizerVocabulary:
    """Reads text as the served model reads it: the prompt says which marks begin it."""

    def __init__(self, tokenizer: Any) -> None:
        """Wrap a fast tokenizer of `transformers`."""
        self.tokenizer = tokenizer

    def tokenize(self, text: str, special: bool = True) -> list[int]:
        """Return the tokens of `text`; nothing is put before or after it."""
        ids: list[int] = self.tokenizer(
            text, add_special_tokens=False, split_special_tokens=not special
        )["input_ids"]
        return ids

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return the bytes of one token; with `special`, marks are written out."""
        text: str = self.tokenizer.decode([token], skip_special_tokens=not special)
        return text.encode()

    def is_special(self, token: int) -> bool:
        """Return whether `token` is a mark of the chat format, as `LlamaModel.is_special` does."""
        return token in self._marks

    @cached_property
    def _marks(self) -> frozenset[int]:
        added = self.tokenizer.added_tokens_decoder
        return frozenset(
            token
            for token, entry in added.items()
            if entry.special or (entry.content[:1], entry.content[-1:]) in {("<", ">"), ("[", "]")}
        )


def chat_template(tokenizer: Any) -> ChatTemplate:
    """Return the tokenizer's chat template as it will be served from its GGUF file.

    Raises:
        FineTuningError: the tokenizer holds several templates and none is the default.
    """
    source = tokenizer.chat_template or ""
    if isinstance(source, dict):
        if "default" not in source:
            raise FineTuningError(f"chat templates {sorted(source)}, none named default: keep one")
        source = source["default"]
    return ChatTemplate(source, bos=tokenizer.bos_token or "", eos=tokenizer.eos_token or "")
