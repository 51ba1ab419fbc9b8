"""Fine-tune the encoder that reads a question together with a text, on the questions of this run.

    python -m frontdesk.training.stages.encoder --config frontdesk.toml --folder runs/mine

Goes on from the reader in service, and keeps that one where training has not made it better on
what is held out. Writes `cross-encoder.safetensors`, `progress.json` and a plot. One organisation's
readings are one part; parts that are there are not made again.
"""

import json
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic import Field

from frontdesk.agents.deciders import READER
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.graphs.settings import Settings
from frontdesk.training.base import reader_of
from frontdesk.training.collection import Member, open_member, read_members
from frontdesk.training.cross_encoder.measure import Scores, measure
from frontdesk.training.cross_encoder.network import CrossEncoder, Words
from frontdesk.training.cross_encoder.pairs import (
    Reading,
    foreign,
    read,
    readings,
    refusals,
    save,
    stands_alone,
)
from frontdesk.training.cross_encoder.train import CrossEncoderSettings, Progress, train
from frontdesk.training.labelled import Labelled, read_labelled
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_file
from frontdesk.training.pipeline.plots import plot_reader
from frontdesk.training.pipeline.processes import spread
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.splits import Split

SPLITS: tuple[Split, ...] = ("train", "validation")
FOREIGN = 130  # questions to others that one organisation learns to decline


class EncoderSettings(StageSettings):
    """How long, how fast, and on how much.

    `rate` is that of the adapter's weights, `head_rate` that of the two heads, which start from
    nothing. Beside a sentence that answers stand `wrong` others. `noise` is the share of the well
    typed questions that is typed badly, anew each epoch. `intents` and `quotes` are the most
    readings of first steps and of sentences in one epoch, drawn anew each time (None: all).
    `threads` train; `processes` look questions up side by side.
    """

    epochs: int = Field(default=2, ge=1)
    rate: float = Field(default=6e-4, gt=0)
    head_rate: float = Field(default=2e-3, gt=0)
    wrong: int = Field(default=5, ge=2)
    noise: float = Field(default=0.3, ge=0, le=1)
    intents: int | None = Field(default=12000, ge=1)
    quotes: int | None = Field(default=None, ge=1)
    threads: int = Field(default=2, ge=1)
    processes: int = Field(default=2, ge=1)


def work(job: Job) -> Result:
    """Write the reader: the trained one, or the one it started from where that reads better."""
    import torch
    from safetensors.numpy import load_file, save_file

    settings: EncoderSettings = job.settings
    training, held_out = _readings(job)
    plain = CrossEncoderSettings(**settings.model_dump(exclude={"processes"}), seed=job.seed)
    torch.set_num_threads(settings.threads)
    torch.manual_seed(job.seed)
    network, words = CrossEncoder(), Words()
    start = reader_of(job)
    if start is not None:
        network.restore(load_file(start))
    before = measure(network, words, held_out)
    job.say(f"starts from {start.name if start else 'nothing'}: {before.told()}")
    after = _fit(job, network, words, training, held_out, plain, before)
    kept = job.folder / READER.name
    better = after.mean > before.mean
    if start is None or better:
        save_file(network.adapter(), kept)
    else:
        shutil.copyfile(start, kept)
        job.say("not better on what is held out: the reader that it started from is kept")
    (job.folder / "state.pt").unlink()
    metrics = {
        "readings": len(training),
        "held out": len(held_out),
        "before": _shares(before),
        "after": _shares(after),
        "better": better,
    }
    return Result(metrics, (kept,))


def _fit(
    job: Job,
    network: CrossEncoder,
    words: Words,
    training: Sequence[Reading],
    held_out: Sequence[Reading],
    settings: CrossEncoderSettings,
    before: Scores,
) -> Scores:
    """Train, say how it goes, draw it; return the scores of the last epoch."""
    file, state = job.folder / "progress.json", job.folder / "state.pt"
    log: list[dict[str, float]] = [{"epoch": 0, **_shares(before)}]
    if state.exists() and file.exists():
        log = json.loads(file.read_text("utf-8"))

    def report(progress: Progress) -> None:
        log[:] = [row for row in log if row["epoch"] < progress.epoch]
        log.append(
            {
                "epoch": progress.epoch,
                "intents loss": progress.intent_loss,
                "quotes loss": progress.quotes_loss,
                **_shares(progress.scores),
            }
        )
        write_whole(file, log)
        job.say(
            f"epoch {progress.epoch} of {settings.epochs}: losses {progress.intent_loss:.3f} and"
            f" {progress.quotes_loss:.3f}; {progress.scores.told()}; {progress.seconds:.0f} s"
        )

    train(network, words, training, held_out, settings, report, state, job.say)
    plot_reader(log, job.folder / "progress.png")
    return measure(network, words, held_out)


