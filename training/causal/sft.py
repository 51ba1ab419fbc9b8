"""Supervised fine-tuning of a causal model with TRL and PEFT: LoRA, QLoRA, or every weight.

`sft(SftSettings(base="models/mine-1b", four_bit=True), train, held_out, Path("runs/sft"))`

Under `accelerate launch` the same call trains on many devices.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset as Rows
from trl import SFTConfig, SFTTrainer

from frontdesk.training.causal.base import lora_config, open_base, open_tokenizer
from frontdesk.training.causal.dialogues import Dialogue
from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.examples import Example, Reader
from frontdesk.training.causal.history import keep
from frontdesk.training.causal.schedule import arguments, run, stopping
from frontdesk.training.causal.settings import SftSettings


def sft(
    settings: SftSettings,
    train: Sequence[Dialogue],
    held_out: Sequence[Dialogue],
    folder: Path,
    *,
    resume: bool = False,
) -> dict[str, float]:
    """Fine-tune on `train`, choose by the loss on `held_out`; return the metrics.

    Writes `folder/adapter` (LoRA) or `folder/model` (full), each with its tokenizer, and
    settings.json, history.json, metrics.json, loss.png. `resume` goes on from the last checkpoint,
    with the same result as a run that was never broken off.

    Raises:
        FineTuningError: the base, the data or the device cannot be used as asked.
    """
    tokenizer = open_tokenizer(settings.base)
    reader = Reader.of(tokenizer)
    rows, dropped = to_rows(reader, train, settings.max_length)
    judged, _ = to_rows(reader, held_out, settings.max_length)
    trainer = _Trainer(
        model=open_base(settings),
        args=SFTConfig(
            **arguments(settings, folder),
            max_length=settings.max_length,
            packing=settings.packing,
            eval_packing=False,
            # The rows are ready as they are, unless they are to be packed.
            dataset_kwargs={"skip_prepare_dataset": not settings.packing},
        ),
        train_dataset=rows,
        eval_dataset=judged,
        processing_class=tokenizer,
        peft_config=lora_config(settings.lora) if settings.method == "lora" else None,
        callbacks=stopping(settings),
    )
    run(trainer, settings, folder, resume=resume)
    metrics = {
        "held_out_loss": float(trainer.state.best_metric or float("nan")),
        "steps": float(trainer.state.global_step),
        "examples": float(len(rows)),
        "too_long": float(dropped),
        "trained_parameters": float(
            sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
        ),
    }
    target = folder / ("adapter" if settings.method == "lora" else "model")
    panels = {"loss.png": {"loss": ("loss", "eval_loss")}}
    keep(trainer, tokenizer, target, settings, metrics, panels)
    return metrics


def to_rows(reader: Reader, dialogues: Sequence[Dialogue], max_length: int) -> tuple[Rows, int]:
    """Return TRL's rows, and how many examples were left out because they are too long.

    Raises:
        FineTuningError: none is left.
    """
    made = [example for dialogue in dialogues for example in reader.examples(dialogue)]
    kept = [example for example in made if len(example.ids) <= max_length]
    if not kept:
        reason = f"{len(made)} are longer than max_length = {max_length} tokens" if made else "none"
        raise FineTuningError(f"no example to learn from: {reason}")
    return _rows(kept), len(made) - len(kept)


def _rows(examples: Sequence[Example]) -> Rows:
    return Rows.from_dict(
        {
            "input_ids": [list(example.ids) for example in examples],
            "labels": [list(example.labels) for example in examples],
        }
    )


class _Trainer(SFTTrainer):  # type: ignore[misc]  # trl publishes no types
    """TRL's trainer, which tells nobody that it runs."""

    def _send_telemetry(self) -> None:
        return


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the metrics that a finished run wrote."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text("utf-8"))
    return metrics
