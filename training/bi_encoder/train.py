"""Fine-tune the bi-encoder: a question is to be nearer to its passage than to any other at hand.

The loss is that of Henderson et al. 2017, "Efficient Natural Language Response Suggestion": each
question is compared with every passage of its batch, the right one, the others' right ones and the
near ones that answer nobody.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.sentence_transformer.training_args import BatchSamplers
from transformers import TrainerCallback
from transformers.trainer_callback import PrinterCallback
from transformers.trainer_utils import get_last_checkpoint

from frontdesk.training.bi_encoder.pairs import Asked

NEAREST = 8  # a hard negative is drawn from as many


@dataclass(frozen=True)
class BiEncoderSettings:
    """Schedule of the run. Texts are cut at `tokens`: long ones cost most of the time."""

    epochs: int = 2
    rate: float = 3e-4
    batch: int = 32
    tokens: int = 128
    seed: int = 7


def to_rows(asked: Sequence[Asked], seed: int) -> Dataset:
    """Return the columns of the loss: a question, a text that answers it, one that does not."""
    rng = random.Random(seed)
    usable = [row for row in asked if row.wrong]
    return Dataset.from_dict(
        {
            "anchor": [row.question for row in usable],
            "positive": [rng.choice(row.right) for row in usable],
            "negative": [rng.choice(row.wrong[:NEAREST]) for row in usable],
        }
    )


def train(
    network: Any,
    asked: Sequence[Asked],
    folder: Path,
    settings: BiEncoderSettings,
    say: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Train the adapter of `network` in place and return the history: a row an epoch.

    Each epoch leaves a checkpoint under `folder`, from which a training that was killed goes on to
    the same result; the last is removed by who has kept the adapter (`forget`).
    """
    trainer = SentenceTransformerTrainer(
        model=network,
        args=_schedule(folder, settings),
        train_dataset=to_rows(asked, settings.seed),
        loss=MultipleNegativesRankingLoss(network),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Teller(say, settings.epochs))
    checkpoints = folder / "checkpoints"
    kept = get_last_checkpoint(checkpoints) if checkpoints.is_dir() else None
    served, network.max_seq_length = network.max_seq_length, settings.tokens
    trainer.train(resume_from_checkpoint=kept)
    network.max_seq_length = served
    network.eval()
    return [row for row in trainer.state.log_history if "loss" in row]


def forget(folder: Path) -> None:
    """Remove the checkpoints of a training that is over."""
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


class _Teller(TrainerCallback):  # type: ignore[misc]  # transformers publishes no types
    """Says how the training goes, a line an epoch, once it is on the disk."""

    def __init__(self, say: Callable[[str], None], epochs: int) -> None:
        self._say, self._epochs = say, epochs

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Say the epoch and its mean loss."""
        loss = next(row["loss"] for row in reversed(state.log_history) if "loss" in row)
        self._say(f"epoch {round(state.epoch)} of {self._epochs}: loss {loss:.3f}")


def _schedule(folder: Path, settings: BiEncoderSettings) -> SentenceTransformerTrainingArguments:
    return SentenceTransformerTrainingArguments(
        output_dir=str(folder / "checkpoints"),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch,
        learning_rate=settings.rate,
        lr_scheduler_type="cosine",
        warmup_steps=5,
        # Two questions that one passage answers would each be told that the other's is wrong.
        batch_sampler=BatchSamplers.NO_DUPLICATES,
        save_strategy="epoch",
        save_total_limit=1,
        logging_strategy="epoch",
        report_to=[],
        use_cpu=True,
        bf16=True,
        seed=settings.seed,
        disable_tqdm=True,
        log_level="error",
        dataloader_pin_memory=False,
    )
