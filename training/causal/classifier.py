"""The encoder as a classifier: MiniLM (or any encoder by path) with LoRA, task type SEQ_CLS."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset as Rows
from peft import LoraConfig, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    EvalPrediction,
    Trainer,
    TrainingArguments,
    set_seed,
)

from frontdesk.training.causal.base import lora_config
from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.history import keep
from frontdesk.training.causal.schedule import arguments, run, stopping
from frontdesk.training.causal.settings import LoraSettings, RunSettings

Labelled = tuple[str, str]


class ClassifierSettings(RunSettings):
    """A classifier of short texts: larger batches and a higher rate than a decoder's."""

    lora: LoraSettings = LoraSettings(rank=16, alpha=32, dropout=0.1)
    max_length: int = 128
    batch: int = 32
    accumulate: int = 1
    rate: float = 1e-3
    gradient_checkpointing: bool = False


def classify(
    settings: ClassifierSettings,
    train: Sequence[Labelled],
    held_out: Sequence[Labelled],
    folder: Path,
    *,
    resume: bool = False,
) -> dict[str, float]:
    """Teach the encoder at `settings.base` to label texts [(text, label)]; return the metrics.

    The adapter and the new head are trained, the rest stays. Writes `folder/adapter` and the
    records of a run.

    Raises:
        FineTuningError: there are not two labels, or held-out ones were never trained.
    """
    labels = sorted({label for _, label in train})
    unknown = {label for _, label in held_out} - set(labels)
    if len(labels) < 2 or unknown:
        raise FineTuningError(f"labels {labels} to train on, and {sorted(unknown)} only held out")
    set_seed(settings.seed)
    tokenizer = AutoTokenizer.from_pretrained(settings.base, local_files_only=True)
    model = AutoModelForSequenceClassification.from_pretrained(
        settings.base,
        local_files_only=True,
        dtype=torch.float32,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: n for n, label in enumerate(labels)},
    )
    adapter: LoraConfig = lora_config(settings.lora, TaskType.SEQ_CLS)

    def rows(texts: Sequence[Labelled]) -> Rows:
        asked = tokenizer(
            [text for text, _ in texts], truncation=True, max_length=settings.max_length
        )
        return Rows.from_dict({**asked, "labels": [labels.index(label) for _, label in texts]})

    shuffled = random.Random(settings.seed).sample(list(train), len(train))
    trainer = Trainer(
        model=get_peft_model(model, adapter),
        args=TrainingArguments(**arguments(settings, folder), label_names=["labels"]),
        train_dataset=rows(shuffled),
        eval_dataset=rows(held_out),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=accuracy,
        callbacks=stopping(settings),
    )
    run(trainer, settings, folder, resume=resume)
    judged = trainer.evaluate()
    metrics = {
        "held_out_loss": float(judged["eval_loss"]),
        "held_out_accuracy": float(judged["eval_accuracy"]),
        "steps": float(trainer.state.global_step),
    }
    panels = {"loss": ("loss", "eval_loss"), "accuracy": ("eval_accuracy",)}
    keep(trainer, tokenizer, folder / "adapter", settings, metrics, {"loss.png": panels})
    return metrics


def accuracy(judged: EvalPrediction) -> dict[str, float]:
    """Return the share of texts whose likeliest label is right."""
    return {"accuracy": float((np.argmax(judged.predictions, -1) == judged.label_ids).mean())}
