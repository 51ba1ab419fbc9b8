"""Teach the refusal adapter its preferences: DPO (Rafailov et al. 2023) on a LoRA beside the model.

Pairs come from the model's own doubts on questions it was not trained on: where it would rather
search than decline what is not the desk's business, decline what is, or quote the wrong sentence.
Plain DPO wrecks a model this small; the SFT term (Pang et al. 2024) and two in-scope pairs for
each out-of-scope one keep it whole.
"""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset as Rows
from peft import LoraConfig, TaskType
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM, TrainerCallback
from transformers.trainer_callback import PrinterCallback
from transformers.trainer_utils import get_last_checkpoint
from trl import DPOConfig, DPOTrainer

from frontdesk.agents.decision import STEPS
from frontdesk.agents.small.prompt import marker
from frontdesk.training.batches import Encoded, collate
from frontdesk.training.network import marker_ids
from frontdesk.training.tokenizer import as_transformers, token_id


@dataclass(frozen=True)
class DpoSettings:
    """The adapter and its schedule. Rank 8, alpha 16 (Hu et al. 2021), on all linear layers."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    beta: float = 0.1
    rate: float = 3e-4
    epochs: int = 2
    batch: int = 32
    judged: int = 6000
    pairs: int = 900
    in_scope: float = 2 / 3
    seed: int = 7


@dataclass(frozen=True)
class Pair:
    """A prompt, the decision to prefer, the one to leave; `doubt` is how near the two are."""

    prompt: tuple[int, ...]
    chosen: tuple[int, ...]
    rejected: tuple[int, ...]
    refuses: bool
    doubt: float


def first_passes(examples: Sequence[Encoded], tokenizer: Tokenizer) -> list[Encoded]:
    """Return the examples that ask for a turn's first decision: what to do, or to decline."""
    later = set(marker_ids(tokenizer, ("observed", "failed", "stand", "place")))
    return [example for example in examples if not later & set(example.prompt)]


@torch.no_grad()
def find_pairs(
    network: LlamaForCausalLM, examples: Sequence[Encoded], tokenizer: Tokenizer
) -> list[Pair]:
    """Return a preference pair for each first decision, from the model's own probabilities."""
    steps = marker_ids(tokenizer, STEPS)
    refuse = token_id(tokenizer, marker("refuse"))
    pad = token_id(tokenizer, marker("pad"))
    network.eval()
    pairs: list[Pair] = []
    for start in range(0, len(examples), 64):
        group = examples[start : start + 64]
        batch = collate(group, pad)
        hidden = network.model(input_ids=batch.ids).last_hidden_state
        last = torch.tensor([len(e.prompt) - 1 for e in group])
        scores = network.lm_head(hidden[torch.arange(len(group)), last]).float()
        odds = torch.zeros_like(scores).index_copy(
            1, torch.tensor(steps), scores[:, steps].softmax(-1)
        )
        for example, row in zip(group, odds, strict=True):
            right = example.target[0]
            if right == refuse:
                others = row.clone()
                others[right] = 0.0
                wrong = int(others.argmax())
            else:
                wrong = (
                    refuse
                    if row[refuse] >= 1e-4
                    else int(row.scatter(0, torch.tensor(right), 0).argmax())
                )
            doubt = float(row[wrong] / (row[wrong] + row[right] + 1e-9))
            pairs.append(Pair(example.prompt, (right,), (wrong,), right == refuse, doubt))
    return pairs


def choose_pairs(pairs: Sequence[Pair], settings: DpoSettings) -> list[Pair]:
    """Return the pairs the model doubts most, in the settings' proportion, in random order."""
    doubted = sorted(pairs, key=lambda pair: -pair.doubt)
    inside = int(settings.pairs * settings.in_scope)
    chosen = [p for p in doubted if not p.refuses][:inside]
    chosen += [p for p in doubted if p.refuses][: settings.pairs - inside]
    random.Random(settings.seed).shuffle(chosen)
    return chosen


