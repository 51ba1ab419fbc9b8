"""Does a GGUF file say what its PyTorch weights say? The same tokens, written greedily by both."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frontdesk.agents.runtime.engine import Engine


@dataclass(frozen=True)
class Greedy:
    """What both wrote after one prompt; `gap` is PyTorch's lead, in logits, where they part.

    `equal` counts the tokens until there; a gap near zero is a tie that rounding decides.
    """

    prompt: str
    served: tuple[int, ...]
    trained: tuple[int, ...]
    equal: int
    gap: float

    @property
    def same(self) -> bool:
        """Whether every token is the same."""
        return self.served == self.trained


def compare(
    gguf: Path, model: Path, prompts: Sequence[str], tokens: int = 24, adapter: Path | None = None
) -> list[Greedy]:
    """Return what `gguf` and the folder `model` write after each prompt, `tokens` long.

    With `adapter`, a GGUF LoRA is loaded beside `gguf`; `model` is then the merged one. A prompt
    that the two spell differently counts as no token equal.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(model, local_files_only=True)
    network = AutoModelForCausalLM.from_pretrained(
        model, dtype=torch.float32, local_files_only=True
    ).eval()
    found = []
    with Engine(gguf, adapter=adapter) as engine:
        for prompt in prompts:
            ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
            if engine.tokenize(prompt) != ids:
                found.append(Greedy(prompt, tuple(engine.tokenize(prompt)), tuple(ids), 0, 0.0))
                continue
            served = _served(engine, ids, tokens)
            with torch.no_grad():
                trained, gaps = _trained(network, ids, tokens)
            pairs = zip(served, trained, strict=True)
            equal = next((n for n, (a, b) in enumerate(pairs) if a != b), tokens)
            gap = gaps[equal] if equal < tokens else 0.0
            found.append(Greedy(prompt, tuple(served), tuple(trained), equal, gap))
    return found


def _served(engine: Engine, ids: Sequence[int], tokens: int) -> list[int]:
    written: list[int] = []
    with engine.open() as sequence:
        logits = sequence.extend(list(ids))
        for _ in range(tokens):
            written.append(int(np.argmax(logits)))
            logits = sequence.extend(written[-1:])
    return written


def _trained(network: Any, ids: Sequence[int], tokens: int) -> tuple[list[int], list[float]]:
    import torch

    written: list[int] = []
    gaps: list[float] = []
    asked, past = torch.tensor([list(ids)]), None
    for _ in range(tokens):
        out = network(input_ids=asked, past_key_values=past, use_cache=True)
        best = out.logits[0, -1].topk(2)
        written.append(int(best.indices[0]))
        gaps.append(float(best.values[0] - best.values[1]))
        asked, past = best.indices[:1][None], out.past_key_values
    return written, gaps
