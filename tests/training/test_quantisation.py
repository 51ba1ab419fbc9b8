"""The bundled model's table: what each file costs, and that float32 costs nothing."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from frontdesk.agents.small.prompt import marker
from frontdesk.agents.small.slots import SLOT_TOKENS
from frontdesk.training import quantisation
from frontdesk.training.batches import Encoded, SlotTable
from frontdesk.training.checkpoint import save_network
from frontdesk.training.dataset import Dataset, save
from frontdesk.training.network import make_network
from frontdesk.training.tokenizer import token_id, train_tokenizer

WORDS = ["how long is the wait at the clinic", "who do i call about parking"]


def examples(tokenizer: Tokenizer, table: SlotTable, count: int) -> list[Encoded]:
    """Return prompts of words around a slot, each with a decision of three markers."""
    rng = np.random.default_rng(0)
    question = token_id(tokenizer, marker("question"))
    made = []
    for n in range(count):
        slot = table.add(question, rng.standard_normal(SLOT_TOKENS).astype(np.float32))
        words = tokenizer.encode(WORDS[n % 2], add_special_tokens=False).ids
        target = tuple(rng.integers(0, tokenizer.get_vocab_size() - SLOT_TOKENS, 3).tolist())
        made.append(Encoded((*words[: 2 + n % 5], slot, *words[-2:]), target, 1.0, "desk:written"))
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder as the stages leave it, with random weights."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("sft", "collect", "preferences"):
        (folder / name).mkdir()
    tokenizer = train_tokenizer(WORDS * 20, 300)
    tokenizer.save(str(folder / "collect" / "tokenizer.json"))
    torch.manual_seed(0)
    size = tokenizer.get_vocab_size()
    network = make_network(size, width=64, layers=2, heads=2, feed_forward=128)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, 0.0, 0.2)
    save_network(network, folder / "sft" / "model.pt")
    table = SlotTable(size)
    save(folder / "preferences" / "data.npz", Dataset(examples(tokenizer, table, 30), table))
    return folder


def test_float32_decides_as_pytorch_and_coarser_files_are_smaller(run: Path) -> None:
    rows, count = quantisation.compare(run, run / "preferences" / "data.npz", [], 20)
    assert count == 20
    assert [row.name for row in rows] == ["PyTorch, float32", "F32", *quantisation.KINDS]
    assert rows[1].equal == 1.0
    sizes = {row.name: row.mib for row in rows}
    assert sizes["F32"] > sizes["F16"] > sizes["Q8_0"] > sizes["Q4_0"]
    assert rows[4].equal <= rows[3].equal
    assert quantisation.table(rows).count("\n") == len(rows) + 1


def test_a_run_without_data_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["quantisation", str(tmp_path)])
    with pytest.raises(SystemExit, match="no such data set; name one with --data"):
        quantisation.main()
