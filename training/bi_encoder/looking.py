"""Look the questions of a run up with the real tools: those to train on, and those held out."""

import random
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.graphs.settings import Settings
from frontdesk.training.bi_encoder.pairs import Asked, look_up, read, save
from frontdesk.training.collection import Member, open_member
from frontdesk.training.labelled import Labelled, read_labelled
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.processes import spread
from frontdesk.training.pipeline.stage import Job
from frontdesk.training.splits import Split

SPLITS: tuple[Split, ...] = ("train", "validation")


def looked_up(job: Job, members: Sequence[Member]) -> tuple[list[Asked], dict[str, list[Asked]]]:
    """Return the questions to train on, and those held out by their organisation.

    What is missing is looked up now. Where there is an organisation that is trained for, it alone
    is measured.
    """
    rows = read_labelled(job.of("synthesise") / "questions.jsonl", *SPLITS)
    parts = job.folder / "parts"
    parts.mkdir(exist_ok=True)
    encoder_path(job.desk.data_dir)
    asked = [member for member in members if any(r.organisation == member.slug for r in rows)]
    one = partial(look_up_all, rows=rows, parts=parts, desks=job.run.path / "desks", desk=job.desk)
    spread(job, one, asked)
    drawn = _drawn(asked, parts, job)
    own = [member for member in asked if member.role == "own"]
    held_out = {m.slug: read(_part(parts, m, "validation")) for m in own or asked}
    count = sum(map(len, held_out.values()))
    if not any(row.wrong for row in drawn) or not count:
        raise TrainingError(
            f"{len(drawn)} questions to train on and {count} to measure by are answered from pages;"
            " raise synthesise.structure or own_scale, or leave the stage retriever out"
        )
    job.say(f"{len(drawn)} questions with their passages, {count} held out")
    return drawn, held_out


def look_up_all(
    member: Member, *, rows: Sequence[Labelled], parts: Path, desks: Path, desk: Settings
) -> str:
    """Write the questions of one organisation, a part a split; return a line for the log."""
    if all(_part(parts, member, split).exists() for split in SPLITS):
        return f"{member.slug}: there already"
    began = time.monotonic()
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(desk.data_dir), threads=1))
    made = 0
    with open_member(member, desk, desks, embedder) as toolbox:
        for split in SPLITS:
            mine = [r for r in rows if (r.split, r.organisation) == (split, member.slug)]
            found = [asked for row in mine if (asked := look_up(toolbox, row.question))]
            save(_part(parts, member, split), found)
            made += len(found)
    return f"{member.slug}: {made} questions, {time.monotonic() - began:.0f} s"


def _drawn(members: Sequence[Member], parts: Path, job: Job) -> list[Asked]:
    """Return what is trained on: the organisation's own first, then others', at most `most`."""
    rng = random.Random(job.seed)
    groups: tuple[list[Asked], list[Asked]] = ([], [])
    for member in members:
        groups[member.role != "own"].extend(read(_part(parts, member, "train")))
    for rows in groups:
        rng.shuffle(rows)
    found = [*groups[0], *groups[1]][: job.settings.most]
    rng.shuffle(found)
    return found


def _part(parts: Path, member: Member, split: str) -> Path:
    return parts / f"{member.slug}-{split}.jsonl"
