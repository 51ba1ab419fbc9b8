"""Writes the bundled model's kind as GGUF: a Llama decoder that reads slots, and its LoRA adapter.

The key `frontdesk.slots` makes a file one of this project's models.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from gguf import GGUFReader, GGUFWriter
from tokenizers import Tokenizer

from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.training.conversion.families import FAMILIES, Array, Config, tensor_name
from frontdesk.training.conversion.gguf_adapter import write_matrices
from frontdesk.training.conversion.gguf_model import write_tensors
from frontdesk.training.conversion.shape import read_shape, write_shape
from frontdesk.training.conversion.spelling import write_spelling
from frontdesk.training.tokenizer import as_transformers

FAMILY = FAMILIES["llama"]


def write_model(
    path: Path, tensors: Mapping[str, Array], config: Config, tokenizer: Tokenizer, name: str
) -> None:
    """Write the tensors of transformers as F32; the tied output layer is left out."""
    writer = GGUFWriter(path, FAMILY.name)
    writer.add_name(name)
    writer.add_license("MIT")
    writer.add_uint32("frontdesk.slots", SLOT_TOKENS)
    write_shape(writer, config)
    write_spelling(writer, as_transformers(tokenizer), config["vocab_size"])
    layers = config["num_hidden_layers"]
    named = (
        (tensor_name(FAMILY, layers, key), FAMILY.written(key, array, config))
        for key, array in tensors.items()
        if key != "lm_head.weight"
    )
    write_tensors(writer, named)


def write_adapter(
    path: Path,
    pairs: Iterable[tuple[str, Array, Array]],
    model: Path,
    *,
    alpha: float,
    name: str,
) -> None:
    """Write LoRA matrices [(tensor, A (r, n), B (m, r))], to be loaded beside the file `model`."""
    shape = read_shape(GGUFReader(model))
    write_matrices(path, pairs, FAMILY, shape, alpha=alpha, name=name)
