"""Examples as tensors: prompt items become token ids, slots become ids past the vocabulary."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from tokenizers import Tokenizer

from frontdesk.agents.small.prompt import Item, Slot
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.training.tokenizer import token_id

# oneDNN keeps memory for every distinct shape: few lengths, one batch size.
LENGTHS = (16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192)


@dataclass(frozen=True)
class Example:
    """A prompt and the decision that should follow, one marker a step."""

    items: tuple[Item, ...]
    target: tuple[str, ...]
    group: str
    weight: float = 1.0


@dataclass(frozen=True)
class Encoded:
    """`prompt` and `target` as ids; an id past the vocabulary is a row of the `SlotTable`."""

    prompt: tuple[int, ...]
    target: tuple[int, ...]
    weight: float
    group: str


@dataclass
class SlotTable:
    """Every slot of a data set: its marker's id and its values, by virtual id - `vocabulary`."""

    vocabulary: int
    markers: list[int] = field(default_factory=list)
    values: list[np.ndarray] = field(default_factory=list)

    def add(self, marker: int, values: np.ndarray) -> int:
        """Keep a slot; return its virtual id."""
        self.markers.append(marker)
        self.values.append(values.astype(np.float16))
        return self.vocabulary + len(self.markers) - 1

    def tensors(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the marker ids (m,) and the values (m, SLOT_TOKENS) float16."""
        values = np.stack(self.values) if self.values else np.zeros((0, SLOT_TOKENS), np.float16)
        return torch.tensor(self.markers, dtype=torch.long), torch.from_numpy(values)


@dataclass(frozen=True)
class Batch:
    """`ids` (b, t), `labels` (b, t) aligned to predict the next id, -100 where none is asked."""

    ids: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


def encode(example: Example, tokenizer: Tokenizer, table: SlotTable) -> Encoded:
    """Return the example as ids; its slots are added to `table`."""
    ids: list[int] = []
    for item in example.items:
        if isinstance(item, Slot):
            ids.append(table.add(token_id(tokenizer, item.marker), item.values))
        elif item.startswith("<|") and (known := tokenizer.token_to_id(item)) is not None:
            ids.append(known)
        else:
            ids += tokenizer.encode(item, add_special_tokens=False).ids
    target = tuple(token_id(tokenizer, name) for name in example.target)
    return Encoded(tuple(ids), target, example.weight, example.group)


def collate(examples: Sequence[Encoded], pad: int) -> Batch:
    """Return the examples padded on the right to the next of LENGTHS."""
    longest = max(len(e.prompt) + len(e.target) for e in examples)
    length = next((n for n in LENGTHS if n >= longest), longest)
    ids = torch.full((len(examples), length), pad, dtype=torch.long)
    labels = torch.full((len(examples), length), -100, dtype=torch.long)
    for row, example in enumerate(examples):
        whole = torch.tensor(example.prompt + example.target)
        ids[row, : len(whole)] = whole
        start = len(example.prompt) - 1
        labels[row, start : start + len(example.target)] = whole[start + 1 :]
    return Batch(ids, labels, torch.tensor([e.weight for e in examples]))


def batches(
    examples: Sequence[Encoded], size: int, pad: int, rng: random.Random
) -> Iterator[Batch]:
    """Yield one epoch: examples of similar length together, batches in random order."""
    order = sorted(range(len(examples)), key=lambda i: (len(examples[i].prompt) // 8, rng.random()))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    for group in groups:
        yield collate([examples[i] for i in group], pad)


def shuffle_candidates(
    examples: Sequence[Encoded], table: SlotTable, quotes: Sequence[int], rng: random.Random
) -> tuple[list[Encoded], torch.Tensor]:
    """Return the examples with half of their candidate lists in random order, and the markers.

    Left in the order of likeliness, the first candidate is right so often that a model learns to
    name it and nothing else. A candidate's marker is its place, so the markers (m,) of the table
    change with the order; `quotes` are the marker ids of the places.
    """
    place = {marker: n for n, marker in enumerate(quotes)}
    markers = list(table.markers)
    moved: list[Encoded] = []
    for example in examples:
        at = [
            n
            for n, i in enumerate(example.prompt)
            if i >= table.vocabulary and table.markers[i - table.vocabulary] in place
        ]
        if not 0 < len(at) <= len(quotes) or rng.random() < 0.5:
            moved.append(example)
            continue
        order = rng.sample(range(len(at)), len(at))
        prompt = list(example.prompt)
        for n, old in enumerate(order):
            virtual = example.prompt[at[old]]
            prompt[at[n]] = virtual
            markers[virtual - table.vocabulary] = quotes[n]
        target = tuple(
            quotes[order.index(place[i])] if i in place and place[i] < len(at) else i
            for i in example.target
        )
        moved.append(replace(example, prompt=tuple(prompt), target=target))
    return moved, torch.tensor(markers, dtype=torch.long)
