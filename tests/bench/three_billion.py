"""The model and the material that the runtime is timed with, made once and kept.

The model has the shape of open_llama_3b_v2 in Q4_0 with random weights (1.9 GB): how long it takes
does not depend on what it knows. Its vocabulary is trained on the passages, so that a text costs
about as many tokens as with a real one.
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

sys.path.append(str(Path(__file__).parents[1] / "agents"))
from random_model import OPEN_LLAMA_3B, Shape, write_model

CHUNK = 500  # characters


def passages(folder: Path) -> list[str]:
    """Return the texts under `folder` (Markdown and text files) in chunks of 500 characters."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.md"))]
    joined = "\n\n".join(texts)
    return [joined[i : i + CHUNK] for i in range(0, len(joined), CHUNK)]


def timing_model(path: Path, texts: list[str], shape: Shape = OPEN_LLAMA_3B) -> Path:
    """Write the model to `path` unless it is there."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        write_model(partial, shape, spelling=spelling(texts))
        partial.replace(path)
    return path


def spelling(texts: list[str], size: int = 8000) -> tuple[list[str], list[str]]:
    """Return (tokens, merges) of a byte-level BPE trained on `texts`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=lambda token: int(model["vocab"][token]))
    return tokens, [" ".join(pair) for pair in model["merges"]]
