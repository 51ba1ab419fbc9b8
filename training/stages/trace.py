"""Look every question up with the real tools and render it by the serving prompt.

    python -m frontdesk.training.stages.trace --config frontdesk.toml --folder runs/mine

Writes `tokenizer.json`, and `train.npz`, `validation.npz` and `preferences.npz`: encoded examples.
One organisation is one part, in a process of its own; parts that are there are not made again.
"""

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic import Field

from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.graphs.settings import Settings
from frontdesk.training.base import base_fingerprint, base_of
from frontdesk.training.batches import SlotTable, encode
from frontdesk.training.chunk_traces import chunk_examples
from frontdesk.training.collection import Member, open_member, read_members
from frontdesk.training.dataset import Dataset, load, merge, save
from frontdesk.training.feedback import Rating, preferences
from frontdesk.training.labelled import Labelled, read_labelled
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.processes import spread
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.questions import public_texts
from frontdesk.training.splits import Split
from frontdesk.training.tokenizer import read_tokenizer, train_tokenizer
from frontdesk.training.traces import trace

SPLITS: tuple[Split, ...] = ("train", "validation", "preferences")
# Whose pages teach the chunker, and whose stop it.
SPLIT_OF_PAGES = {"own": "train", "taught": "train", "held_out": "validation"}


class TraceSettings(StageSettings):
    """`vocabulary`: word pieces of a tokenizer made from nothing. `processes` work side by side.

    `chunks` multiplies the chunker's examples: propositions and placements read off the pages.
    """

    vocabulary: int = Field(default=6000, ge=300)
    processes: int = Field(default=2, ge=1)
    chunks: float = Field(default=1.0, ge=0)


def work(job: Job) -> Result:
    """Write the tokenizer and the examples of each split."""
    members = read_members(job.of("collect") / "members.jsonl")
    rows = read_labelled(job.of("synthesise") / "questions.jsonl", *SPLITS)
    tokenizer = _ensure_tokenizer(job, members)
    encoder_path(job.desk.data_dir)
    asked = [member for member in members if member.role != "test"]
    parts = job.folder / "parts"
    parts.mkdir(exist_ok=True)
    one = partial(
        trace_member,
        rows=rows,
        parts=parts,
        tokenizer=tokenizer,
        desks=job.run.path / "desks",
        desk=job.desk,
        seed=job.seed,
        chunks=job.settings.chunks,
    )
    spread(job, one, asked)
    counts: dict[str, int] = {split: _gather(job.folder, split, asked) for split in SPLITS}
    outputs = [tokenizer, *(job.folder / f"{split}.npz" for split in SPLITS)]
    file = job.of("collect") / "feedback.jsonl"
    if file.exists():
        outputs.append(job.folder / "feedback.npz")
        counts["feedback"] = _trace_feedback(job, members, file, tokenizer, outputs[-1])
    if not counts["train"]:
        raise TrainingError("no example came of the questions; see the log of synthesise")
    return Result({f"{split} examples": n for split, n in counts.items()}, tuple(outputs))


def _trace_feedback(
    job: Job, members: Sequence[Member], file: Path, tokenizer: Path, target: Path
) -> int:
    """Write the preference pairs of what people said: chosen, rejected, chosen, ..."""
    own = next(member for member in members if member.role == "own")
    lines = file.read_text("utf-8").splitlines()
    ratings = [Rating.model_validate_json(line) for line in lines]
    words = read_tokenizer(tokenizer)
    table = SlotTable(words.get_vocab_size())
    examples = []
    counts: Counter[str] = Counter()
    if ratings:
        embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(job.desk.data_dir), threads=1))
        with open_member(own, job.desk, job.run.path / "desks", embedder) as toolbox:
            for pair in preferences(toolbox, ratings, job.desk.organisation, counts):
                examples += [encode(one, words, table) for one in (pair.chosen, pair.rejected)]
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    job.say(f"{len(ratings)} ratings{f': {told}' if told else ''}")
    save(target, Dataset(examples, table))
    return len(examples)


def trace_member(
    member: Member,
    *,
    rows: Sequence[Labelled],
    parts: Path,
    tokenizer: Path,
    desks: Path,
    desk: Settings,
    seed: int,
    chunks: float,
) -> str:
    """Write the parts of one organisation, one a split; return a line for the log."""
    paths = {split: parts / f"{member.slug}-{split}.npz" for split in SPLITS}
    if all(path.exists() for path in paths.values()):
        return f"{member.slug}: there already"
    began = time.monotonic()
    words = read_tokenizer(tokenizer)
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(desk.data_dir), threads=1))
    made = 0
    with open_member(member, desk, desks, embedder) as toolbox:
        for split, path in paths.items():
            rng = random.Random(f"{seed}:{member.slug}:{split}")
            table = SlotTable(words.get_vocab_size())
            examples = [
                encode(example, words, table)
                for row in rows
                if (row.split, row.organisation) == (split, member.slug)
                for example in trace(
                    toolbox, row.question, rng, f"{member.slug}:{row.question.origin}"
                )
            ]
            if split == SPLIT_OF_PAGES.get(member.role) and chunks:
                pages = chunk_examples(member.organisation, embedder.embed, rng, chunks)
                examples += [encode(example, words, table) for example in pages]
            save(path, Dataset(examples, table))
            made += len(examples)
    return f"{member.slug}: {made} examples, {time.monotonic() - began:.0f} s"


def _gather(folder: Path, split: str, members: Sequence[Member]) -> int:
    """Put the parts of a split into one file; return how many examples it holds."""
    dataset = merge([load(folder / "parts" / f"{m.slug}-{split}.npz") for m in members])
    save(folder / f"{split}.npz", dataset)
    return len(dataset.examples)


def _ensure_tokenizer(job: Job, members: Sequence[Member]) -> Path:
    """Write the tokenizer of the base model, or one made from the texts of this run."""
    path = job.folder / "tokenizer.json"
    base = base_of(job)
    if path.exists():
        return path
    if base is not None:
        from frontdesk.training.restore import read_tokenizer_of

        tokenizer = read_tokenizer_of(base)
    else:
        taught = [m.organisation for m in members if m.role in ("own", "taught")]
        rows = read_labelled(job.of("synthesise") / "questions.jsonl", "train")
        texts = [text.lower() for o in taught for text in o.pages.values()]
        texts += [row.question.q.lower() for row in rows if row.source != "public"]
        public = job.recipe.tables.get("synthesise", {}).get("public")
        texts += [
            text.lower()
            for kind, found in public_texts(job.path(Path(public)) if public else None).items()
            for text in found
            if kind in ("off_topic", "chat")
        ]
        tokenizer = train_tokenizer(texts, job.settings.vocabulary)
    part = job.folder / ".tokenizer.part"
    tokenizer.save(str(part))
    part.replace(path)
    return path


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprint of the base model, whose tokenizer is used."""
    return base_fingerprint(job)


STAGE = Stage("trace", TraceSettings, work, reads=("collect", "synthesise"), outside=outside)

if __name__ == "__main__":
    run_script(STAGE.name)
