"""What is exported says what PyTorch says: every family, adapters, quantisations, other formats."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from peft import PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from toys import ASKED, TALKS, toy
from transformers import AutoModelForCausalLM

from frontdesk.agents.runtime.engine import Engine
from frontdesk.training.causal.base import lora_config, open_tokenizer
from frontdesk.training.causal.settings import LoraSettings
from frontdesk.training.conversion import elsewhere, families
from frontdesk.training.conversion.cost import costs, table
from frontdesk.training.conversion.errors import ConversionError
from frontdesk.training.conversion.export import ExportSettings, export
from frontdesk.training.conversion.gguf_adapter import write_gguf_adapter
from frontdesk.training.conversion.gguf_model import write_gguf
from frontdesk.training.conversion.greedy import compare
from frontdesk.training.conversion.merge import merge

pytestmark = [
    pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*gradient_checkpointing:FutureWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning:torch"),
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
]
PROMPTS = [
    "<|im_start|>user\nhow long is the wait at the clinic?<|im_end|>\n<|im_start|>assistant\nStep:",
    "Call the clinic about parking 12.",
    "naïve — ünïcödé 漢字\n\n  two",
]
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
}  # fmt: skip
FAMILIES: list[tuple[str, dict[str, Any]]] = [
    ("llama", {}),
    ("llama", {"rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    ("mistral", {}),
    ("qwen2", {}),
    ("qwen3", {}),
    ("gemma", {}),
    ("gemma3_text", {"query_pre_attn_scalar": 16, "sliding_window": 32, "num_hidden_layers": 7}),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize(("kind", "changes"), FAMILIES)
def test_every_family_writes_the_same_tokens(
    kind: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    model = toy(tmp_path / "model", kind, **changes)
    found = compare(write_gguf(model, tmp_path / "m.gguf", "F32"), model, PROMPTS)
    assert [one.same for one in found] == [True, True, True]
    assert all(len(set(one.served)) > 3 for one in found)  # it says something


@pytest.mark.parametrize("kind", families.FAMILIES)
def test_reading_is_the_inverse_of_writing(kind: str) -> None:
    family = families.FAMILIES[kind]
    config = {"num_attention_heads": 4, "num_key_value_heads": 2}
    rng = np.random.default_rng(0)
    for name, rows in (("q_proj", 64), ("k_proj", 32), ("v_proj", 32), ("norm", 16)):
        tensor = rng.integers(-9, 9, (rows, 16)).astype(np.float32)
        there = family.written(f"{name}.weight", tensor, config)
        np.testing.assert_array_equal(family.read(f"{name}.weight", there, config), tensor)
        turned = family.interleaved and name in ("q_proj", "k_proj")
        shifted = family.shifted_norms and name == "norm"
        assert np.array_equal(there, tensor) != (turned or shifted)


def test_a_difference_is_found(base: Path, tmp_path: Path) -> None:
    other = toy(tmp_path / "other", seed=1)
    (one, *_) = compare(write_gguf(other, tmp_path / "m.gguf", "F32"), base, PROMPTS)
    assert not one.same and one.equal < 24 and one.gap > 0
    settings = ExportSettings(quantisations=())
    model = AutoModelForCausalLM.from_pretrained(base)
    with torch.no_grad():
        model.model.layers[0].self_attn.q_proj.weight.mul_(0.0)
    file = write_gguf(base, tmp_path / "right.gguf", "F32")
    model.save_pretrained(tmp_path / "changed")
    open_tokenizer(str(base)).save_pretrained(tmp_path / "changed")
    from frontdesk.training.conversion.export import check_greedy

    with pytest.raises(ConversionError, match="part after .* not to be served"):
        check_greedy(settings, file, tmp_path / "changed", TALKS[: len(ASKED)])
    assert check_greedy(settings, file, base, TALKS[: len(ASKED)]) == len(ASKED)


def adapted(base: Path, folder: Path) -> Path:
    """Write an adapter of random values for `base`."""
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = get_peft_model(model, lora_config(LoraSettings(rank=4, alpha=8)))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, 0.0, 0.2)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["llama", "gemma"])
def test_an_adapter_beside_the_model_is_the_merged_model(kind: str, tmp_path: Path) -> None:
    base = toy(tmp_path / "base", kind)
    adapter = adapted(base, tmp_path / "adapter")
    merged = merge(str(base), adapter, tmp_path / "merged", "float32")
    file = write_gguf(base, tmp_path / "base.gguf", "F32")
    lora = write_gguf_adapter(adapter, base, tmp_path / "lora.gguf")
    assert all(one.same for one in compare(file, merged, PROMPTS, adapter=lora))
    assert not any(one.same for one in compare(file, merged, PROMPTS))
    with Engine(file, adapter=lora, adapter_scale=0.0, threads=1) as off, Engine(file) as plain:
        ids = plain.tokenize(PROMPTS[0])
        with off.open() as one, plain.open() as two:
            np.testing.assert_array_equal(one.extend(ids), two.extend(ids))


def test_the_merged_model_is_base_and_adapter(base: Path, tmp_path: Path) -> None:
    adapter = adapted(base, tmp_path / "adapter")
    merged = merge(str(base), adapter, tmp_path / "merged", "float32")
    ids = torch.tensor([open_tokenizer(str(base))(PROMPTS[1])["input_ids"]])
    beside = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), str(adapter))
    whole = AutoModelForCausalLM.from_pretrained(merged)
    with torch.no_grad():
        torch.testing.assert_close(whole(ids).logits, beside(ids).logits, atol=1e-3, rtol=1e-3)
    with pytest.raises(ConversionError, match="is no adapter of"):
        merge(str(base), tmp_path / "nowhere", tmp_path / "x")


def test_export_writes_every_file_and_what_it_costs(base: Path, tmp_path: Path) -> None:
    rows = export(ExportSettings(name="toy", precision="F32"), base, TALKS, tmp_path)
    names = ["PyTorch, float32", "toy-f32", "toy-q8_0", "toy-q4_0", "toy-q4_k_m"]
    assert [row.name for row in rows] == names
    assert rows[1].lost == 0.0 and rows[1].equal == 1.0
    assert rows[1].surprise == pytest.approx(rows[0].surprise, abs=2e-3)
    assert abs(rows[2].surprise - rows[0].surprise) < abs(rows[3].surprise - rows[0].surprise)
    assert rows[2].mib < rows[1].mib / 3
    written = (tmp_path / "quantisation.md").read_text()
    assert table(rows) in written and "| toy-q8_0 |" in written
    with Engine(tmp_path / "toy-q8_0.gguf", threads=1) as engine:
        assert "im_start" in engine.metadata["tokenizer.chat_template"]
        assert engine.eos == "<|im_end|>"


def test_a_learnt_reply_counts_as_right(base: Path, tmp_path: Path) -> None:
    file = write_gguf(base, tmp_path / "m.gguf", "F32")
    (first, _) = costs(base, [file], TALKS[:3])
    assert first.right == 0.0 and first.replies == 3


def test_onnx_says_what_pytorch_says(base: Path, tmp_path: Path) -> None:
    folder = elsewhere.convert("onnx", base, tmp_path / "onnx")
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    tokenizer = open_tokenizer(str(folder))
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    for prompt in PROMPTS:
        ids = tokenizer(prompt)["input_ids"]
        (logits,) = session.run(["logits"], {"input_ids": np.array([ids], np.int64)})
        with torch.no_grad():
            expected = model(torch.tensor([ids])).logits.numpy()
        np.testing.assert_allclose(logits, expected, atol=1e-3)


@pytest.mark.parametrize("form", ["awq", "gptq", "onnx"])
def test_a_missing_library_is_said_so(
    form: elsewhere.Elsewhere, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "find_spec", lambda name: None)
    with pytest.raises(ConversionError, match=rf"{form} needs .*pip install 'frontdesk\["):
        elsewhere.convert(form, base, tmp_path)


def test_what_is_not_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="no config.json"):
        write_gguf(tmp_path, tmp_path / "m.gguf")
    (tmp_path / "config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(ConversionError, match="'mamba' are not written here, only llama"):
        write_gguf(tmp_path, tmp_path / "m.gguf")
    with pytest.raises(ConversionError, match="no PEFT adapter there"):
        write_gguf_adapter(tmp_path, tmp_path, tmp_path / "a.gguf")


def test_half_an_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    file = adapted(base, tmp_path / "half") / "adapter_model.safetensors"
    left = load_file(file)
    del left[next(name for name in left if "lora_B" in name)]
    save_file(left, file)
    with pytest.raises(ConversionError, match="has one LoRA matrix of two"):
        write_gguf_adapter(tmp_path / "half", base, tmp_path / "a.gguf")
