"""Evidence as input embeddings: the rows of the model's own token table that carry numbers.

The last EMBEDDING + FEATURES tokens of the vocabulary are never written: their embeddings are the
columns of the projector, so a plain GGUF holds all of it and any quantisation applies to it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from frontdesk.agents.errors import ModelError
from frontdesk.agents.small.prompt import SLOT_SIZE

SLOT_TOKENS = SLOT_SIZE
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """`tokens` (n_vocab, n_embd) and its last rows, the `projector` (SLOT_TOKENS, n_embd)."""

    tokens: Rows
    projector: Rows


def read_table(path: Path) -> Table:
    """Return the token table of a GGUF file; raises ModelError when it has no slots."""
    from gguf import GGUFReader
    from gguf.quants import dequantize

    reader = GGUFReader(path)
    tensor = next((t for t in reader.tensors if t.name == "token_embd.weight"), None)
    if tensor is None or "frontdesk.slots" not in reader.fields:
        raise ModelError(f"{path}: not a model trained by this project (no frontdesk.slots key)")
    tokens = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
    return Table(tokens, tokens[-SLOT_TOKENS:])


def slot_rows(table: Table, token: int, values: Rows) -> Rows:
    """Return the row (1, n_embd) of a slot: its marker's embedding plus the projected evidence."""
    row: Rows = table.tokens[token] + values @ table.projector
    return row[None, :]
