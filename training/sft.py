"""Teach the decider its decisions: supervised training from nothing, on the decisions only.

frontdesk train sft
"""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.agents.small.prompt import QUOTE_MARKERS, marker
from frontdesk.training.batches import Encoded, SlotTable, batches, collate, shuffle_candidates
from frontdesk.training.network import drop_out, guess, target_loss
from frontdesk.training.tokenizer import token_id


@dataclass(frozen=True)
class SftSettings:
    """Shape and schedule of the run; the values are those that made the bundled model."""

    width: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 704
    vocabulary: int = 6000
    epochs: int = 6
    batch: int = 64
    rate: float = 1.5e-3
    weight_decay: float = 0.05
    smoothing: float = 0.05
    noise: float = 0.15
    dropout: float = 0.1
    seed: int = 7
    threads: int = 2


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
) -> None:
    """Train `network` in place on `examples`, whose slots are in `table`; the last epoch stays."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    pad = token_id(tokenizer, marker("pad"))
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
    total = settings.epochs * math.ceil(len(examples) / settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: warm_cosine(step, total))
    quotes = [token_id(tokenizer, name) for name in QUOTE_MARKERS]
    drop_out(network, settings.dropout)
    started = time.monotonic()
    for epoch in range(1, settings.epochs + 1):
        network.train()
        losses = []
        moved, markers = shuffle_candidates(examples, table, quotes, rng)
        network.get_input_embeddings().markers = markers
        for batch in batches(moved, settings.batch, pad, rng):
            with torch.autocast("cpu", torch.bfloat16):
                loss = target_loss(network, batch, settings.smoothing)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            schedule.step()
            losses.append(loss.item())
        network.get_input_embeddings().markers = torch.tensor(table.markers)
        score = exact(network, held_out, pad) if held_out else 0.0
        report(Progress(epoch, sum(losses) / len(losses), score, time.monotonic() - started))


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
        batch = collate(examples[start : start + 64], pad)
        guesses = guess(network, batch)
        right += int(((guesses == batch.labels) | (batch.labels == -100)).all(-1).sum())
    return right / max(1, len(examples))


def describe(settings: SftSettings) -> dict[str, object]:
    """Return the settings as plain values, for the run's record."""
    return asdict(settings)
