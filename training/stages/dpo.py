"""Teach the refusal adapter its preferences: DPO on a LoRA beside the trained network.

    python -m frontdesk.training.stages.dpo --config frontdesk.toml --folder runs/mine

Pairs are the network's own doubts on questions that it was not trained on, and what people said of
answers. Writes `adapter.pt`, `history.json` and a plot of reward margins and accuracies.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field
from transformers import LlamaForCausalLM

from frontdesk.training.base import base_fingerprint, base_of
from frontdesk.training.checkpoint import read_network, save_adapter
from frontdesk.training.dataset import load
from frontdesk.training.dpo import DpoSettings, make_pairs, train_adapter
from frontdesk.training.network import take_slots
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.plots import plot_rewards
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.tokenizer import read_tokenizer


class DpoStageSettings(StageSettings):
    """The adapter and its schedule; see `training.dpo.DpoSettings` for what each value does."""

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
    threads: int = Field(default=2, ge=1)


def work(job: Job) -> Result:
    """Write the adapter."""
    import torch

    settings: DpoStageSettings = job.settings
    plain = DpoSettings(**settings.model_dump(exclude={"threads"}), seed=job.seed)
    torch.set_num_threads(settings.threads)
    tokenizer = read_tokenizer(job.of("trace") / "tokenizer.json")
    dataset = load(job.of("trace") / "preferences.npz")
    torch.manual_seed(job.seed)
    network = _network(job)
    take_slots(network, dataset.table)
    pairs = make_pairs(network, dataset.examples, tokenizer, plain)
    cut = len(pairs) // 10
    if not cut:
        raise TrainingError(
            f"only {len(pairs)} preference pairs came of the questions; raise"
            " synthesise.preferences, or leave the stage dpo out"
        )
    refusing = sum(pair.refuses for pair in pairs)
    job.say(f"{len(pairs)} pairs, {refusing} of them prefer to decline; {cut} held out")
    torch.manual_seed(job.seed)
    trainer = train_adapter(
        network, tokenizer, pairs[cut:], pairs[:cut], job.folder, plain, job.say, resume=True
    )
    save_adapter(trainer.model, settings.alpha, job.folder / "adapter.pt")
    history: list[dict[str, Any]] = trainer.state.log_history
    write_whole(job.folder / "history.json", history)
    plot_rewards(history, job.folder / "rewards.png")
    last = next(row for row in reversed(history) if "eval_rewards/margins" in row)
    metrics = {
        "pairs": len(pairs),
        "margin": round(last["eval_rewards/margins"], 4),
        "pairs in order": round(last["eval_rewards/accuracies"], 4),
    }
    return Result(metrics, (job.folder / "adapter.pt",))


def _network(job: Job) -> LlamaForCausalLM:
    """Return the network that the adapter stands beside."""
    if job.has("sft"):
        return read_network(job.of("sft") / "model.pt")
    from frontdesk.training.restore import read_base

    base = base_of(job)
    if base is None:
        raise TrainingError('base = "nothing" needs the stage sft before dpo')
    return read_base(base).network


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprint of the base, where no stage of the run trained on it."""
    return {} if "sft" in job.recipe.stages else base_fingerprint(job)


STAGE = Stage("dpo", DpoStageSettings, work, reads=("trace", "sft"), outside=outside)

if __name__ == "__main__":
    run_script(STAGE.name)
