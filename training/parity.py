"""Does llama.cpp decide what PyTorch decides? A network and its GGUF files on the same prompts."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM

from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.slots import read_table, slot_rows
from frontdesk.training.batches import Encoded, SlotTable
from frontdesk.training.dataset import load
from frontdesk.training.network import take_slots

Write = Callable[[Encoded], tuple[int, ...]]


def in_pytorch(network: LlamaForCausalLM, table: SlotTable) -> Write:
    """Return what writes a decision's markers greedily, each after the one before."""
    take_slots(network, table)
    network.eval()

    @torch.no_grad()
    def write(example: Encoded) -> tuple[int, ...]:
        written: tuple[int, ...] = ()
        for _ in example.target:
            ids = torch.tensor([(*example.prompt, *written)])
            hidden = network.model(input_ids=ids).last_hidden_state[0, -1]
            written = (*written, int(network.lm_head(hidden).argmax()))
        return written

    return write


@contextmanager
def in_gguf(file: Path, table: SlotTable) -> Iterator[Write]:
    """Yield what writes them with a GGUF file, reading slots as the served decider does."""
    rows = read_table(file)

    def row(i: int) -> np.ndarray:
        if i < table.vocabulary:
            token: np.ndarray = rows.tokens[[i]]
            return token
        slot = i - table.vocabulary
        return slot_rows(rows, table.markers[slot], table.values[slot].astype(np.float32))

    with Engine(file, threads=1) as engine:

        def write(example: Encoded) -> tuple[int, ...]:
            written: tuple[int, ...] = ()
            with engine.open() as sequence:
                logits = sequence.extend(np.concatenate([row(i) for i in example.prompt]))
                for n in range(len(example.target)):
                    written = (*written, int(np.argmax(logits)))
                    if n + 1 < len(example.target):
                        logits = sequence.extend(written[-1:])
            return written

        yield write


def compare(
    network: LlamaForCausalLM, files: Mapping[str, Path], data: Path, count: int
) -> dict[str, str]:
    """Return, for each file, on how many of the first `count` prompts the same marker comes first.

    {"f32 same": "50 of 50", "served same": "50 of 50"}
    """
    dataset = load(data)
    examples = [replace(e, target=e.target[:1]) for e in dataset.examples[:count]]
    wanted = list(map(in_pytorch(network, dataset.table), examples))
    found = {}
    for name, file in files.items():
        with in_gguf(file, dataset.table) as write:
            same = sum(write(e) == right for e, right in zip(examples, wanted, strict=True))
        found[f"{name} same"] = f"{same} of {len(wanted)}"
    return found
