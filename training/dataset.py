"""A data set on disk: encoded examples and their slots, in one .npz file beside its tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frontdesk.training.batches import Encoded, SlotTable


@dataclass(frozen=True)
class Dataset:
    """Encoded examples and the table their virtual ids point into."""

    examples: list[Encoded]
    table: SlotTable


def save(path: Path, dataset: Dataset) -> None:
    """Write the data set; the file appears whole or not at all."""
    examples, table = dataset.examples, dataset.table
    _, values = table.tensors()
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        ids=np.array([i for e in examples for i in (*e.prompt, *e.target)], np.int32),
        prompts=np.array([len(e.prompt) for e in examples], np.int32),
        targets=np.array([len(e.target) for e in examples], np.int32),
        weights=np.array([e.weight for e in examples], np.float32),
        groups=np.array([e.group for e in examples]),
        markers=np.array(table.markers, np.int32),
        values=values.numpy(),
        vocabulary=np.array(table.vocabulary),
    )
    part.replace(path)


def load(path: Path) -> Dataset:
    """Return the data set written by `save`."""
    # Read every array once: an open .npz decompresses the whole array at each access.
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    table = SlotTable(int(arrays["vocabulary"]), arrays["markers"].tolist(), list(arrays["values"]))
    examples: list[Encoded] = []
    at = 0
    ids = arrays["ids"].tolist()
    for prompt, target, weight, group in zip(
        arrays["prompts"].tolist(),
        arrays["targets"].tolist(),
        arrays["weights"].tolist(),
        arrays["groups"].tolist(),
        strict=True,
    ):
        end = at + prompt + target
        examples.append(
            Encoded(tuple(ids[at : at + prompt]), tuple(ids[at + prompt : end]), weight, group)
        )
        at = end
    return Dataset(examples, table)


def merge(datasets: Sequence[Dataset]) -> Dataset:
    """Return one data set of several with the same vocabulary; virtual ids are moved along."""
    table = SlotTable(datasets[0].table.vocabulary)
    examples: list[Encoded] = []
    for dataset in datasets:
        shift = len(table.markers)
        table.markers += dataset.table.markers
        table.values += dataset.table.values
        for example in dataset.examples:
            prompt = tuple(i + shift if i >= table.vocabulary else i for i in example.prompt)
            examples.append(replace(example, prompt=prompt))
    return Dataset(examples, table)
