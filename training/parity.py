"""Does llama.cpp choose what PyTorch chooses? A network and its GGUF files on the same prompts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaForCausalLM

from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.slots import read_table, slot_rows
from frontdesk.training.batches import Encoded, SlotTable
from frontdesk.training.dataset import load
from frontdesk.training.network import take_slots


@torch.no_grad()
def compare(
    network: LlamaForCausalLM, files: Mapping[str, Path], data: Path, count: int
) -> dict[str, Any]:
    """Return, for each file, on how many of the first `count` prompts the same token is likeliest.

    {"f32 same": "50 of 50", "served same": "50 of 50"}
    """
    dataset = load(data)
    examples = dataset.examples[:count]
    take_slots(network, dataset.table)
    network.eval()
    wanted = [
        int(network(input_ids=torch.tensor([example.prompt])).logits[0, -1].argmax())
        for example in examples
    ]
    return {
        f"{name} same": f"{_agreeing(path, examples, dataset.table, wanted)} of {len(wanted)}"
        for name, path in files.items()
    }


def _agreeing(path: Path, examples: list[Encoded], slots: SlotTable, wanted: list[int]) -> int:
    table = read_table(path)
    engine = Engine(path, threads=1)
    same = 0
    try:
        for example, right in zip(examples, wanted, strict=True):
            rows = [
                table.tokens[[i]]
                if i < slots.vocabulary
                else slot_rows(
                    table,
                    slots.markers[i - slots.vocabulary],
                    slots.values[i - slots.vocabulary].astype(np.float32),
                )
                for i in example.prompt
            ]
            with engine.open() as sequence:
                same += int(sequence.extend(np.concatenate(rows)).argmax()) == right
    finally:
        engine.close()
    return same
