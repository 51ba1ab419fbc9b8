"""What PyTorch computes is what llama.cpp computes: the model, its slots, its adapter."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.agents.deciders import reads_slots
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.slots import SLOT_TOKENS, read_table, slot_rows
from frontdesk.training.batches import SlotTable
from frontdesk.training.conversion.precision import quantise
from frontdesk.training.conversion.small_model import write_adapter, write_model
from frontdesk.training.network import make_network, take_slots
from frontdesk.training.tokenizer import token_id, train_tokenizer

TEXTS = ["how long is the wait at the clinic", "who do i call about parking", "wo ist die Küche?"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS * 20, 400)


@pytest.fixture(scope="module")
def network(tokenizer: Tokenizer) -> LlamaForCausalLM:
    torch.manual_seed(1)
    size = tokenizer.get_vocab_size()
    return make_network(size, width=64, layers=2, heads=2, feed_forward=128).float().eval()


@pytest.fixture(scope="module")
def file(
    tokenizer: Tokenizer, network: LlamaForCausalLM, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "toy.gguf"
    tensors = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    write_model(path, tensors, network.config.to_dict(), tokenizer, "toy")
    return path


@torch.no_grad()
def logits(network: LlamaForCausalLM, ids: list[int]) -> np.ndarray:
    result: np.ndarray = network(input_ids=torch.tensor([ids])).logits[0, -1].numpy()
    return result


@pytest.mark.parametrize(
    "text", [*TEXTS, "<|question|>£5, 2024?<|decide|>", "naïve — ünïcödé 漢字"]
)
def test_tokens_and_logits_are_equal(
    text: str, tokenizer: Tokenizer, network: LlamaForCausalLM, file: Path
) -> None:
    engine = Engine(file, threads=1)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert engine.tokenize(text, special=True) == ids
    with engine.open() as sequence:
        served = sequence.extend(ids)
    engine.close()
    # llama.cpp keeps keys and values as float16.
    assert np.abs(served - logits(network, ids)).max() < 5e-3


def test_a_slot_is_the_same_row_in_training_and_in_service(
    tokenizer: Tokenizer, network: LlamaForCausalLM, file: Path
) -> None:
    values = np.random.default_rng(2).standard_normal(SLOT_TOKENS).astype(np.float32)
    marker = token_id(tokenizer, "<|question|>")
    assert reads_slots(file)
    table = SlotTable(tokenizer.get_vocab_size())
    virtual = table.add(marker, values)
    plain = network.get_input_embeddings()
    take_slots(network, table)
    trained = network.get_input_embeddings()(torch.tensor([[virtual]]))[0].detach().numpy()
    network.set_input_embeddings(plain)
    served = slot_rows(read_table(file), marker, values.astype(np.float16).astype(np.float32))
    np.testing.assert_allclose(trained, served, atol=1e-5)


def test_the_adapter_acts_at_scale_one_and_is_absent_at_zero(
    tokenizer: Tokenizer, network: LlamaForCausalLM, file: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    name = "model.layers.0.self_attn.q_proj"
    a = rng.standard_normal((4, 64)).astype(np.float32) / 8
    b = rng.standard_normal((64, 4)).astype(np.float32)
    path = tmp_path / "adapter.gguf"
    write_adapter(path, [(name, a, b)], file, alpha=8.0, name="toy")
    ids = tokenizer.encode(TEXTS[0], add_special_tokens=False).ids
    weight = network.get_parameter(f"{name}.weight")
    before = logits(network, ids)
    with torch.no_grad():
        weight += torch.from_numpy(b @ a) * 8.0 / 4
    adapted = logits(network, ids)
    with torch.no_grad():
        weight -= torch.from_numpy(b @ a) * 8.0 / 4
    assert np.abs(adapted - before).max() > 0.01
    for scale, expected in ((0.0, before), (1.0, adapted)):
        engine = Engine(file, adapter=path, adapter_scale=scale, threads=1)
        with engine.open() as sequence:
            served = sequence.extend(ids)
        engine.close()
        assert np.abs(served - expected).max() < 5e-3, scale


def test_an_unknown_quantisation_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Q9_9.*Q8_0"):
        quantise(file, tmp_path / "x.gguf", "Q9_9")
