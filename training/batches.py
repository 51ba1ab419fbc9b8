"""Examples as tensors: prompt items to token ids and slot values, padded to a few lengths."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from frontdesk.agents.prompt import Item, Slot
from frontdesk.agents.slots import SLOT_TOKENS

# oneDNN keeps memory for every distinct shape: few lengths, one batch size.
LENGTHS = (48, 64, 80, 96, 128, 192)


@dataclass(frozen=True)
class Example:
    """A prompt and the decision that should follow, one marker a step."""

    items: tuple[Item, ...]
    target: tuple[str, ...]
    group: str
    weight: float = 1.0


@dataclass(frozen=True)
class Encoded:
    """`ids` (n,) of prompt and target; `slots` [(position, values)]; the target starts at `start`."""

    ids: tuple[int, ...]
    slots: tuple[tuple[int, np.ndarray], ...]
    start: int
    weight: float


@dataclass(frozen=True)
class Batch:
    """`ids` (b, t), `values` (b, t, SLOT_TOKENS), `labels` (b, t) with -100 where nothing is asked."""

    ids: torch.Tensor
    values: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


def encode(example: Example, tokenizer: Tokenizer) -> Encoded:
    """Return the example as token ids, with its slots beside them."""
    ids: list[int] = []
    slots: list[tuple[int, np.ndarray]] = []
    for item in example.items:
        if isinstance(item, Slot):
            slots.append((len(ids), item.values.astype(np.float16)))
            ids.append(tokenizer.token_to_id(item.marker))
        elif (known := tokenizer.token_to_id(item)) is not None and item.startswith("<|"):
            ids.append(known)
        else:
            ids += tokenizer.encode(item, add_special_tokens=False).ids
    start = len(ids)
    ids += [tokenizer.token_to_id(name) for name in example.target]
    return Encoded(tuple(ids), tuple(slots), start, example.weight)


def collate(examples: Sequence[Encoded], pad: int) -> Batch:
    """Return the examples padded on the right to the next of LENGTHS."""
    longest = max(len(e.ids) for e in examples)
    length = next((n for n in LENGTHS if n >= longest), longest)
    ids = torch.full((len(examples), length), pad, dtype=torch.long)
    labels = torch.full((len(examples), length), -100, dtype=torch.long)
    values = torch.zeros((len(examples), length, SLOT_TOKENS), dtype=torch.float32)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        target = torch.tensor(example.ids[example.start :])
        labels[row, example.start - 1 : example.start - 1 + len(target)] = target
        for position, slot in example.slots:
            values[row, position] = torch.from_numpy(slot.astype(np.float32))
    return Batch(ids, values, labels, torch.tensor([e.weight for e in examples]))


def batches(
    examples: Sequence[Encoded], size: int, pad: int, rng: random.Random
) -> Iterator[Batch]:
    """Yield one epoch: examples of similar length together, batches in random order."""
    order = sorted(range(len(examples)), key=lambda i: (len(examples[i].ids) // 8, rng.random()))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    for group in groups:
        yield collate([examples[i] for i in group], pad)
