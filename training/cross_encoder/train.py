"""Fine-tune the cross-encoder on both of its tasks: first steps, and sentences that answer."""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from frontdesk.training.cross_encoder.measure import Scores, measure
from frontdesk.training.cross_encoder.network import CrossEncoder, Words, collate
from frontdesk.training.cross_encoder.pairs import Reading
from frontdesk.training.noise import roughen
from frontdesk.training.progress import Say, told
from frontdesk.training.training_state import TrainingState

INTENT_BATCH, QUOTES_BATCH = 32, 6
CANDIDATES, NEAREST = 16, 4  # wrong sentences are drawn from the nearest ones first
CONTEXT_HIDDEN = 0.05  # some desks have no scope in their settings


@dataclass(frozen=True)
class CrossEncoderSettings:
    """Schedule of the run; the values are those that made the bundled file.

    `rate` is that of the adapter's weights, `head_rate` that of the two heads. A group holds a
    sentence that answers, where there is one, and `wrong` others. `noise` is the share of the
    questions that is typed badly, anew each epoch. `intents` and `quotes` are the most readings of
    each task in one epoch, drawn anew each time (None: all).
    """

    epochs: int = 2
    intents: int | None = None
    quotes: int | None = None
    rate: float = 6e-4
    head_rate: float = 2e-3
    wrong: int = 5
    noise: float = 0.3
    seed: int = 7
    threads: int = 2


@dataclass(frozen=True)
class Progress:
    """One epoch: the mean training loss of each task, what is held out, seconds so far."""

    epoch: int
    intent_loss: float
    quotes_loss: float
    scores: Scores
    seconds: float


@dataclass(frozen=True)
class Pair:
    """One row of a batch: its tokens and what is right, an intent or 1.0 for an answer."""

    tokens: list[int]
    right: float
    weight: float = 1.0


Batch = tuple[str, list[list[Pair]]]


def batches(
    readings: Sequence[Reading], words: Words, settings: CrossEncoderSettings, rng: random.Random
) -> list[Batch]:
    """Return one epoch in random order: intents one by one, quotes in groups of one question."""
    alone: list[list[Pair]] = []
    groups: list[list[Pair]] = []
    for reading in readings:
        rough = not reading.final and rng.random() < settings.noise
        question = roughen(reading.question, rng) if rough else reading.question
        if reading.task == "intent":
            text = reading.texts[0]
            if rng.random() < CONTEXT_HIDDEN:
                text = f" | {text.partition(' | ')[2]}"
            alone.append([Pair(words.pair(question, text), reading.right[0], reading.weight)])
        else:
            groups.append(
                [
                    Pair(words.pair(question, reading.texts[n]), float(n in reading.right))
                    for n in drawn(reading, settings.wrong, rng)
                ]
            )
    made = [("intent", part) for part in _like(alone, INTENT_BATCH, rng)]
    made += [("quotes", part) for part in _like(groups, QUOTES_BATCH, rng)]
    rng.shuffle(made)
    return made


def drawn(reading: Reading, wrong: int, rng: random.Random) -> list[int]:
    """Return the candidates of one group: a right one if there is one, and wrong ones."""
    count = min(len(reading.texts), CANDIDATES)
    right = [n for n in reading.right if n < count]
    others = [n for n in range(count) if n not in reading.right]
    near, rest = others[:NEAREST], others[NEAREST:]
    chosen = [rng.choice(right)] if right else []
    chosen += rng.sample(near, min(len(near), wrong - 2))
    return chosen + rng.sample(rest, min(len(rest), 2))


def _like(groups: list[list[Pair]], size: int, rng: random.Random) -> list[list[list[Pair]]]:
    """Return batches of `size` groups of similar length."""
    order = sorted(groups, key=lambda g: max(len(p.tokens) for p in g) + 10 * rng.random())
    return [order[n : n + size] for n in range(0, len(order), size)]


