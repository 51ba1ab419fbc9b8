"""The families of models that are written as GGUF, and what differs between them.

llama, mistral     rotary pairs of query and key lie side by side
qwen2, qwen3       as in transformers
gemma, gemma3      norms hold their weight minus one
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, get_tensor_name_map

from frontdesk.training.conversion.errors import ConversionError

Array = np.ndarray
Config = Mapping[str, Any]


@dataclass(frozen=True)
class Family:
    """How one kind of model is written: its GGUF name and what is done to its tensors."""

    arch: MODEL_ARCH
    interleaved: bool = False
    shifted_norms: bool = False

    @property
    def name(self) -> str:
        """The name of the architecture in the file."""
        return str(MODEL_ARCH_NAMES[self.arch])

    def written(self, name: str, array: Array, config: Config) -> Array:
        """Return the tensor `name` of transformers as llama.cpp reads it."""
        if self._rotates(name):
            array = _interleaved(array, _heads(name, config))
        if self.shifted_norms and name.endswith("norm.weight"):
            array = array + 1.0
        return array

    def read(self, name: str, array: Array, config: Config) -> Array:
        """Return the tensor `name` as transformers holds it: the inverse of `written`."""
        if self._rotates(name):
            array = _interleaved(array, _heads(name, config), back=True)
        if self.shifted_norms and name.endswith("norm.weight"):
            array = array - 1.0
        return array

    def _rotates(self, name: str) -> bool:
        return self.interleaved and ("q_proj" in name or "k_proj" in name)


FAMILIES = {
    "llama": Family(MODEL_ARCH.LLAMA, interleaved=True),
    "mistral": Family(MODEL_ARCH.LLAMA, interleaved=True),
    "qwen2": Family(MODEL_ARCH.QWEN2),
    "qwen3": Family(MODEL_ARCH.QWEN3),
    "gemma": Family(MODEL_ARCH.GEMMA, shifted_norms=True),
    "gemma3_text": Family(MODEL_ARCH.GEMMA3, shifted_norms=True),
}


def read_config(model: Path) -> dict[str, Any]:
    """Return the model's configuration with every default filled in.

    Raises:
        ConversionError: there is none, or the family is not written here.
    """
    # Three seconds to import, and only for the defaults of a configuration.
    from transformers import AutoConfig

    if not (model / "config.json").is_file():
        raise ConversionError(f"{model}: no config.json there; give a Hugging Face folder")
    kind = json.loads((model / "config.json").read_text("utf-8")).get("model_type")
    if kind not in FAMILIES:
        raise ConversionError(
            f"{model}: models of type {kind!r} are not written here, only {', '.join(FAMILIES)}; "
            "convert it with llama.cpp's convert_hf_to_gguf.py"
        )
    config: dict[str, Any] = AutoConfig.from_pretrained(model, local_files_only=True).to_dict()
    config["head_dim"] = config.get("head_dim") or (
        config["hidden_size"] // config["num_attention_heads"]
    )
    return config


def tensor_name(family: Family, layers: int, name: str) -> str:
    """Return the GGUF name of a tensor. Raises `ConversionError` for one that has none."""
    found = get_tensor_name_map(family.arch, layers).get_name(name, (".weight", ".bias"))
    if found is None:
        raise ConversionError(f"tensor {name!r} has no place in a GGUF file of kind {family.name}")
    return str(found)


def _heads(name: str, config: Config) -> int:
    return int(config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"])


def _interleaved(weight: Array, heads: int, *, back: bool = False) -> Array:
    """Return a query or key weight (rows, n) in GGUF's order of rotary pairs, or `back` from it.

    transformers rotates the two halves of a head, llama.cpp neighbouring rows.
    """
    half = weight.shape[0] // heads // 2
    shape = (heads, half, 2) if back else (heads, 2, half)
    pairs = weight.reshape(*shape, *weight.shape[1:])
    return pairs.swapaxes(1, 2).reshape(weight.shape)
