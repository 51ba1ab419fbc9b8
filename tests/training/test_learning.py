"""A tiny network learns to point at the right candidate; DPO moves it where it should."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.agents.small.prompt import (
    DECIDE,
    END,
    QUOTE_MARKERS,
    SLOT_SIZE,
    Item,
    Slot,
    marker,
)
from frontdesk.training.batches import Encoded, Example, SlotTable, encode
from frontdesk.training.dataset import Dataset, load, merge, save
from frontdesk.training.dpo import DpoSettings, choose_pairs, find_pairs, train_adapter
from frontdesk.training.network import FEATURE_GAIN, make_network, take_slots
from frontdesk.training.sft import Progress, SftSettings, train
from frontdesk.training.tokenizer import train_tokenizer

# TRL and PEFT warn of each other's future names; nothing of ours can silence them.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{name}")
    for name in ("FutureWarning", "DeprecationWarning", "UserWarning")
]
WORDS = ["parking", "wait", "fees", "visit", "forms"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(WORDS * 20, 300)


def pointing(tokenizer: Tokenizer, count: int) -> tuple[list[Encoded], SlotTable]:
    """Return examples whose answer is the one candidate of four that carries a flag."""
    rng, table = np.random.default_rng(0), SlotTable(tokenizer.get_vocab_size())
    examples = []
    for _ in range(count):
        right = int(rng.integers(4))
        values = np.zeros((4, SLOT_SIZE), np.float32)
        values[right, -1] = 1.0
        slots = [Slot(QUOTE_MARKERS[n], values[n]) for n in range(4)]
        items: tuple[Item, ...] = (str(rng.choice(WORDS)), *slots, DECIDE)
        target = (marker("answer"), QUOTE_MARKERS[right], END)
        examples.append(encode(Example(items, target, "desk:written"), tokenizer, table))
    return examples, table


def tiny(tokenizer: Tokenizer) -> LlamaForCausalLM:
    torch.manual_seed(1)
    network = make_network(
        tokenizer.get_vocab_size(), width=64, layers=2, heads=2, feed_forward=128
    )
    with torch.no_grad():
        network.get_input_embeddings().weight[-1] *= FEATURE_GAIN
    return network


def test_it_learns_to_point(tokenizer: Tokenizer) -> None:
    examples, table = pointing(tokenizer, 1200)
    network = tiny(tokenizer)
    take_slots(network, table)
    seen: list[Progress] = []
    settings = SftSettings(epochs=6, batch=32, rate=3e-3, noise=0.0, threads=1)
    train(network, tokenizer, examples[:1000], examples[1000:], table, settings, seen.append)
    assert seen[0].loss > seen[-1].loss
    assert max(progress.held_out for progress in seen) > 0.9  # chance is a quarter


def test_preferences_are_learnt_by_the_adapter_alone(tokenizer: Tokenizer, tmp_path: Path) -> None:
    rng, table = random.Random(0), SlotTable(tokenizer.get_vocab_size())
    examples = [
        encode(
            Example(
                (rng.choice(WORDS), " ".join(rng.sample(WORDS, 3)), DECIDE),
                (marker("refuse" if n % 3 == 0 else "search"),),
                "desk:generated",
            ),
            tokenizer,
            table,
        )
        for n in range(120)
    ]
    network = tiny(tokenizer)
    take_slots(network, table)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    settings = DpoSettings(rank=4, epochs=4, batch=16, pairs=90, rate=3e-3)
    pairs = choose_pairs(find_pairs(network, examples, tokenizer), settings)
    assert {pair.refuses for pair in pairs} == {True, False}
    trainer = train_adapter(network, tokenizer, pairs[10:], pairs[:10], tmp_path, settings)
    margins = [row["rewards/margins"] for row in trainer.state.log_history if "loss" in row]
    assert margins[-1] > margins[0]
    after = trainer.model.state_dict()
    for name, value in before.items():
        kept = after.get(f"base_model.model.{name}")
        if kept is not None:
            assert torch.equal(kept, value), name


def test_a_data_set_survives_the_disk_and_a_merge(tokenizer: Tokenizer, tmp_path: Path) -> None:
    examples, table = pointing(tokenizer, 5)
    save(tmp_path / "data.npz", Dataset(examples, table))
    again = load(tmp_path / "data.npz")
    assert again.examples == examples
    both = merge([again, load(tmp_path / "data.npz")])
    assert len(both.examples) == 10
    assert both.examples[5].prompt[1] == examples[0].prompt[1] + len(table.markers)
    moved = both.examples[7].prompt[1] - both.table.vocabulary
    original = examples[2].prompt[1] - table.vocabulary
    assert np.array_equal(both.table.values[moved], table.values[original])