def _shares(scores: Scores) -> dict[str, float]:
    counted = {"intents": scores.intents, "quotes": scores.quotes}
    return {name: round(right / of, 4) for name, (right, of) in counted.items() if of}


def _readings(job: Job) -> tuple[list[Reading], list[Reading]]:
    """Return the readings to train on and those held out; what is missing is made now."""
    members = read_members(job.of("collect") / "members.jsonl")
    rows = read_labelled(job.of("synthesise") / "questions.jsonl", *SPLITS)
    parts = job.folder / "parts"
    parts.mkdir(exist_ok=True)
    asked = [member for member in members if any(r.organisation == member.slug for r in rows)]
    missing = [m for m in asked if not all(_part(parts, m, split).exists() for split in SPLITS)]
    away = _foreign(job, asked, rows) if missing else {}
    one = partial(read_member, rows=rows, parts=parts, desks=job.run.path / "desks", desk=job.desk)
    others = [away.get(member.slug, []) for member in missing]
    spread(job, one, missing, others)
    training, held_out = (
        [row for m in asked for row in read(_part(parts, m, split))] for split in SPLITS
    )
    if not training or not held_out:
        raise TrainingError(
            f"{len(training)} readings to train on and {len(held_out)} to measure by came of the"
            " questions; raise synthesise.scale or own_scale, or leave the stage encoder out"
        )
    job.say(f"{len(training)} readings, {len(held_out)} held out")
    return training, held_out


def read_member(
    member: Member,
    away: Sequence[str],
    *,
    rows: Sequence[Labelled],
    parts: Path,
    desks: Path,
    desk: Settings,
) -> str:
    """Write the readings of one organisation, a part a split; return a line for the log.

    `away` are questions to other organisations, which it learns to decline.
    """
    began = time.monotonic()
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(desk.data_dir), threads=1))
    made = 0
    with open_member(member, desk, desks, embedder) as toolbox:
        for split in SPLITS:
            found = [
                reading
                for row in rows
                if (row.split, row.organisation) == (split, member.slug)
                for reading in readings(toolbox, row.question)
            ]
            if split == "train":
                found += refusals(toolbox, away)
            save(_part(parts, member, split), found)
            made += len(found)
    return f"{member.slug}: {made} readings, {time.monotonic() - began:.0f} s"


def _foreign(job: Job, members: Sequence[Member], rows: Sequence[Labelled]) -> dict[str, list[str]]:
    """Return some of the handwritten questions to others that each organisation declines."""
    taught = {m.slug: m.organisation.scope for m in members if m.role in ("own", "taught")}
    asked: dict[str, list[str]] = {slug: [] for slug in taught}
    for row in rows:
        written = (row.split, row.source) == ("train", "written") and not row.question.noisy
        if written and row.organisation in asked and stands_alone(row.question):
            asked[row.organisation].append(row.question.q)
    embedder = GGUFEmbedder(encoder_path(job.desk.data_dir))
    found = foreign(taught, asked, embedder)
    embedder.close()
    return {
        slug: random.Random(f"{job.seed}:{slug}").sample(texts, min(FOREIGN, len(texts)))
        for slug, texts in found.items()
    }


def _part(parts: Path, member: Member, split: str) -> Path:
    return parts / f"{member.slug}-{split}.jsonl"


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprint of the reader that the run goes on from."""
    start = reader_of(job)
    return {"reader": of_file(start) if start else "nothing"}


STAGE = Stage("encoder", EncoderSettings, work, reads=("collect", "synthesise"), outside=outside)

if __name__ == "__main__":
    run_script(STAGE.name)
