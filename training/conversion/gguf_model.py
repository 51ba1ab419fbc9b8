"""Writes a Hugging Face model as GGUF, tensor by tensor: an 8 B model needs no 16 GB for it."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import GGUFWriter, LlamaFileType, quant_shape_to_byte_shape, quants
from safetensors import SafetensorError, safe_open

from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.conversion.families import FAMILIES, Array, read_config, tensor_name
from frontdesk.training.conversion.precision import Precision
from frontdesk.training.conversion.shape import rope_factors, write_shape
from frontdesk.training.conversion.spelling import write_spelling

_FILE_TYPES = {
    "F32": LlamaFileType.ALL_F32,
    "F16": LlamaFileType.MOSTLY_F16,
    "BF16": LlamaFileType.MOSTLY_BF16,
}


def write_gguf(model: Path, target: Path, precision: Precision = "F16", name: str = "") -> Path:
    """Write the model in the folder `model` to `target`; vectors stay F32.

    Tokenizer and chat template go into the file. It appears whole or not at all.

    Raises:
        ConversionError: the model is of a family, or has a tokenizer, that is not written here.
    """
    # Three seconds to import, and only who converts needs it.
    from transformers import AutoTokenizer

    config = read_config(model)
    family = FAMILIES[config["model_type"]]
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(part, family.name)
    writer.add_name(name or model.name)
    writer.add_file_type(_FILE_TYPES[precision])
    write_shape(writer, config)
    write_spelling(
        writer,
        AutoTokenizer.from_pretrained(model, local_files_only=True),
        config["vocab_size"],
    )
    factors = rope_factors(config)
    written = [("rope_freqs.weight", factors)] if factors is not None else []
    tied = bool(config["tie_word_embeddings"])
    sizes = {n: size for n, size in _shapes(model) if not (tied and n == "lm_head.weight")}
    layers = config["num_hidden_layers"]
    for key, array in written:
        writer.add_tensor_info(key, array.shape, array.dtype, array.nbytes)
    for key, size in sizes.items():
        kind = Kind[precision] if len(size) > 1 else Kind.F32
        n_bytes = int(np.prod(quant_shape_to_byte_shape(size, kind)))
        place = tensor_name(family, layers, key)
        writer.add_tensor_info(place, size, np.dtype(np.float32), n_bytes, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for _, array in written:
        writer.write_tensor_data(array)
    for key, array in tensors(model):
        if key in sizes:
            kind = Kind[precision] if array.ndim > 1 else Kind.F32
            data = np.ascontiguousarray(family.written(key, array, config), np.float32)
            writer.write_tensor_data(quants.quantize(data, kind))
    writer.close()
    part.replace(target)
    return target


def write_tensors(writer: GGUFWriter, named: Iterable[tuple[str, Array]]) -> None:
    """Write [(name, tensor)] as F32 behind the keys that `writer` holds, and close the file."""
    for name, array in named:
        writer.add_tensor(name, np.ascontiguousarray(array, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(model: Path) -> Iterator[tuple[str, Array]]:
    """Yield (name, float32 array) for each tensor of the safetensors files, one at a time."""
    for file, names in _files(model):
        with safe_open(file, framework="pt") as opened:
            for name in names:
                yield name, opened.get_tensor(name).float().numpy()


def _shapes(model: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    for file, names in _files(model):
        with safe_open(file, framework="pt") as opened:
            for name in names:
                yield name, tuple(opened.get_slice(name).get_shape())


def _files(model: Path) -> Iterator[tuple[Path, list[str]]]:
    index = model / "model.safetensors.index.json"
    names = ["model.safetensors"]
    if index.is_file():
        places: dict[str, Any] = json.loads(index.read_text("utf-8"))["weight_map"]
        names = sorted(set(places.values()))
    for file in (model / name for name in names):
        try:
            with safe_open(file, framework="pt") as opened:
                keys = sorted(opened.keys())
        except (OSError, SafetensorError) as error:
            raise ConversionError(f"{file} cannot be read: {error}") from error
        yield file, keys
