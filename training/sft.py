"""Teach the decider its decisions: supervised training, on the decisions only."""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.agents.small.prompt import QUOTE_MARKERS, marker
from frontdesk.training.batches import (
    Batch,
    Encoded,
    SlotTable,
    batches,
    collate,
    shuffle_candidates,
)
from frontdesk.training.network import drop_out, guess, target_loss
from frontdesk.training.progress import Say, told
from frontdesk.training.tokenizer import token_id
from frontdesk.training.training_state import TrainingState


@dataclass(frozen=True)
class SftSettings:
    """Schedule of a training.

    With `patience`, training stops after that many epochs without a better held-out score and the
    best epoch stays; without it, the last one does.
    """

    epochs: int = 6
    batch: int = 64
    rate: float = 1.5e-3
    weight_decay: float = 0.05
    smoothing: float = 0.05
    noise: float = 0.15
    dropout: float = 0.1
    seed: int = 7
    threads: int = 2
    patience: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Progress:
    """One epoch: mean training loss, and the share of held-out decisions that are all right."""

    epoch: int
    loss: float
    held_out: float
    seconds: float


def train(
    network: LlamaForCausalLM,
    tokenizer: Tokenizer,
    examples: Sequence[Encoded],
    held_out: Sequence[Encoded],
    table: SlotTable,
    settings: SftSettings,
    report: Callable[[Progress], None],
    checkpoint: Path | None = None,
    say: Say = lambda text: None,
) -> None:
    """Train `network` in place on `examples`, whose slots are in `table`.

    `say` is told how far an epoch is.

    With `checkpoint`, the state of the training is kept there after each epoch, and a training that
    was killed goes on from it to the same result.
    """
    device = torch.device(settings.device)
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    pad = token_id(tokenizer, marker("pad"))
    network.to(device)
    decay = [p for p in network.parameters() if p.dim() > 1]
    plain = [p for p in network.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": decay, "weight_decay": settings.weight_decay},
            {"params": plain, "weight_decay": 0.0},
        ],
        lr=settings.rate,
        betas=(0.9, 0.98),
    )
    steps = math.ceil(len(examples) / settings.batch)
    total = settings.epochs * steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: warm_cosine(step, total))
    quotes = [token_id(tokenizer, name) for name in QUOTE_MARKERS]
    drop_out(network, settings.dropout)
    state = TrainingState(network, optimiser, schedule, rng)
    patience = settings.patience if held_out else 0
    if checkpoint is not None and checkpoint.exists():
        state.load(checkpoint)
    while state.epoch < settings.epochs and not state.stopped(patience):
        started = time.monotonic()
        network.train()
        losses = []
        moved, markers = shuffle_candidates(examples, table, quotes, rng)
        network.get_input_embeddings().markers = markers.to(device)
        name = f"epoch {state.epoch + 1} of {settings.epochs}"
        for batch in told(batches(moved, settings.batch, pad, rng), steps, name, say):
            with torch.autocast(device.type, torch.bfloat16):
                loss = target_loss(network, on(batch, device), settings.smoothing)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            schedule.step()
            losses.append(loss.item())
        network.get_input_embeddings().markers = torch.tensor(table.markers, device=device)
        score = exact(network, held_out, pad) if held_out else 0.0
        state.ended(sum(losses) / len(losses), score, time.monotonic() - started)
        if checkpoint is not None:
            state.save(checkpoint)
        report(Progress(state.epoch, state.losses[-1], score, state.seconds))
    if patience:
        state.restore_best()
    network.to("cpu")


def on(batch: Batch, device: torch.device) -> Batch:
    """Return the batch on a device."""
    return Batch(batch.ids.to(device), batch.labels.to(device), batch.weights.to(device))


def warm_cosine(step: int, total: int) -> float:
    """Return the rate's factor: 4 % warm-up, then a cosine to a twentieth."""
    warm = max(1, total // 25)
    if step < warm:
        return (step + 1) / warm
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / (total - warm))))


def exact(network: LlamaForCausalLM, examples: Sequence[Encoded], pad: int) -> float:
    """Return the share of examples whose every marker is the likeliest one (teacher-forced)."""
    right = 0
    for start in range(0, len(examples), 64):
        batch = on(collate(examples[start : start + 64], pad), network.device)
        guesses = guess(network, batch)
        right += int(((guesses == batch.labels) | (batch.labels == -100)).all(-1).sum())
    return right / max(1, len(examples))
