"""Teach the refusal adapter its preferences: DPO on a LoRA beside the trained network.

    python -m frontdesk.training.stages.dpo --config frontdesk.toml --folder runs/mine

Pairs are the network's own doubts on questions that it was not trained on, and what people said of
answers. Writes `adapter.pt`, `history.json` and a plot of reward margins and accuracies.
"""

import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from pydantic import Field
from tokenizers import Tokenizer

from frontdesk.agents.small.prompt import marker
from frontdesk.training.base import base_fingerprint
from frontdesk.training.batches import Encoded
from frontdesk.training.checkpoint import save_adapter
from frontdesk.training.dataset import load, merge
from frontdesk.training.dpo import DpoSettings, Pair, make_pairs, train_adapter
from frontdesk.training.network import take_slots
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.plots import plot_rewards
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.stages.sft import start
from frontdesk.training.tokenizer import read_tokenizer, token_id


class DpoStageSettings(StageSettings):
    """The adapter and its schedule; see `training.dpo.DpoSettings` for what each value does.

    A pair of what people said counts `weight` times.
    """

    rank: int = Field(default=8, ge=1)
    alpha: int = Field(default=16, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    beta: float = Field(default=0.1, gt=0)
    rate: float = Field(default=3e-4, gt=0)
    epochs: int = Field(default=2, ge=1)
    batch: int = Field(default=32, ge=1)
    judged: int = Field(default=6000, ge=1)
    pairs: int = Field(default=900, ge=10)
    in_scope: float = Field(default=2 / 3, gt=0, lt=1)
    weight: int = Field(default=4, ge=0)
    threads: int = Field(default=2, ge=1)


def work(job: Job) -> Result:
    """Write the adapter."""
    import torch

    settings: DpoStageSettings = job.settings
    plain = DpoSettings(**settings.model_dump(exclude={"threads", "weight"}), seed=job.seed)
    torch.set_num_threads(settings.threads)
    tokenizer = read_tokenizer(job.of("trace") / "tokenizer.json")
    said = job.of("trace") / "feedback.npz"
    drawn = load(job.of("trace") / "preferences.npz")
    dataset = merge([drawn, load(said)] if said.exists() else [drawn])
    examples = dataset.examples[: len(drawn.examples)]
    torch.manual_seed(job.seed)
    network = start(job, "sft")
    take_slots(network, dataset.table)
    people = _said(dataset.examples[len(examples) :], tokenizer)
    pairs = make_pairs(network, examples, tokenizer, plain)
    held = len(pairs) // 10
    if not held:
        raise TrainingError(
            f"only {len(pairs)} preference pairs came of the questions; raise"
            " synthesise.preferences, or leave the stage dpo out"
        )
    refusing = sum(pair.refuses for pair in pairs)
    job.say(f"{len(pairs)} pairs, {refusing} of them prefer to decline; {held} held out")
    training = [*pairs[held:], *people * settings.weight]
    if people:
        job.say(f"{len(people)} pairs of what people said, each {settings.weight} times")
        random.Random(job.seed).shuffle(training)
    torch.manual_seed(job.seed)
    trainer = train_adapter(
        network, tokenizer, training, pairs[:held], job.folder, plain, job.say, resume=True
    )
    save_adapter(trainer.model, settings.alpha, job.folder / "adapter.pt")
    history: list[dict[str, Any]] = trainer.state.log_history
    write_whole(job.folder / "history.json", history)
    plot_rewards(history, job.folder / "rewards.png")
    last = next(row for row in reversed(history) if "eval_rewards/margins" in row)
    metrics = {
        "pairs": len(pairs),
        "pairs of feedback": len(people),
        "margin": round(last["eval_rewards/margins"], 4),
        "pairs in order": round(last["eval_rewards/accuracies"], 4),
    }
    return Result(metrics, (job.folder / "adapter.pt",))


def _said(examples: Sequence[Encoded], tokenizer: Tokenizer) -> list[Pair]:
    """Return the pairs of people: examples come as chosen, rejected, chosen, ..."""
    refuse = token_id(tokenizer, marker("refuse"))
    return [
        Pair(chosen.prompt, chosen.target, rejected.target, chosen.target[0] == refuse, 1.0)
        for chosen, rejected in zip(examples[::2], examples[1::2], strict=True)
    ]


STAGE = Stage(
    "dpo",
    DpoStageSettings,
    work,
    reads=("trace", "sft"),
    outside=partial(base_fingerprint, before="sft"),
)

if __name__ == "__main__":
    run_script(STAGE.name)
