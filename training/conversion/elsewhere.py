"""Formats for other servers, through their own libraries: ONNX, AWQ and GPTQ.

    onnx   pip install frontdesk[onnx]    ONNX Runtime, Triton
    awq    pip install frontdesk[awq]     vLLM; Lin et al. 2023, 4 bits
    gptq   pip install frontdesk[awq]     vLLM; Frantar et al. 2022, 4 bits

AWQ and GPTQ look at some hundred training prompts to find which weights matter.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from frontdesk.training.causal.base import open_tokenizer
from frontdesk.training.causal.dialogues import Dialogue
from frontdesk.training.causal.examples import Reader
from frontdesk.training.conversion.errors import ConversionError

Elsewhere = Literal["onnx", "awq", "gptq"]
_NEEDS = {
    "onnx": (("onnx", "onnxscript"), "onnx"),
    "awq": (("llmcompressor",), "awq"),
    "gptq": (("llmcompressor",), "awq"),
}
_PROMPTS = 256


def convert(form: Elsewhere, model: Path, folder: Path, prompts: Sequence[Dialogue] = ()) -> Path:
    """Write the model in the folder `model` to `folder` in another form; return `folder`.

    Raises:
        ConversionError: the library for it is missing; the message says what to install.
    """
    modules, extra = _NEEDS[form]
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise ConversionError(
            f"{form} needs {' and '.join(missing)}: pip install 'frontdesk[{extra}]'"
        )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(str(model))
    if form == "onnx":
        _onnx(model, folder)
    else:
        _compress(form, model, folder, tokenizer, prompts)
    tokenizer.save_pretrained(folder)
    return folder


def _onnx(model: Path, folder: Path) -> None:
    """Write model.onnx: input_ids (batch, length) int64 to logits (batch, length, vocabulary)."""
    import torch
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(
        model, dtype=torch.float32, local_files_only=True, attn_implementation="eager"
    ).eval()
    network.config.use_cache = False

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.network(input_ids=input_ids).logits
            return logits

    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", min=2)}
    torch.onnx.export(
        Logits().eval(),
        (torch.ones(2, 8, dtype=torch.long),),
        str(folder / "model.onnx"),
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes=(sizes,),
        dynamo=True,
        verbose=False,
    )


def _compress(
    form: str, model: Path, folder: Path, tokenizer: Any, prompts: Sequence[Dialogue]
) -> None:
    from datasets import Dataset as Rows
    from llmcompressor import oneshot
    from llmcompressor.modifiers.awq import AWQModifier
    from llmcompressor.modifiers.quantization import GPTQModifier

    if not prompts:
        raise ConversionError(f"{form} needs training prompts to find the weights that matter")
    reader = Reader.of(tokenizer)
    rows = [reader.given(dialogue) for dialogue in prompts[:_PROMPTS]]
    kind = AWQModifier if form == "awq" else GPTQModifier
    scheme = "W4A16_ASYM" if form == "awq" else "W4A16"
    oneshot(
        model=str(model),
        tokenizer=tokenizer,
        dataset=Rows.from_dict({"input_ids": rows, "attention_mask": [[1] * len(r) for r in rows]}),
        recipe=[kind(targets=["Linear"], scheme=scheme, ignore=["lm_head"])],
        num_calibration_samples=len(rows),
        max_seq_length=max(map(len, rows)),
        output_dir=str(folder),
    )
