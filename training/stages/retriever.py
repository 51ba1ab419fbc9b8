"""Fine-tune the encoder that passages are found by, on the questions of this run.

    python -m frontdesk.training.stages.retriever --config frontdesk.toml --folder runs/mine

Writes `bi-encoder.safetensors`, `progress.json` and a plot, and measures the search with it beside
the search in service on what is held out. It is put in service by the settings, never by itself.
One organisation's questions are one part; parts that are there are not looked up again.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from frontdesk.db.ingest.retriever import open_retriever
from frontdesk.training.bi_encoder.compare import agreement, compare
from frontdesk.training.bi_encoder.looking import looked_up
from frontdesk.training.bi_encoder.measure import gain
from frontdesk.training.bi_encoder.offer import FILE, Offer
from frontdesk.training.collection import read_members
from frontdesk.training.pipeline.hashes import of_file
from frontdesk.training.pipeline.plots import plot_retriever
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage


class RetrieverSettings(StageSettings):
    """How long, how fast, and on how much.

    `most` caps the questions that are trained on: the organisation's own first, then others drawn
    by the seed (None: all). Texts are cut at `tokens` while training. `threads` train; `processes`
    look questions up side by side.
    """

    epochs: int = Field(default=2, ge=1)
    rate: float = Field(default=3e-4, gt=0)
    batch: int = Field(default=32, ge=2)
    tokens: int = Field(default=128, ge=16, le=256)
    most: int | None = Field(default=2400, ge=1)
    threads: int = Field(default=2, ge=1)
    processes: int = Field(default=2, ge=1)


def work(job: Job) -> Result:
    """Write the retriever and what it finds beside the one in service."""
    import torch
    from safetensors.numpy import save_file

    from frontdesk.training.bi_encoder.network import adapter_of, open_network
    from frontdesk.training.bi_encoder.train import BiEncoderSettings, forget, train

    settings: RetrieverSettings = job.settings
    members = read_members(job.of("collect") / "members.jsonl")
    training, held_out = looked_up(job, members)
    torch.set_num_threads(settings.threads)
    torch.manual_seed(job.seed)
    network = open_network()
    schedule = BiEncoderSettings(
        **settings.model_dump(exclude={"most", "threads", "processes"}), seed=job.seed
    )
    write_whole(
        job.folder / "progress.json", train(network, training, job.folder, schedule, job.say)
    )
    kept = job.folder / FILE
    save_file(adapter_of(network), kept)
    candidate = open_retriever(str(kept), job.desk.data_dir, threads=settings.threads)
    assert candidate is not None
    cosine = agreement(network, candidate, training)
    before, after = compare(job, members, held_out, candidate)
    candidate.close()
    mean, low = gain(before, after)
    better = low > 0
    job.say(f"before: {before.told()}")
    job.say(f"after: {after.told()}")
    metrics = {
        "questions": len(training),
        "held out": len(before.fused.ndcgs),
        "before": before.shares(),
        "after": after.shares(),
        "gain in fused nDCG@10": round(mean, 4),
        "at least": round(low, 4),
        "cosine of GGUF and PyTorch": round(cosine, 5),
        "better": better,
    }
    if better:
        found = Offer(
            file=kept.absolute(),
            questions=len(before.fused.ndcgs),
            before=before.shares(),
            after=after.shares(),
        )
        job.say(found.told())
    else:
        job.say(f"not better on what is held out ({mean:+.4f}, at least {low:+.4f}): not used")
    plot_retriever(before.shares(), after.shares(), job.folder / "found.png")
    forget(job.folder)
    return Result(metrics, (kept,))


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprint of the retriever in service."""
    named = Path(job.desk.search.encoder)
    return {"retriever": of_file(named) if named.is_file() else "bundled"}


STAGE = Stage(
    "retriever", RetrieverSettings, work, reads=("collect", "synthesise"), outside=outside
)

if __name__ == "__main__":
    run_script(STAGE.name)
