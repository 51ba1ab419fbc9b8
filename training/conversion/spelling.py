"""The tokenizer of a Hugging Face folder, written so that llama.cpp spells the same.

Two kinds: byte-level BPE ("gpt2", with the split of one of the families below) and BPE over
characters with byte fallback ("llama": Llama 2, Mistral, Gemma). There llama.cpp merges by score;
the score is the rank of the merge.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from gguf import GGUFWriter, TokenType

from frontdesk.training.conversion.errors import ConversionError

_BYTE = re.compile(r"<0x[0-9A-Fa-f]{2}>")
# A part of the split regex that tells llama.cpp's pre-tokenizers apart, the most special first.
_SPLITS = (
    (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}", "tekken"),
    (r"\p{N}{1,3}", "llama-bpe"),
    (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|", "qwen2"),
)


def write_spelling(writer: GGUFWriter, tokenizer: Any, size: int) -> None:
    """Write the vocabulary, padded to the `size` of the embedding, and the chat template.

    Raises:
        ConversionError: it is of a kind that llama.cpp would spell otherwise.
    """
    whole = json.loads(tokenizer.backend_tokenizer.to_str())
    model = whole["model"]
    if model["type"] != "BPE":
        raise ConversionError(f"a tokenizer of type {model['type']} is not written here, only BPE")
    names = _names(tokenizer, size)
    merges = [m.split(" ", 1) if isinstance(m, str) else m for m in model["merges"]]
    if model.get("byte_fallback"):
        _write_fallback(writer, whole, names, merges)
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(_split(whole))
        writer.add_token_list(names)
        writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_token_types(list(_types(tokenizer, names)))
    for mark in ("bos", "eos", "pad", "unk"):
        token = getattr(tokenizer, f"{mark}_token_id")
        if token is not None:
            getattr(writer, f"add_{mark}_token_id")(token)
    begins = tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
    writer.add_add_bos_token(begins and tokenizer.bos_token_id is not None)
    writer.add_add_eos_token(False)
    if isinstance(tokenizer.chat_template, str):
        writer.add_chat_template(tokenizer.chat_template)


def _names(tokenizer: Any, size: int) -> list[str]:
    known = {token: name for name, token in tokenizer.get_vocab().items()}
    if known and max(known) >= size:
        raise ConversionError(f"token {max(known)} has no row in an embedding of {size}")
    return [known.get(token, f"[PAD{token}]") for token in range(size)]


def _types(tokenizer: Any, names: list[str]) -> Iterator[int]:
    added = tokenizer.added_tokens_decoder
    vocabulary = tokenizer.get_vocab()
    for token, name in enumerate(names):
        if name not in vocabulary:
            yield int(TokenType.UNUSED)
        elif token == tokenizer.unk_token_id:
            yield int(TokenType.UNKNOWN)
        elif token in added:
            special = added[token].special
            yield int(TokenType.CONTROL if special else TokenType.USER_DEFINED)
        else:
            yield int(TokenType.BYTE if _BYTE.fullmatch(name) else TokenType.NORMAL)


def _write_fallback(
    writer: GGUFWriter, whole: dict[str, Any], names: list[str], merges: list[list[str]]
) -> None:
    rank: dict[str, int] = {}
    for n, (left, right) in enumerate(merges):
        rank.setdefault(left + right, n)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(names)
    writer.add_token_scores([-float(rank.get(name, len(merges))) for name in names])
    writer.add_add_space_prefix(_prefixes_space(whole))
    writer.add_remove_extra_whitespaces(False)


def _prefixes_space(whole: dict[str, Any]) -> bool:
    """Return whether a text's first word is spelled as if a space stood before it."""
    for part in (*_parts(whole["normalizer"]), *_parts(whole["pre_tokenizer"])):
        if part["type"] == "Prepend":
            return True
        if part["type"] == "Metaspace":
            return bool(part.get("prepend_scheme", "always") != "never")
    return False


def _split(whole: dict[str, Any]) -> str:
    parts = list(_parts(whole["pre_tokenizer"]))
    patterns = [p["pattern"].get("Regex", "") for p in parts if p["type"] == "Split"]
    for pattern in patterns:
        for piece, name in _SPLITS:
            if piece in pattern:
                return name
    if not patterns and any(p["type"] == "ByteLevel" and p.get("use_regex", True) for p in parts):
        return "gpt-2"
    raise ConversionError(
        f"a tokenizer that splits by {patterns or [p['type'] for p in parts]} is not known here; "
        "convert the model with llama.cpp's convert_hf_to_gguf.py"
    )


def _parts(part: dict[str, Any] | None) -> Iterable[dict[str, Any]]:
    if part is None:
        return []
    if part["type"] != "Sequence":
        return [part]
    inner = part.get("pretokenizers") or part.get("normalizers") or []
    return [piece for one in inner for piece in _parts(one)]
