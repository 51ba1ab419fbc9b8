"""What a quantisation costs: size, right replies and surprise, against PyTorch in float32.

| file | MiB | replies all right | points lost | nats a token | greedy as PyTorch |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frontdesk.agents.runtime.engine import Engine
from frontdesk.training.causal.base import open_tokenizer
from frontdesk.training.causal.dialogues import Dialogue
from frontdesk.training.causal.examples import UNLEARNT, Reader

Ids = Sequence[int]
Read = Callable[[Ids, int], np.ndarray]


@dataclass(frozen=True)
class Cost:
    """One row: `right` is the share of replies whose every token is the likeliest one.

    `surprise` is the mean negative log-likelihood of the right tokens, in nats; `equal`, on how
    many replies it and PyTorch find the same tokens likeliest.
    """

    name: str
    mib: float
    right: float
    surprise: float
    equal: float
    lost: float
    replies: int


def costs(model: Path, files: Sequence[Path], dialogues: Sequence[Dialogue]) -> list[Cost]:
    """Return a row for PyTorch's float32 weights in `model`, then one for each GGUF file."""
    reader = Reader.of(open_tokenizer(str(model)))
    asked = [
        (example.ids, sum(label != UNLEARNT for label in example.labels))
        for dialogue in dialogues
        for example in reader.examples(dialogue)[-1:]
    ]
    weights = sum(file.stat().st_size for file in model.glob("*.safetensors"))
    first = _judge("PyTorch, float32", weights, asked, _pytorch(model), None)
    rows = [first[0]]
    for file in files:
        with Engine(file) as engine:
            read = _engine(engine)
            rows.append(_judge(file.stem, file.stat().st_size, asked, read, first)[0])
    return rows


def table(rows: Sequence[Cost]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| weights | MiB | replies all right | points lost | nats a token | as PyTorch |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.name} | {r.mib:.1f} | {100 * r.right:.2f} % | {r.lost:+.2f} | {r.surprise:.4f} "
        f"| {100 * r.equal:.2f} % |"
        for r in rows
    ]
    return "\n".join(lines)


def _judge(
    name: str,
    size: int,
    asked: Sequence[tuple[Ids, int]],
    read: Read,
    first: tuple[Cost, list[tuple[int, ...]]] | None,
) -> tuple[Cost, list[tuple[int, ...]]]:
    guesses, right, surprise, count = [], 0, 0.0, 0
    for ids, learnt in asked:
        logits = read(ids[:-1], learnt).astype(np.float64)
        wanted = np.asarray(ids[-learnt:])
        guess = tuple(int(token) for token in logits.argmax(-1))
        shifted = logits - logits.max(-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
        surprise -= float(logs[np.arange(learnt), wanted].sum())
        count += learnt
        right += guess == tuple(wanted.tolist())
        guesses.append(guess)
    share = right / max(1, len(asked))
    same = [a == b for a, b in zip(guesses, first[1], strict=True)] if first else [True]
    cost = Cost(
        name,
        size / 2**20,
        share,
        surprise / max(1, count),
        sum(same) / max(1, len(same)),
        100 * (first[0].right - share) if first else 0.0,
        len(asked),
    )
    return cost, guesses


def _engine(engine: Engine) -> Read:
    def read(ids: Ids, outputs: int) -> np.ndarray:
        with engine.open() as sequence:
            return sequence.extend(list(ids), outputs=outputs).reshape(outputs, -1)

    return read


def _pytorch(model: Path) -> Read:
    import torch
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(
        model, dtype=torch.float32, local_files_only=True
    ).eval()

    def read(ids: Ids, outputs: int) -> np.ndarray:
        with torch.no_grad():
            logits: np.ndarray = (
                network(input_ids=torch.tensor([list(ids)]), logits_to_keep=outputs)
                .logits[0]
                .numpy()
            )
            return logits

    return read