def loss_of(network: CrossEncoder, batch: Batch) -> torch.Tensor:
    """Return the loss of a batch: cross entropy of intents; of quotes, listwise and each alone."""
    task, groups = batch
    pairs = [pair for group in groups for pair in group]
    with torch.autocast("cpu", torch.bfloat16):
        pooled = network(*collate([pair.tokens for pair in pairs]))
    right = torch.tensor([pair.right for pair in pairs])
    if task == "intent":
        losses = torch.nn.functional.cross_entropy(
            network.intents(pooled), right.long(), reduction="none", label_smoothing=0.05
        )
        return (losses * torch.tensor([pair.weight for pair in pairs])).mean()
    scores = network.relevance(pooled)[:, 0]
    total = torch.zeros(())
    for score, answer in zip(
        torch.split(scores, [len(group) for group in groups]),
        torch.split(right, [len(group) for group in groups]),
        strict=True,
    ):
        # Alone, so that "none of them" has a level; listwise, so that the best one wins.
        total = total + torch.nn.functional.binary_cross_entropy_with_logits(
            score, answer, pos_weight=torch.tensor(3.0)
        )
        if answer.any():
            total = total + torch.nn.functional.cross_entropy(score, answer.argmax())
    return total / len(groups)


def train(
    network: CrossEncoder,
    words: Words,
    readings: Sequence[Reading],
    held_out: Sequence[Reading],
    settings: CrossEncoderSettings,
    report: Callable[[Progress], None] = lambda progress: None,
    checkpoint: Path | None = None,
    say: Say = lambda text: None,
) -> None:
    """Train `network` in place on `readings`; `say` is told how far an epoch is.

    With `checkpoint`, the state of the training is kept there after each epoch, and a training that
    was killed goes on from it to the same result.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    heads = [*network.intents.parameters(), *network.relevance.parameters()]
    lora = [weight for weight in network.encoder.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": lora, "lr": settings.rate}, {"params": heads, "lr": settings.head_rate}]
    )
    steps = _steps(readings, settings)
    total = settings.epochs * steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: factor(step, total))
    state = AdapterState(network, optimiser, schedule, rng)
    if checkpoint is not None and checkpoint.exists():
        state.load(checkpoint)
    while state.epoch < settings.epochs:
        began = time.monotonic()
        losses: dict[str, list[float]] = {"intent": [], "quotes": []}
        network.train()
        name = f"epoch {state.epoch + 1} of {settings.epochs}"
        chosen = of_epoch(readings, settings, rng)
        for batch in told(batches(chosen, words, settings, rng), steps, name, say):
            loss = loss_of(network, batch)
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(network.learned(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            schedule.step()
            losses[batch[0]].append(loss.item())
        means = {task: sum(found) / max(1, len(found)) for task, found in losses.items()}
        scores = measure(network, words, held_out)
        state.ended(sum(means.values()), scores.mean, time.monotonic() - began)
        if checkpoint is not None:
            state.save(checkpoint)
        report(Progress(state.epoch, means["intent"], means["quotes"], scores, state.seconds))


class AdapterState(TrainingState):
    """The state of a training that changes an adapter: the encoder below it is not kept."""

    def _weights(self) -> dict[str, torch.Tensor]:
        named = self._network.named_parameters()
        return {name: weight.detach() for name, weight in named if weight.requires_grad}


def of_epoch(
    readings: Sequence[Reading], settings: CrossEncoderSettings, rng: random.Random
) -> list[Reading]:
    """Return the readings of one epoch: of each task as many as the settings ask for."""
    found: list[Reading] = []
    for task, most in (("intent", settings.intents), ("quotes", settings.quotes)):
        rows = [reading for reading in readings if reading.task == task]
        found += rows if most is None or len(rows) <= most else rng.sample(rows, most)
    return found


def _steps(readings: Sequence[Reading], settings: CrossEncoderSettings) -> int:
    """Return the batches of one epoch."""
    chosen = of_epoch(readings, settings, random.Random(0))
    intents = sum(reading.task == "intent" for reading in chosen)
    return -(-intents // INTENT_BATCH) + -(-(len(chosen) - intents) // QUOTES_BATCH)


def factor(step: int, total: int) -> float:
    """Return the rate's factor: 6 % warm-up, then a cosine to a thirtieth."""
    warm = max(1.0, 0.06 * total)
    return min(1.0, (step + 1) / warm) * max(0.03, 0.5 * (1 + math.cos(math.pi * step / total)))