def make_pairs(
    network: LlamaForCausalLM,
    examples: Sequence[Encoded],
    tokenizer: Tokenizer,
    settings: DpoSettings,
) -> list[Pair]:
    """Return the pairs of a training: the network's doubts among the examples it is judged on."""
    asked = first_passes(examples, tokenizer)
    asked = random.Random(settings.seed).sample(asked, min(len(asked), settings.judged))
    return choose_pairs(find_pairs(network, asked, tokenizer), settings)


class _Teller(TrainerCallback):  # type: ignore[misc]  # transformers publishes no types
    """Says how the training goes, a line each time it logs."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Say the reward margin and how many pairs are in the right order."""
        for prefix, name in (("", "training"), ("eval_", "held out")):
            if logs and f"{prefix}rewards/margins" in logs:
                margin = float(logs[f"{prefix}rewards/margins"])
                right = float(logs[f"{prefix}rewards/accuracies"])
                self._say(
                    f"step {state.global_step} of {state.max_steps}, {name}: margin {margin:.3f},"
                    f" {right:.0%} of the pairs in order"
                )


class SlotTrainer(DPOTrainer):  # type: ignore[misc]  # trl publishes no types
    """TRL's trainer on rows that are already ids: slots have no text to tokenise."""

    def _prepare_dataset(self, dataset: Rows, *_: Any) -> Rows:
        return dataset


def to_rows(pairs: Sequence[Pair]) -> Rows:
    """Return the pairs as TRL's columns."""
    return Rows.from_dict(
        {
            "prompt_ids": [list(p.prompt) for p in pairs],
            "chosen_ids": [list(p.chosen) for p in pairs],
            "rejected_ids": [list(p.rejected) for p in pairs],
        }
    )


def _schedule(folder: Path, settings: DpoSettings) -> DPOConfig:
    """Return TRL's settings of the run: sigmoid loss beside the SFT term, on the CPU."""
    return DPOConfig(
        output_dir=str(folder / "checkpoints"),
        per_device_train_batch_size=settings.batch,
        per_device_eval_batch_size=settings.batch,
        num_train_epochs=settings.epochs,
        learning_rate=settings.rate,
        lr_scheduler_type="cosine",
        warmup_steps=5,
        beta=settings.beta,
        loss_type=["sigmoid", "sft"],
        loss_weights=[1.0, 1.0],
        max_length=None,
        logging_steps=10,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        save_only_model=False,
        report_to=[],
        use_cpu=True,
        bf16=False,
        seed=settings.seed,
        activation_checkpointing=False,
        disable_tqdm=True,
        log_level="error",
        dataloader_pin_memory=False,
    )


def train_adapter(
    network: LlamaForCausalLM,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    held_out: Sequence[Pair],
    folder: Path,
    settings: DpoSettings,
    say: Callable[[str], None] = print,
    resume: bool = False,
) -> SlotTrainer:
    """Train a LoRA adapter on `pairs` and return the trainer with its history.

    Each epoch leaves a checkpoint in `folder` until it is over; with `resume`, a training that was
    killed goes on from the last.
    """
    adapter = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        task_type=TaskType.CAUSAL_LM,
        target_modules=[
            "q_proj",
            "k_proj",
            "v_proj",
            "o_proj",
            "gate_proj",
            "up_proj",
            "down_proj",
        ],
    )
    trainer = SlotTrainer(
        model=network,
        args=_schedule(folder, settings),
        train_dataset=to_rows(pairs),
        eval_dataset=to_rows(held_out),
        processing_class=as_transformers(tokenizer),
        peft_config=adapter,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Teller(say))
    checkpoints = folder / "checkpoints"
    kept = get_last_checkpoint(checkpoints) if resume and checkpoints.is_dir() else None
    trainer.train(resume_from_checkpoint=kept)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return trainer
