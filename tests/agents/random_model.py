"""Writes Llama-shaped GGUF models with random weights: to test the runtime, and to time it.

What such a model says means nothing; how long it takes, and that nothing breaks, does.

    python tests/agents/random_model.py --shape 3b model.gguf     # 1.9 GB, Q4_0
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
WORDS = (
    "the wait time emergency hospital clinic parking how long is at who call phone number please "
    "where what children open close search contact lookup read page answer refuse clarify not "
    "found times name arguments place query tool user assistant system is in of to for and you are "
    "your with from it on"
).split()
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>")
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class Shape:
    """The measures of a Llama model."""

    layers: int = 2
    width: int = 64
    feed_forward: int = 128
    heads: int = 4
    context: int = 1024
    vocabulary: int = 0  # 0: as many tokens as the words need
    quantised: bool = False  # random Q4_0 blocks instead of random F32 weights


TINY = Shape()
OPEN_LLAMA_3B = Shape(26, 3200, 8640, 32, 2048, 32000, quantised=True)


def byte_letters() -> list[str]:
    """Return the printable character that stands for each byte in a byte-level BPE vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]


def words_vocabulary() -> tuple[list[str], list[str]]:
    """Return (tokens, merges) that spell every byte and read `WORDS` as one token each."""
    letters = byte_letters()
    tokens, merges = list(letters), []
    for word in WORDS:
        for spelled in (word, " " + word):
            pieces = [letters[b] for b in spelled.encode()]
            while len(pieces) > 1:
                merged = pieces[0] + pieces[1]
                if merged not in tokens:
                    tokens.append(merged)
                    merges.append(f"{pieces[0]} {pieces[1]}")
                pieces[:2] = [merged]
    return tokens, merges


def tensors(shape: Shape, n_vocab: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and shape of every tensor."""
    d, ff = shape.width, shape.feed_forward
    yield "token_embd.weight", (n_vocab, d)
    for i in range(shape.layers):
        yield f"blk.{i}.attn_norm.weight", (d,)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            yield f"blk.{i}.{name}.weight", (d, d)
        yield f"blk.{i}.ffn_norm.weight", (d,)
        yield f"blk.{i}.ffn_gate.weight", (ff, d)
        yield f"blk.{i}.ffn_up.weight", (ff, d)
        yield f"blk.{i}.ffn_down.weight", (d, ff)
    yield "output_norm.weight", (d,)
    yield "output.weight", (n_vocab, d)


def values(shape: tuple[int, ...], rng: np.random.Generator, quantised: bool) -> Array:
    """Return a random tensor: F32 of unit norm gain, or raw Q4_0 blocks as bytes."""
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    rows, width = shape
    if not quantised:
        weights: Array = rng.standard_normal(shape, np.float32) / np.float32(np.sqrt(width))
        return weights
    blocks: Array = rng.integers(0, 256, (rows, width // 32, 18), np.uint8)
    scale = np.array([0.2 / np.sqrt(width)], np.float16).view(np.uint8)
    blocks[:, :, :2] = scale
    flat: Array = blocks.reshape(rows, -1)
    return flat


def write_model(
    path: Path,
    shape: Shape = TINY,
    *,
    seed: int = 0,
    template: str = CHATML,
    spelling: tuple[list[str], list[str]] | None = None,
    markers: tuple[str, ...] = (),
) -> Path:
    """Write a model of `shape` to `path` and return `path`.

    `spelling` is (tokens, merges) of a byte-level BPE; by default it knows the words above. With
    `markers`, the protocol words of a model of ours and its slots, it reads evidence as one does.
    """
    tokens, merges = spelling or words_vocabulary()
    specials = (*SPECIALS, *markers)
    filler = max(0, shape.vocabulary - len(tokens) - len(specials))
    tokens = [*tokens, *(f"<filler{i}>" for i in range(filler)), *specials]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(2 if shape.quantised else 0)
    if markers:
        writer.add_uint32("frontdesk.slots", 1)
    _write_vocabulary(writer, tokens, merges, template, len(tokens) - len(specials))
    todo = list(tensors(shape, len(tokens)))
    for name, size in todo:
        quantised = shape.quantised and len(size) == 2
        kind = gguf.GGMLQuantizationType.Q4_0 if quantised else gguf.GGMLQuantizationType.F32
        n_bytes = int(np.prod(size)) * 18 // 32 if quantised else int(np.prod(size)) * 4
        writer.add_tensor_info(name, size, np.dtype(np.float32), n_bytes, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    rng = np.random.default_rng(seed)
    for _, size in todo:
        writer.write_tensor_data(values(size, rng, shape.quantised))
    writer.close()
    return path


def _write_vocabulary(
    writer: gguf.GGUFWriter,
    tokens: list[str],
    merges: list[str],
    template: str,
    first_special: int,
) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [
            int(gguf.TokenType.CONTROL if i >= first_special else gguf.TokenType.NORMAL)
            for i in range(len(tokens))
        ]
    )
    writer.add_token_merges(merges)
    writer.add_bos_token_id(first_special)
    writer.add_eos_token_id(first_special + 2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def write_adapter(path: Path, shape: Shape = TINY, *, seed: int = 1, rank: int = 4) -> Path:
    """Write a random LoRA adapter for a model of `shape` to `path` and return `path`."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(rank))
    rng = np.random.default_rng(seed)
    for i in range(shape.layers):
        for side, size in (("lora_a", (rank, shape.width)), ("lora_b", (shape.width, rank))):
            tensor = rng.standard_normal(size, np.float32) * 0.3
            writer.add_tensor(f"blk.{i}.attn_q.weight.{side}", tensor.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--shape", choices=["tiny", "3b"], default="tiny")
    asked = parser.parse_args()
    write_model(asked.path, OPEN_LLAMA_3B if asked.shape == "3b" else TINY)
