"""The bundled model's tokenizer: byte-level BPE that llama.cpp reads as `qwen2`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from frontdesk.agents.small.prompt import MARKERS, marker
from frontdesk.agents.small.slots import SLOT_TOKENS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# The split of Qwen2: words with their leading space, single digits, runs of punctuation.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SLOT_NAMES = tuple(f"<|slot_{n}|>" for n in range(SLOT_TOKENS))


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Return a BPE tokenizer of `vocabulary` word pieces, then the markers, then the slots."""
    tokenizer = _empty(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    _mark(tokenizer, (*MARKERS, *SLOT_NAMES))
    return tokenizer


def byte_level(
    pieces: Mapping[str, int], merges: Sequence[tuple[str, str]], specials: Sequence[str]
) -> Tokenizer:
    """Return the tokenizer of these word pieces and merges, then `specials` in their order."""
    tokenizer = _empty(models.BPE(vocab=dict(pieces), merges=list(merges)))
    _mark(tokenizer, specials)
    return tokenizer


def _empty(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _mark(tokenizer: Tokenizer, names: Sequence[str]) -> None:
    specials = [AddedToken(name, special=True, normalized=False) for name in names]
    tokenizer.add_special_tokens(specials)


def token_id(tokenizer: Tokenizer, name: str) -> int:
    """Return the id of a marker; raises KeyError when the tokenizer was trained without it."""
    known: int | None = tokenizer.token_to_id(name)
    if known is None:
        raise KeyError(f"no token for {name}; train the tokenizer again")
    return known


def read_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer saved at `path`."""
    return Tokenizer.from_file(str(path))


def as_transformers(tokenizer: Tokenizer) -> "PreTrainedTokenizerFast":
    """Return the tokenizer in the form that transformers and TRL take."""
    # Three seconds to import, which a stage that only encodes does without.
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=marker("pad"), eos_token=marker("end")
    )
