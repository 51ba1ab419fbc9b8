"""From PyTorch to GGUF, without anybody else's converter: a Llama decoder and its LoRA adapter.

    python -m frontdesk.training.export runs/small

Tensor names and key names are those of the GGUF specification
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from frontdesk.agents.small.slots import SLOT_TOKENS

Array = np.ndarray
_LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
NORMAL, CONTROL = 1, 3
QUANTISATIONS = ("F16", "Q8_0", "Q4_0", "Q4_K_M")
# What a weight of the adapter is multiplied by in the file.
ADAPTER_STRENGTH = 1.0


def gguf_name(name: str) -> str:
    """Return the GGUF name of a transformers Llama tensor, without its suffix."""
    if name in _NAMES:
        return _NAMES[name]
    _, _, layer, part = name.split(".", 3)
    return f"blk.{layer}.{_LAYER_NAMES[part]}"


def interleave(weight: Array, heads: int, *, back: bool = False) -> Array:
    """Return a query or key weight (rows, n) in GGUF's order of rotary pairs, or `back` from it.

    transformers rotates the two halves of a head, llama.cpp neighbouring rows.
    """
    half = weight.shape[0] // heads // 2
    shape = (heads, half, 2) if back else (heads, 2, half)
    pairs = weight.reshape(*shape, *weight.shape[1:])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def write_model(
    path: Path,
    tensors: Mapping[str, Array],
    config: Mapping[str, int],
    tokenizer: Tokenizer,
    facts: Mapping[str, str | int],
) -> None:
    """Write a Llama-shaped model as F32 GGUF; `facts` become metadata keys."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(config["vocab_size"])
    for key, value in facts.items():
        if isinstance(value, int):
            writer.add_uint32(key, value)
        else:
            writer.add_string(key, value)
    _add_tokenizer(writer, tokenizer)
    for name, array in tensors.items():
        stem, _, _ = name.rpartition(".")
        if name == "lm_head.weight":
            continue
        if "q_proj" in name or "k_proj" in name:
            array = interleave(array, config["num_attention_heads"])
        writer.add_tensor(f"{gguf_name(stem)}.weight", np.ascontiguousarray(array, np.float32))
    _finish(writer)


def write_adapter(
    path: Path, pairs: Iterable[tuple[str, Array, Array]], *, heads: int, alpha: float, name: str
) -> None:
    """Write LoRA matrices [(tensor name, A (r, n), B (m, r))] as a GGUF adapter."""
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for tensor, a, b in pairs:
        if "q_proj" in tensor or "k_proj" in tensor:
            b = interleave(b, heads)
        stem = gguf_name(tensor)
        writer.add_tensor(f"{stem}.weight.lora_a", np.ascontiguousarray(a, np.float32))
        writer.add_tensor(f"{stem}.weight.lora_b", np.ascontiguousarray(b, np.float32))
    _finish(writer)


def quantise(source: Path, target: Path, kind: str = "Q8_0") -> None:
    """Write `source` quantised; raises ValueError for a kind llama.cpp does not know."""
    import llama_cpp

    if kind not in QUANTISATIONS:
        raise ValueError(
            f"quantisation {kind!r} is not known; use one of {', '.join(QUANTISATIONS)}"
        )
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    options.nthread = 1
    code = llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), options)
    if code != 0:
        raise ValueError(f"llama.cpp could not quantise {source} to {kind} (code {code})")


def _add_tokenizer(writer: object, tokenizer: Tokenizer) -> None:
    from gguf import GGUFWriter

    assert isinstance(writer, GGUFWriter)
    model = json.loads(tokenizer.to_str())
    specials = {token["content"] for token in model["added_tokens"]}
    tokens = [tokenizer.id_to_token(n) for n in range(tokenizer.get_vocab_size())]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if t in specials else NORMAL for t in tokens])
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["model"]["merges"]]
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokenizer.token_to_id("<|end|>"))
    writer.add_pad_token_id(tokenizer.token_to_id("<|pad|>"))
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)


def _finish(writer: object) -> None:
    from gguf import GGUFWriter

    assert isinstance(writer, GGUFWriter)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def bundled_facts(name: str) -> dict[str, str | int]:
    """Return the GGUF keys that make a file one of this project's models."""
    return {"general.name": name, "general.license": "MIT", "frontdesk.slots": SLOT_TOKENS}


def export(run: Path, name: str = "frontdesk-small") -> list[Path]:
    """Write `export/`: the model in F32 and Q8_0, and the refusal adapter when there is one."""
    from frontdesk.training.checkpoint import read_adapter, read_tensors

    folder = run / "export"
    folder.mkdir(parents=True, exist_ok=True)
    tensors, config = read_tensors(run / "sft" / "model.pt")
    tokenizer = Tokenizer.from_file(str(run / "collect" / "tokenizer.json"))
    full, small = folder / f"{name}-f32.gguf", folder / f"{name}-q8_0.gguf"
    write_model(full, tensors, config, tokenizer, bundled_facts(name))
    quantise(full, small, "Q8_0")
    written = [full, small]
    if (run / "dpo" / "adapter.pt").exists():
        pairs, alpha = read_adapter(run / "dpo" / "adapter.pt")
        adapter = folder / "refusal.gguf"
        heads = config["num_attention_heads"]
        strength = alpha * ADAPTER_STRENGTH
        write_adapter(adapter, pairs, heads=heads, alpha=strength, name="refusal")
        written.append(adapter)
    return written


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    for path in export(parser.parse_args().run):
        print(f"{path} {path.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
