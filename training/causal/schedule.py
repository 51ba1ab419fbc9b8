"""What SFT and DPO ask of TRL's trainers alike: steps, evaluations, checkpoints, devices."""

from pathlib import Path
from typing import Any

import datasets
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer
from transformers.trainer_utils import get_last_checkpoint

from frontdesk.training.causal.base import device_of, runs_in_bf16
from frontdesk.training.causal.settings import RunSettings

BETTER_BY = 1e-4  # nats: less is no progress


def arguments(settings: RunSettings, folder: Path) -> dict[str, Any]:
    """Return the keyword arguments of TRL's configurations; checkpoints go under `folder`."""
    evaluations = max(2, round(settings.epochs * settings.evaluations))
    share = 1.0 / evaluations  # of all steps
    return {
        "output_dir": str(folder / "checkpoints"),
        "per_device_train_batch_size": settings.batch,
        "per_device_eval_batch_size": settings.batch,
        "gradient_accumulation_steps": settings.accumulate,
        "num_train_epochs": settings.epochs,
        "max_steps": settings.max_steps,
        "learning_rate": settings.rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": settings.warmup,
        "logging_steps": 1,
        "eval_strategy": "steps",
        "eval_steps": share,
        "save_strategy": "steps",
        "save_steps": share,
        "save_total_limit": 2,
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
        "activation_checkpointing": settings.gradient_checkpointing,
        "bf16": runs_in_bf16(settings),
        "use_cpu": device_of(settings) == "cpu",
        "dataloader_pin_memory": device_of(settings) == "cuda",
        "disable_tqdm": not settings.progress,
        "report_to": [],
        "seed": settings.seed,
        "data_seed": settings.seed,
    }


def stopping(settings: RunSettings) -> list[EarlyStoppingCallback]:
    """Return what ends a run whose held-out loss no longer falls."""
    if not settings.patience:
        return []
    return [EarlyStoppingCallback(settings.patience, early_stopping_threshold=BETTER_BY)]


def run(trainer: Trainer, settings: RunSettings, folder: Path, *, resume: bool) -> None:
    """Train; `resume` goes on from the last checkpoint under `folder`, if it came that far.

    Where no progress is to be shown nothing is printed: what is logged goes to history.json.
    """
    if not settings.progress:
        trainer.remove_callback(PrinterCallback)
        datasets.disable_progress_bars()
    checkpoints = folder / "checkpoints"
    found = get_last_checkpoint(str(checkpoints)) if resume and checkpoints.is_dir() else None
    trainer.train(resume_from_checkpoint=found)
