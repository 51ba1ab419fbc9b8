"""The measures of a model in a GGUF file: written from its configuration, and read back.

Key names are those of the GGUF specification
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

import math
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFWriter, Keys, RopeScalingType

from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.conversion.families import Array, Config

_MEASURES = {
    "num_hidden_layers": Keys.LLM.BLOCK_COUNT,
    "max_position_embeddings": Keys.LLM.CONTEXT_LENGTH,
    "hidden_size": Keys.LLM.EMBEDDING_LENGTH,
    "intermediate_size": Keys.LLM.FEED_FORWARD_LENGTH,
    "num_attention_heads": Keys.Attention.HEAD_COUNT,
    "num_key_value_heads": Keys.Attention.HEAD_COUNT_KV,
    "vocab_size": Keys.LLM.VOCAB_SIZE,
}


def write_shape(writer: GGUFWriter, config: Config) -> None:
    """Write the measures of the model. Raises `ConversionError` for what llama.cpp has not."""
    for name, key in _MEASURES.items():
        writer.add_uint32(key.format(arch=writer.arch), config[name])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _refuse_unwritten(config)
    if config["model_type"] == "gemma3_text":
        writer.add_sliding_window(config["sliding_window"])
    rope = _rope(config)
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope.get("rope_type") == "linear":
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])


def read_shape(reader: GGUFReader) -> dict[str, int]:
    """Return the measures of a GGUF file under their names in a configuration."""
    arch = reader.fields[Keys.General.ARCHITECTURE].contents()
    fields = {name: reader.fields[key.format(arch=arch)] for name, key in _MEASURES.items()}
    return {name: int(field.contents()) for name, field in fields.items()}


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
