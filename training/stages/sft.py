"""Teach the network the decisions of this run: supervised, on the decisions only.

    python -m frontdesk.training.stages.sft --config frontdesk.toml --folder runs/mine

Starts from the base model, or from what `pretrain` made. Writes `model.pt`, `progress.json` and a
plot of the loss. A killed training goes on from its last epoch to the same result.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import torch
from pydantic import Field
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from frontdesk.training.base import base_fingerprint, base_of
from frontdesk.training.checkpoint import average, read_network, save_network
from frontdesk.training.dataset import load, merge
from frontdesk.training.network import take_slots
from frontdesk.training.pipeline.devices import choose_device
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.plots import plot_progress
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.restore import read_base
from frontdesk.training.sft import Progress, SftSettings, train
from frontdesk.training.tokenizer import read_tokenizer


class Schedule(StageSettings):
    """How long and how fast.

    `patience`: epochs without a better held-out score before it stops (0: never), the best one
    stays. `device`: "cpu", "cuda", or "auto".
    """

    epochs: int = Field(default=3, ge=1)
    batch: int = Field(default=64, ge=1)
    rate: float = Field(default=3e-4, gt=0)
    weight_decay: float = Field(default=0.05, ge=0)
    smoothing: float = Field(default=0.05, ge=0, lt=1)
    noise: float = Field(default=0.15, ge=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    patience: int = Field(default=0, ge=0)
    threads: int = Field(default=2, ge=1)
    device: str = "auto"

    def plain(self, seed: int) -> SftSettings:
        """Return the settings as `train` takes them."""
        kept = self.model_dump(include=set(Schedule.model_fields))
        return SftSettings(**{**kept, "device": choose_device(self.device), "seed": seed})


class SftStageSettings(Schedule):
    """The schedule on top of a base; `soup` takes the mean of where it starts and ends.

    (Wortsman et al. 2022, "Model soups".)
    """

    soup: bool = False


def work(job: Job) -> Result:
    """Write the trained network."""
    tokenizer = read_tokenizer(job.of("trace") / "tokenizer.json")
    result = fit(job, lambda: start(job, "pretrain"), tokenizer, job.settings.plain(job.seed))
    if job.settings.soup:
        path = job.folder / "model.pt"
        save_network(average([start(job, "pretrain"), read_network(path)]), path)
        job.say("the mean of the weights before and after is kept")
    return result


def fit(
    job: Job, begin: Callable[[], LlamaForCausalLM], tokenizer: Tokenizer, settings: SftSettings
) -> Result:
    """Train what `begin` returns on the run's examples; write `model.pt` and how it went."""
    dataset = load(job.of("trace") / "train.npz")
    held_out = load(job.of("trace") / "validation.npz")
    # One table for both: the validation examples' slots follow those of training.
    both = merge([dataset, held_out])
    training = both.examples[: len(dataset.examples)]
    away = both.examples[len(dataset.examples) :]
    torch.manual_seed(settings.seed)
    network = begin()
    take_slots(network, both.table, settings.noise)
    job.say(f"{len(training)} examples, {len(away)} held out, on {settings.device}")
    kept, state = job.folder / "progress.json", job.folder / "state.pt"
    log: list[dict[str, float]] = json.loads(kept.read_text("utf-8")) if state.exists() else []

    def report(progress: Progress) -> None:
        del log[progress.epoch - 1 :]
        log.append(asdict(progress))
        write_whole(kept, log)
        job.say(
            f"epoch {progress.epoch} of {settings.epochs}: loss {progress.loss:.3f}, held out all"
            f" right {progress.held_out:.1%}, {progress.seconds:.0f} s"
        )

    train(network, tokenizer, training, away, both.table, settings, report, state, job.say)
    save_network(network, job.folder / "model.pt")
    state.unlink()
    plot_progress(log, job.folder / "progress.png")
    best = max(log, key=lambda row: row["held_out"])
    return Result(
        {"examples": len(training), "loss": log[-1]["loss"], "held out": best["held_out"]},
        (job.folder / "model.pt",),
    )


def start(job: Job, before: str) -> LlamaForCausalLM:
    """Return the network that the stage `before` made; without that stage, the base model."""
    if job.has(before):
        return read_network(job.of(before) / "model.pt")
    base = base_of(job)
    if base is None:
        raise TrainingError(f'base = "nothing" needs the stage {before}; add it to the recipe')
    job.say(f"starts from {base.name}")
    return read_base(base).network


STAGE = Stage(
    "sft",
    SftStageSettings,
    work,
    reads=("trace", "pretrain"),
    outside=partial(base_fingerprint, before="pretrain"),
)

if __name__ == "__main__":
    run_script(STAGE.name)
