"""Direct preference optimisation (Rafailov et al. 2023) of a LoRA adapter beside the model.

The loss is the sigmoid one plus the likelihood of what is preferred (Pang et al. 2024).
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset as Rows
from trl import DPOConfig, DPOTrainer

from frontdesk.training.causal.base import lora_config, open_base, open_tokenizer
from frontdesk.training.causal.dialogues import Message
from frontdesk.training.causal.errors import FineTuningError
from frontdesk.training.causal.examples import Reader
from frontdesk.training.causal.history import keep
from frontdesk.training.causal.preferences import Preference
from frontdesk.training.causal.schedule import arguments, run, stopping
from frontdesk.training.causal.settings import DpoSettings

_PANELS = {
    "loss": ("loss", "eval_loss"),
    "reward margin": ("rewards/margins", "eval_rewards/margins"),
    "reward accuracy": ("rewards/accuracies", "eval_rewards/accuracies"),
}


def dpo(
    settings: DpoSettings,
    train: Sequence[Preference],
    held_out: Sequence[Preference],
    folder: Path,
    *,
    resume: bool = False,
) -> dict[str, float]:
    """Train the adapter on `train`, choose by the loss on `held_out`; return the metrics.

    Writes `folder/adapter`, settings.json, history.json, metrics.json and rewards.png: the margin
    is how much more the preferred reply gained than the other, in nats times `beta`; the accuracy,
    how often it gained more.

    Raises:
        FineTuningError: the base, the pairs or the device cannot be used as asked.
    """
    tokenizer = open_tokenizer(settings.base)
    reader = Reader.of(tokenizer)
    trainer = _Trainer(
        model=open_base(settings),
        args=DPOConfig(
            **arguments(settings, folder),
            beta=settings.beta,
            loss_type=["sigmoid", "sft"] if settings.sft_weight else ["sigmoid"],
            loss_weights=[1.0, settings.sft_weight] if settings.sft_weight else None,
            max_length=settings.max_length,
        ),
        train_dataset=to_rows(reader, train, settings.max_length),
        eval_dataset=to_rows(reader, held_out, settings.max_length),
        processing_class=tokenizer,
        peft_config=lora_config(settings.lora),
        callbacks=stopping(settings),
    )
    run(trainer, settings, folder, resume=resume)
    judged = trainer.evaluate()
    metrics = {
        "held_out_loss": float(judged["eval_loss"]),
        "reward_margin": float(judged["eval_rewards/margins"]),
        "reward_accuracy": float(judged["eval_rewards/accuracies"]),
        "steps": float(trainer.state.global_step),
        **{f"pairs_{kind}": float(n) for kind, n in Counter(p.kind for p in train).items()},
    }
    keep(trainer, tokenizer, folder / "adapter", settings, metrics, {"rewards.png": _PANELS})
    return metrics


def to_rows(reader: Reader, pairs: Sequence[Preference], max_length: int) -> Rows:
    """Return TRL's rows of token ids; pairs that are too long are left out.

    Raises:
        FineTuningError: none is left.
    """
    made = [row for row in (_row(reader, pair) for pair in pairs) if _length(row) <= max_length]
    if not made:
        raise FineTuningError(
            f"no preference pair of at most max_length = {max_length} tokens among {len(pairs)}"
        )
    return Rows.from_list(made)


def _row(reader: Reader, pair: Preference) -> dict[str, Any]:
    chosen = bool(pair.dialogue.given)
    rejected = Message(role="assistant", content=pair.rejected)
    return {
        "prompt_ids": reader.given(pair.dialogue),
        "chosen_ids": reader.reply(pair.dialogue.messages[-1], chosen=chosen),
        "rejected_ids": reader.reply(rejected, chosen=chosen),
    }


def _length(row: dict[str, Any]) -> int:
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


class _Trainer(DPOTrainer):  # type: ignore[misc]  # trl publishes no types
    """TRL's trainer on rows that are ids already; it tells nobody that it runs."""

    def _prepare_dataset(self, dataset: Rows, *_: Any) -> Rows:
        return dataset

    def _send_telemetry(self) -> None:
        return
