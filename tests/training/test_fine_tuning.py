"""Fine-tuning of a toy by path: every way learns, stops, resumes, and says what is wrong."""

import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file
from toys import ASKED, TALKS, toy, toy_encoder
from transformers import TrainerCallback

from frontdesk.training.causal import sft as stage
from frontdesk.training.causal.base import lora_config, open_base, open_tokenizer
from frontdesk.training.causal.classifier import ClassifierSettings, classify
from frontdesk.training.causal.dialogues import Message, write_dialogues
from frontdesk.training.causal.dpo import dpo
from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.examples import Reader
from frontdesk.training.causal.memory import WAYS, make_model, one_step
from frontdesk.training.causal.preferences import Preference, rejected_samples
from frontdesk.training.causal.sampling import Sampler
from frontdesk.training.causal.schedule import stopping
from frontdesk.training.causal.settings import (
    DpoSettings,
    LoraSettings,
    SamplingSettings,
    SftSettings,
)
from frontdesk.training.causal.sft import sft

# Names that PEFT and TRL still use, and what bitsandbytes says of the CPU.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*(gradient_checkpointing|activation_).*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning"),
]
SMALL: dict[str, Any] = {
    "device": "cpu", "rate": 1e-2, "progress": False, "max_length": 128,
    "batch": 4, "accumulate": 1, "epochs": 2, "evaluations": 1,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy(tmp_path_factory.mktemp("base"))


def learn(base: Path, folder: Path, /, **changes: Any) -> dict[str, float]:
    settings = SftSettings(**{**SMALL, "base": str(base), **changes})
    return sft(settings, TALKS, TALKS[:3], folder)


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"four_bit": True},
        {"method": "full", "rate": 3e-3},
        {"packing": True, "batch": 1, "max_length": 96, "epochs": 3},
        {"precision": "bf16", "lora": LoraSettings(rank=8, targets=("q_proj", "v_proj"))},
    ],
    ids=["lora", "qlora", "full", "packed", "bf16"],
)
def test_every_way_learns_and_leaves_its_record(
    way: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    metrics = learn(base, tmp_path, **way)
    history = json.loads((tmp_path / "history.json").read_text())
    first = next(row["loss"] for row in history if "loss" in row)
    assert metrics["held_out_loss"] < 0.7 * first
    assert (tmp_path / "loss.png").read_bytes()[:4] == b"\x89PNG"
    saved = json.loads((tmp_path / "settings.json").read_text())
    assert SftSettings(**saved).base == str(base)
    if way.get("method") == "full":
        open_base(SftSettings(base=str(tmp_path / "model"), device="cpu"))
    else:
        weights = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
        named = {name.split(".")[-3] for name in weights}
        assert named == (
            {"q_proj", "v_proj"}
            if "lora" in way
            else {f"{n}_proj" for n in ("q", "k", "v", "o", "gate", "up", "down")}
        )
    written = tmp_path / ("model" if way.get("method") == "full" else "adapter")
    assert open_tokenizer(str(written)).chat_template


def test_packed_rows_do_not_see_each_other(base: Path) -> None:
    model = open_base(SftSettings(base=str(base), device="cpu", precision="fp32")).eval()
    reader = Reader.of(open_tokenizer(str(base)))
    one, two = (reader.examples(talk)[0].ids for talk in TALKS[:2])
    places = [*range(len(one)), *range(len(two))]
    with torch.no_grad():
        alone = model(input_ids=torch.tensor([two])).logits[0]
        packed = model(
            input_ids=torch.tensor([[*one, *two]]), position_ids=torch.tensor([places])
        ).logits[0, len(one) :]
    torch.testing.assert_close(packed, alone, atol=1e-4, rtol=1e-4)


class _Stop(Exception):
    """Raised in the middle of a run, as a power cut would end it."""


class _PowerCut(TrainerCallback):  # type: ignore[misc]
    def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
        if state.global_step == 5:
            raise _Stop


def test_a_broken_off_run_resumes_to_the_same_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SftSettings(base=str(base), **SMALL)
    whole = sft(settings, TALKS, TALKS[:3], tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(stage, "stopping", lambda asked: [*stopping(asked), _PowerCut()])
        with pytest.raises(_Stop):
            sft(settings, TALKS, TALKS[:3], tmp_path / "cut")
    assert not (tmp_path / "cut" / "adapter").exists()
    assert sft(settings, TALKS, TALKS[:3], tmp_path / "cut", resume=True) == whole
    one, two = (
        load_file(tmp_path / name / "adapter" / "adapter_model.safetensors")
        for name in ("whole", "cut")
    )
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_run_that_no_longer_learns_ends(base: Path, tmp_path: Path) -> None:
    metrics = learn(base, tmp_path, rate=1e-9, epochs=8, patience=1)
    assert metrics["steps"] < 8 * len(TALKS) / 4 / 2


def test_two_processes_train_one_adapter(base: Path, tmp_path: Path) -> None:
    write_dialogues(tmp_path / "talks.jsonl", TALKS)
    script = tmp_path / "train.py"
    script.write_text(
        "import sys; from pathlib import Path\n"
        "import torch; torch.set_num_threads(1)\n"
        "from frontdesk.training.causal.dialogues import read_dialogues\n"
        "from frontdesk.training.causal.settings import SftSettings\n"
        "from frontdesk.training.causal.sft import sft\n"
        "talks = read_dialogues(Path(sys.argv[2]))\n"
        "settings = SftSettings(base=sys.argv[1], device='cpu', batch=4, accumulate=1, epochs=1,\n"
        "                       rate=5e-3, progress=False)\n"
        "sft(settings, talks, talks[:4], Path(sys.argv[3]))\n"
    )
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    shape = ["--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    ran = subprocess.run(
        [*launch, *shape, "--dynamo_backend", "no", "--main_process_port", "0",
         str(script), str(base), str(tmp_path / "talks.jsonl"), str(tmp_path / "run")],
        capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (metrics["examples"], metrics["steps"]) == (12, 2)  # of 8 at once, not 3 of 4
    assert load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")


def test_preferences_move_the_adapter_only(base: Path, tmp_path: Path) -> None:
    pairs = [Preference(dialogue=talk, rejected="refuse", kind="refusal") for talk in TALKS]
    settings = DpoSettings(base=str(base), **{**SMALL, "rate": 2e-3})
    metrics = dpo(settings, pairs, pairs[:4], tmp_path)
    assert metrics["reward_margin"] > 0 and metrics["reward_accuracy"] == 1.0
    assert metrics["pairs_refusal"] == len(pairs)
    assert (tmp_path / "rewards.png").read_bytes()[:4] == b"\x89PNG"
    history = json.loads((tmp_path / "history.json").read_text())
    assert any("rewards/margins" in row for row in history)


def test_a_model_is_sampled_as_it_is_served(base: Path, tmp_path: Path) -> None:
    learn(base, tmp_path, epochs=6)
    settings = SftSettings(base=str(base), device="cpu")
    sampler = Sampler(settings, SamplingSettings(samples=6, batch=2), tmp_path / "adapter")
    replies = sampler(TALKS[:3])
    assert [len(texts) for texts in replies] == [6, 6, 6]
    assert replies == sampler(TALKS[:3])
    right = [text == talk.messages[-1].content for talk, texts in zip(TALKS, replies, strict=False)
             for text in texts]  # fmt: skip
    assert sum(right) >= 9
    wrong = [talk.model_copy(update={"messages": (*talk.messages[:-1],
             Message(role="assistant", content="refuse"))}) for talk in TALKS[:3]]  # fmt: skip
    pairs = list(rejected_samples(wrong, lambda asked: replies))
    assert [pair.chosen for pair in pairs] == ["refuse"] * 3
    assert [pair.rejected for pair in pairs] == list(ASKED.values())


def test_an_encoder_learns_labels(tmp_path: Path) -> None:
    encoder = toy_encoder(tmp_path / "encoder")
    texts = [(question, reply.split()[0]) for question, reply in ASKED.items()] * 20
    settings = ClassifierSettings(
        base=str(encoder), device="cpu", batch=8, epochs=3, rate=1e-2, progress=False
    )
    metrics = classify(settings, texts, texts[:6], tmp_path / "run")
    assert metrics["held_out_accuracy"] == 1.0
    saved = json.loads((tmp_path / "run" / "adapter" / "adapter_config.json").read_text())
    assert saved["task_type"] == "SEQ_CLS"
    with pytest.raises(FineTuningError, match=r"\['other'\] only held out"):
        classify(settings, texts, [("x", "other")], tmp_path / "wrong")


def test_four_bits_take_a_quarter_of_the_memory(tmp_path: Path) -> None:
    shape = {
        "vocab_size": 512, "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 2,
        "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 128,
    }  # fmt: skip
    model = make_model(tmp_path / "model", shape)
    found = {
        way: one_step(SftSettings(base=str(model), device="cpu", batch=1, **changes), 16)["weights"]
        for way, changes in WAYS.items()
    }
    assert found["QLoRA, NF4"] < found["LoRA, bfloat16"] / 2.5
    assert found["LoRA, bfloat16"] < found["LoRA, float32"] * 0.55


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": "nowhere"}, "no config.json there; give the folder"),
        ({"device": "cuda"}, 'device = "cuda", but torch sees no GPU'),
        ({"method": "full", "four_bit": True}, 'set method = "lora"'),
        ({"max_length": 8}, "longer than max_length = 8"),
    ],
)
def test_what_cannot_be_done_is_said(
    changes: dict[str, Any], message: str, base: Path, tmp_path: Path
) -> None:
    with pytest.raises(FineTuningError, match=message):
        learn(base, tmp_path, **changes)


def test_a_base_that_does_not_fit_is_said_so(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(100_000))
    with pytest.raises(FineTuningError, match=r"0\.0 GiB are free: set precision = .bf16. or"):
        learn(base, tmp_path)


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="rnak"):
        LoraSettings(rnak=4)  # type: ignore[call-arg]
    config = lora_config(LoraSettings())
    assert (config.r, config.lora_alpha, config.target_modules) == (16, 32, "all-linear")
