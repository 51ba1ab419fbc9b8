"""The families of models that are written as GGUF, and what differs between them.

    llama, mistral     rotary pairs of query and key lie side by side
    qwen2, qwen3       as in transformers
    gemma, gemma3      norms hold their weight minus one

Key names are those of the GGUF specification
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, GGUFWriter, RopeScalingType, get_tensor_name_map

from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.export import interleave

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
        if self.interleaved and ("q_proj" in name or "k_proj" in name):
            key = "num_attention_heads" if "q_proj" in name else "num_key_value_heads"
            array = interleave(array, config[key])
        if self.shifted_norms and name.endswith("norm.weight"):
            array = array + 1.0
        return array


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


def write_shape(writer: GGUFWriter, config: Config) -> None:
    """Write the measures of the model."""
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    _refuse_unwritten(config)
    if config["model_type"] == "gemma3_text":
        writer.add_sliding_window(config["sliding_window"])
    rope = _rope(config)
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope.get("rope_type") == "linear":
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def rope_factors(config: Config) -> Array | None:
    """Return Llama 3's divisors of the rotary frequencies (head_dim / 2,), None for others.

    Low frequencies are slowed by `factor`, high ones kept, those between blended
    ("The Llama 3 Herd of Models", 2024).
    """
    rope = _rope(config)
    if rope.get("rope_type") != "llama3":
        return None
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    factors = []
    for n in range(0, config["head_dim"], 2):
        wave = 2 * math.pi * rope["rope_theta"] ** (n / config["head_dim"])
        if wave < high:
            factors.append(1.0)
        elif wave > low:
            factors.append(rope["factor"])
        else:
            share = rope["original_max_position_embeddings"] / wave - rope["low_freq_factor"]
            share /= rope["high_freq_factor"] - rope["low_freq_factor"]
            factors.append(1 / ((1 - share) / rope["factor"] + share))
    return np.array(factors, np.float32)


def _rope(config: Config) -> dict[str, Any]:
    rope = config["rope_parameters"]
    found: dict[str, Any] = rope.get("full_attention", rope)
    return found


def _refuse_unwritten(config: Config) -> None:
    kind, rope = config["model_type"], _rope(config).get("rope_type", "default")
    if rope not in ("default", "linear", "llama3"):
        raise ConversionError(f"rotary positions of type {rope!r} are not written here")
    if kind == "gemma3_text" and config["query_pre_attn_scalar"] != config["head_dim"]:
        raise ConversionError("query_pre_attn_scalar must be head_dim, as llama.cpp takes it")
    if config.get("use_sliding_window"):
        raise ConversionError("use_sliding_window = true is not written for this family")
