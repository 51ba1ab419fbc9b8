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
from frontdesk.training.checkpoint import read_tensors, save_network
from frontdesk.training.conversion.precision import QUANTISATIONS, quantise
from frontdesk.training.conversion.small_model import write_model
from frontdesk.training.dataset import Dataset, save
from frontdesk.training.network import make_network
from frontdesk.training.pipeline.run import Record, RunFolder, write_whole
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
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run's folder as the stages leave it, with random weights."""
    run = RunFolder(tmp_path_factory.mktemp("run"))
    tokenizer = train_tokenizer(WORDS * 20, 300)
    torch.manual_seed(0)
    size = tokenizer.get_vocab_size()
    network = make_network(size, width=64, layers=2, heads=2, feed_forward=128)
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, 0.0, 0.2)
    for stage in ("trace", "sft", "export"):
        finish(run, stage)
    table = SlotTable(size)
    made = Dataset(examples(tokenizer, table, 30), table)
    save(run.folder("trace") / "preferences.npz", made)
    save_network(network, run.folder("sft") / "model.pt")
    tensors, config = read_tensors(run.folder("sft") / "model.pt")
    full = run.folder("export") / "toy-f32.gguf"
    write_model(full, tensors, config, tokenizer, "toy")
    return run


def finish(run: RunFolder, stage: str) -> None:
    """Make a stage's folder, and the record that says it is done."""
    run.folder(stage).mkdir()
    record = Record(
        stage=stage, key="", settings={}, inputs={}, outside={}, outputs={}, metrics={},
        finished_at="", seconds=0.0,
    )  # fmt: skip
    write_whole(run.folder(stage) / "record.json", record.model_dump())


def test_float32_decides_as_pytorch_and_coarser_files_are_smaller(run: RunFolder) -> None:
    rows, count = quantisation.compare(run, [], 20)
    assert count == 20
    assert [row.name for row in rows] == ["PyTorch, float32", "F32", *QUANTISATIONS]
    assert rows[1].equal == 1.0
    sizes = {row.name: row.mib for row in rows}
    assert sizes["F32"] > sizes["F16"] > sizes["Q8_0"] > sizes["Q4_0"]
    assert rows[4].equal <= rows[3].equal
    assert quantisation.table(rows).count("\n") == len(rows) + 1


def test_another_file_is_compared_too(run: RunFolder, tmp_path: Path) -> None:
    served = tmp_path / "served-q8_0.gguf"
    quantise(run.folder("export") / "toy-f32.gguf", served, "Q8_0")
    *_, q8_0, _, _, last = quantisation.compare(run, [served], 5)[0]
    assert (q8_0.name, last.name) == ("Q8_0", "served-q8_0")
    assert (q8_0.first, q8_0.whole, q8_0.equal) == (last.first, last.whole, last.equal)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((), "sft is not done; run it first"),
        (("--served", "nowhere.gguf"), "no such file: nowhere.gguf"),
        (("--examples", "0"), "--examples must be at least 1"),
    ],
)
def test_what_cannot_be_compared_is_said(
    asked: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["quantisation", str(tmp_path), *asked])
    with pytest.raises(SystemExit) as stopped:
        quantisation.main()
    assert message in f"{stopped.value}{capsys.readouterr().err}"
