"""A GGUF model in memory: weights, vocabulary, metadata and an optional LoRA adapter.

The one border to llama.cpp's model functions: its null pointers and codes become `ModelError`s
here.
"""

import ctypes
from pathlib import Path
from typing import Any

import llama_cpp

from frontdesk.agents.errors import ModelError, ModelFileError
from frontdesk.agents.runtime.llama_log import complaints, forget_complaints, start_backend

_SMALL = 50_000_000  # parameters


class LlamaModel:
    """Weights and vocabulary of one GGUF file; safe to read from many threads."""

    def __init__(self, path: Path, *, adapter: Path | None = None) -> None:
        """Load `path` and, beside it, the LoRA `adapter`.

        Raises:
            ModelFileError: a file is missing, damaged or not supported.
        """
        self.path = path
        self._handle: Any = None
        self.adapter: Any = None
        for file in (path, adapter):
            if file is not None and not file.is_file():
                raise ModelFileError(
                    f"no file at {file}: set model.path and model.adapter to GGUF files"
                )
        start_backend()
        forget_complaints()
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self._handle = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
        if not self._handle:
            raise ModelFileError(
                f"{path} cannot be loaded as a GGUF model ({complaints() or 'no reason given'}): "
                "the file is damaged or of a kind this llama.cpp does not support; fetch it again"
            )
        self._vocab = llama_cpp.llama_model_get_vocab(self._handle)
        self.n_vocab = int(llama_cpp.llama_vocab_n_tokens(self.vocab))
        self.n_embd = int(llama_cpp.llama_model_n_embd(self._handle))
        self.parameters = int(llama_cpp.llama_model_n_params(self._handle))
        self.train_context = int(llama_cpp.llama_model_n_ctx_train(self._handle))
        self.metadata = self._read_metadata()
        if adapter is not None:
            self._load_adapter(adapter)

    @property
    def handle(self) -> Any:
        """The llama_model pointer.

        Raises:
            ModelError: the model was closed.
        """
        if not self._handle:
            raise ModelError(f"{self.path} was closed: open a new engine")
        return self._handle

    @property
    def vocab(self) -> Any:
        """The llama_vocab pointer.

        Raises:
            ModelError: the model was closed.
        """
        if not self._handle:
            raise ModelError(f"{self.path} was closed: open a new engine")
        return self._vocab

    def close(self) -> None:
        """Free the weights and the adapter; every context on them must be gone."""
        if self.adapter:
            llama_cpp.llama_adapter_lora_free(self.adapter)
            self.adapter = None
        if self._handle:
            llama_cpp.llama_model_free(self._handle)
            self._handle = None

    @property
    def is_small(self) -> bool:
        """Whether it is a model like the bundled one, for which other settings pay."""
        return self.parameters < _SMALL

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens of `text`; with `special`, "<|im_start|>" and the like are one token.

        No beginning-of-text token is added: templates write it where the model wants it.
        """
        data = text.encode()
        room = len(data) + 8
        for _ in range(2):
            tokens = (llama_cpp.llama_token * room)()
            n = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, room, False, special)
            if n >= 0:
                return list(tokens[:n])
            room = -n
        raise ModelError(f"{len(data)} bytes of text could not be tokenised")

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """Return the bytes of one token, which may be part of a character.

        Raises:
            ModelError: there is no such token.
        """
        if not 0 <= token < self.n_vocab:
            raise ModelError(f"token {token} is not in the vocabulary of {self.n_vocab} tokens")
        room = 64
        for _ in range(2):
            buffer = ctypes.create_string_buffer(room)
            n = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, room, 0, special)
            if n >= 0:
                return bytes(buffer.raw[:n])
            room = -n
        raise ModelError(f"token {token} has no text")

    def is_end(self, token: int) -> bool:
        """Return whether `token` ends a generation (end of text, end of turn)."""
        return bool(llama_cpp.llama_vocab_is_eog(self.vocab, token))

    def is_special(self, token: int) -> bool:
        """Return whether `token` is a mark ("<|im_end|>", "<tool_call>"), not text.

        User-defined tokens count when they look like marks: some models have plain ones, too.
        """
        attributes = llama_cpp.llama_vocab_get_attr(self.vocab, token)
        if attributes & llama_cpp.LLAMA_TOKEN_ATTR_CONTROL:
            return True
        if not attributes & llama_cpp.LLAMA_TOKEN_ATTR_USER_DEFINED:
            return False
        text = self.piece(token, special=True)
        return (text[:1], text[-1:]) in {(b"<", b">"), (b"[", b"]")}

    def special_text(self, token: int) -> str:
        """Return a special token as templates write it; empty when the model has none (-1)."""
        return self.piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def _load_adapter(self, path: Path) -> None:
        forget_complaints()
        self.adapter = llama_cpp.llama_adapter_lora_init(self._handle, str(path).encode())
        if not self.adapter:
            reason = complaints() or "no reason given"
            self.close()
            raise ModelFileError(
                f"{path} cannot be loaded as a LoRA adapter of {self.path.name} ({reason}): "
                "use an adapter that was trained on this model"
            )

    def _read_metadata(self) -> dict[str, str]:
        result: dict[str, str] = {}
        for index in range(llama_cpp.llama_model_meta_count(self._handle)):
            key = self._meta(llama_cpp.llama_model_meta_key_by_index, index)
            result[key] = self._meta(llama_cpp.llama_model_meta_val_str_by_index, index)
        return result

    def _meta(self, read: Any, index: int) -> str:
        room = 256
        while True:
            buffer = ctypes.create_string_buffer(room)
            n = read(self._handle, index, buffer, room)
            if n < room:
                return buffer.value.decode("utf-8", "replace")
            room = n + 1
