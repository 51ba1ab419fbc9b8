"""The memory (KV cache) of a model and the one function that computes: decode a batch.

Nothing here is safe to call from two threads: the scheduler's thread owns the context.
"""

import ctypes
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.llama_log import complaints, forget_complaints
from frontdesk.agents.runtime.llama_model import LlamaModel

Tokens = npt.NDArray[np.int32]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """Consecutive items of one sequence in a batch; logits are wanted for the last `outputs`."""

    slot: int
    position: int
    items: Tokens | Rows
    outputs: int


class Batch:
    """The arrays behind a llama_batch of up to `capacity` tokens (rows when `n_embd` is given)."""

    def __init__(self, capacity: int, n_embd: int = 0) -> None:
        shape = (capacity, n_embd) if n_embd else (capacity,)
        self.items: Any = np.zeros(shape, np.float32 if n_embd else np.int32)
        self.positions = np.zeros(capacity, np.int32)
        self.slots = np.zeros(capacity, np.int32)
        self.outputs = np.zeros(capacity, np.int8)
        self._one_each = np.ones(capacity, np.int32)
        self._slot_pointers = (self.slots.ctypes.data + 4 * np.arange(capacity)).astype(np.uintp)
        self.struct = llama_cpp.llama_batch()
        field = "embd" if n_embd else "token"
        self._point(field, self.items, ctypes.c_float if n_embd else ctypes.c_int32)
        self._point("pos", self.positions, ctypes.c_int32)
        self._point("n_seq_id", self._one_each, ctypes.c_int32)
        self._point("seq_id", self._slot_pointers, ctypes.POINTER(ctypes.c_int32))
        self._point("logits", self.outputs, ctypes.c_int8)

    def fill(self, pieces: list[Piece]) -> list[int]:
        """Write `pieces` one after the other; return where in the batch each one ends."""
        ends, at = [], 0
        for piece in pieces:
            n = len(piece.items)
            here = slice(at, at + n)
            self.items[here] = piece.items
            self.positions[here] = np.arange(piece.position, piece.position + n)
            self.slots[here] = piece.slot
            self.outputs[here] = 0
            at += n
            self.outputs[at - piece.outputs : at] = 1
            ends.append(at)
        self.struct.n_tokens = at
        return ends

    def _point(self, field: str, array: npt.NDArray[Any], kind: Any) -> None:
        setattr(self.struct, field, array.ctypes.data_as(ctypes.POINTER(kind)))


@dataclass(frozen=True)
class ContextShape:
    """How large a context is: `cells` items in all, `sequences` of them, `batch` items a decode."""

    cells: int
    sequences: int
    batch: int
    outputs: int
    threads: int


class LlamaContext:
    """One llama_context with many sequences, which share cells where they share a prefix."""

    def __init__(self, model: LlamaModel, shape: ContextShape, *, adapter_scale: float) -> None:
        self.model, self.shape = model, shape
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = shape.cells
        parameters.n_batch = parameters.n_ubatch = shape.batch
        parameters.n_seq_max = shape.sequences
        parameters.n_outputs_max = parameters.n_outputs_max_per_seq = shape.outputs
        parameters.n_threads = parameters.n_threads_batch = shape.threads
        if model.is_small:
            # On a CPU flash attention adds up values in half precision: a caller's logits would
            # differ by 0.007 from what he gets alone (0.0004 without). It saves a larger model
            # 10 % of a token's time, and a small one nothing.
            parameters.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.kv_unified = True  # llama_memory_seq_cp shares a part of a sequence only then
        forget_complaints()
        self._handle = llama_cpp.llama_init_from_model(model.handle, parameters)
        if not self._handle:
            raise ModelError(
                f"no context of {shape.cells} tokens for {model.path.name} ({complaints()}): "
                "lower model.context_tokens"
            )
        self._memory = llama_cpp.llama_get_memory(self._handle)
        if not self._memory:
            self.close()
            raise ModelError(f"{model.path.name} has no memory of past tokens: use a decoder model")
        self._batches = {"token": Batch(shape.batch), "row": Batch(shape.batch, model.n_embd)}
        if model.adapter and adapter_scale != 0:
            self._set_adapter(adapter_scale)

    def close(self) -> None:
        """Free the context."""
        if self._handle:
            llama_cpp.llama_free(self._handle)
            self._handle = None

    def decode(self, pieces: list[Piece]) -> list[Rows] | None:
        """Evaluate `pieces`, all of tokens or all of rows, in one batch.

        Returns one array (outputs, n_vocab) for each piece, or None when the cells are used up
        (nothing was changed then).

        Raises:
            ModelError: llama.cpp failed; what the batch's sequences hold is not known then.
        """
        batch = self._batches["row" if pieces[0].items.ndim == 2 else "token"]
        ends = batch.fill(pieces)
        code = llama_cpp.llama_decode(self._handle, batch.struct)
        if code == 1:
            return None
        if code != 0:
            raise ModelError(f"llama.cpp could not evaluate a batch (code {code}: {complaints()})")
        return [
            self._logits(end - piece.outputs, end) for piece, end in zip(pieces, ends, strict=True)
        ]

    def share(self, source: int, target: int, length: int) -> None:
        """Let `target` hold the first `length` items of `source`, without copying them."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def keep(self, slot: int, length: int) -> bool:
        """Drop the items of `slot` from `length` on; False when this memory cannot drop a part."""
        return bool(llama_cpp.llama_memory_seq_rm(self._memory, slot, length, -1))

    def clear(self, slot: int) -> None:
        """Drop all items of `slot`."""
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)

    def save(self, slot: int) -> bytes:
        """Return the state of `slot` as bytes."""
        size = llama_cpp.llama_state_seq_get_size(self._handle, slot)
        buffer = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(self._handle, buffer, size, slot)
        return bytes(memoryview(buffer)[:written])

    def load(self, slot: int, state: bytes) -> bool:
        """Put a saved state into `slot`; False when it does not fit this context."""
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        if llama_cpp.llama_state_seq_set_data(self._handle, buffer, len(state), slot):
            return True
        self.clear(slot)
        return False

    def _logits(self, start: int, end: int) -> Rows:
        n_vocab = self.model.n_vocab
        result = np.empty((end - start, n_vocab), np.float32)
        for row, index in enumerate(range(start, end)):
            pointer = llama_cpp.llama_get_logits_ith(self._handle, index)
            result[row] = np.ctypeslib.as_array(pointer, (n_vocab,))
        return result

    def _set_adapter(self, scale: float) -> None:
        adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self.model.adapter)
        scales = (ctypes.c_float * 1)(scale)
        if llama_cpp.llama_set_adapters_lora(self._handle, adapters, 1, scales) != 0:
            raise ModelError(f"the adapter could not be set ({complaints()})")
