"""A trained model read back from its GGUF file, to be trained on.

Weights that were quantised come back as they are served, so training goes on from what answers.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.agents.small.prompt import MARKERS
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.training.conversion.families import Config, tensor_name
from frontdesk.training.conversion.shape import read_shape
from frontdesk.training.conversion.small_model import FAMILY
from frontdesk.training.network import make_network
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.tokenizer import byte_level

_SLOT = "<|slot_"
BYTES_PER_PARAMETER = 4 * 4  # weight, gradient and AdamW's two moments, float32


@dataclass(frozen=True)
class Base:
    """A model to train on, with its tokenizer."""

    network: LlamaForCausalLM
    tokenizer: Tokenizer


def read_base(path: Path) -> Base:
    """Return the model of a GGUF file that this project trained.

    A marker that the file does not know starts as the mean of those it knows. Raises
    `TrainingError` for any other file, and where training takes more memory than is free.
    """
    reader = _open(path)
    old = _value(reader, "tokenizer.ggml.tokens")
    names = _widened(old)
    shape = read_shape(reader)
    parameters = sum(int(np.prod(tensor.shape)) for tensor in reader.tensors)
    require_memory(parameters, str(path))
    network = make_network(
        len(names),
        width=shape["hidden_size"],
        layers=shape["num_hidden_layers"],
        heads=shape["num_attention_heads"],
        feed_forward=shape["intermediate_size"],
    )
    place = {name: row for row, name in enumerate(old)}
    _fill(network, reader, shape, [place.get(name) for name in names])
    return Base(network, _tokenizer(reader, names))


def _widened(names: Sequence[str]) -> list[str]:
    """Return the tokens with the markers that this version has added, before the slots."""
    slots = [name for name in names if name.startswith(_SLOT)]
    rest = [name for name in names if not name.startswith(_SLOT)]
    return [*rest, *(marker for marker in MARKERS if marker not in rest), *slots]


def read_tokenizer_of(path: Path) -> Tokenizer:
    """Return the tokenizer of a GGUF file that this project trained. Raises `TrainingError`."""
    reader = _open(path)
    return _tokenizer(reader, _widened(_value(reader, "tokenizer.ggml.tokens")))


def require_memory(parameters: int, name: str) -> None:
    """Raise `TrainingError` when training that many parameters takes more memory than is free."""
    needed = parameters * BYTES_PER_PARAMETER
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > free:
        raise TrainingError(
            f"{name}: training its {parameters / 1e6:.0f} M parameters takes {needed / 2**30:.1f}"
            f" GiB of memory, {free / 2**30:.1f} are free; choose a smaller base"
        )


def _open(path: Path) -> Any:
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: no such base model") from error
    except (ValueError, OSError) as error:
        raise TrainingError(f"{path}: not a GGUF model ({error})") from error
    if _value(reader, "frontdesk.slots") != SLOT_TOKENS:
        raise TrainingError(
            f"{path}: not a model of this project's shape (frontdesk.slots is not {SLOT_TOKENS});"
            " start from the bundled one (--set base=bundled), others: docs/fine-tuning.md"
        )
    return reader


def _value(reader: Any, key: str) -> Any:
    field = reader.fields.get(key)
    return field.contents() if field is not None else None


def _fill(
    network: LlamaForCausalLM, reader: Any, shape: Config, rows: Sequence[int | None]
) -> None:
    """Copy the weights; `rows` says which row of the file each token's embedding is, if any."""
    from gguf.quants import dequantize

    tensors = {tensor.name: tensor for tensor in reader.tensors}
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            tensor = tensors[tensor_name(FAMILY, shape["num_hidden_layers"], name)]
            array = np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)
            if "embed_tokens" in name:
                known = array[[row for row in rows if row is not None]]
                mean = known[-SLOT_TOKENS - len(MARKERS) : -SLOT_TOKENS].mean(axis=0)
                array = np.stack([mean if row is None else array[row] for row in rows])
            array = FAMILY.read(name, array, shape)
            parameter.copy_(torch.tensor(array).reshape(parameter.shape))


def _tokenizer(reader: Any, names: list[str]) -> Tokenizer:
    """Return the byte-level BPE tokenizer whose pieces and merges the file holds."""
    specials = {*MARKERS, *(name for name in names if name.startswith(_SLOT))}
    merges = [tuple(merge.split(" ")) for merge in _value(reader, "tokenizer.ggml.merges")]
    pieces = {name: n for n, name in enumerate(names) if name not in specials}
    tokenizer = byte_level(pieces, merges, [name for name in names if name in specials])
    wrong = [name for n, name in enumerate(names) if tokenizer.token_to_id(name) != n]
    if wrong:
        raise TrainingError(f"the tokenizer of the base model is broken at {json.dumps(wrong[0])}")
    return tokenizer
