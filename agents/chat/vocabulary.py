"""What prompts are made with: the spelling of a model, in a GGUF file or beside its weights."""

from typing import Protocol


class Vocabulary(Protocol):
    """Turns text into tokens; an `Engine` is one, and so is a tokenizer in training."""

    def tokenize(self, text: str, special: bool = True) -> list[int]:
        """Return the tokens of `text`; with `special`, "<|im_start|>" and the like are one."""

    def piece(self, token: int, special: bool = False) -> bytes:
        """Return the bytes of one token; with `special`, marks are written out."""

    def is_special(self, token: int) -> bool:
        """Return whether `token` is a mark of the chat format, not text."""
