"""Ask questions: written, generated, read off the site, by a teacher; then split and count them.

    python -m frontdesk.training.stages.synthesise --config frontdesk.toml --folder runs/mine

Writes `questions.jsonl`, and the data card as `card.md` and `card.json`.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import Field

from frontdesk.training.card import make_card, to_markdown
from frontdesk.training.collection import Member, read_members
from frontdesk.training.corpus import Organisation, Question
from frontdesk.training.labelled import Labelled, unique, write_labelled
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_files, of_value
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.questions import Mix, desk_questions
from frontdesk.training.splits import Split, Splitter
from frontdesk.training.structure import ask_structure
from frontdesk.training.teacher import Teacher
from frontdesk.training.traces import noisy


class SynthesiseSettings(StageSettings):
    """How many questions, and what is kept from training.

    `scale` multiplies what is generated for a taught organisation, `own_scale` for the one that is
    trained for; `structure` is the most questions read off its site. `copies` noisy ones are made
    of a written question; `noise` is the share of the own questions that is typed badly.
    `public` is the folder of the public sets. `entities` and `phrasings` are the shares held out.
    `preferences` multiplies the questions that preference pairs are looked for in. Behind
    `teacher_url` an OpenAI-compatible server is asked `teacher_calls` times for questions about
    sections of the site, and as often for other wordings (training/teacher.py).
    """

    scale: float = Field(default=1.0, ge=0)
    own_scale: float = Field(default=2.0, ge=0)
    structure: int = Field(default=400, ge=0)
    copies: int = Field(default=1, ge=0)
    noise: float = Field(default=0.4, ge=0, le=1)
    public: Path | None = None
    entities: float = Field(default=0.25, ge=0, lt=1)
    phrasings: float = Field(default=0.25, ge=0, lt=1)
    preferences: float = Field(default=0.6, ge=0)
    teacher_url: str = ""
    teacher_model: str = "default"
    teacher_calls: int = Field(default=40, ge=1)
    teacher_questions: int = Field(default=5, ge=1)


def work(job: Job) -> Result:
    """Write the questions and their card."""
    members = read_members(job.of("collect") / "members.jsonl")
    asked = [row for member in members for row in _ask(job, member, members)]
    notes: dict[str, object] = {"seed": job.seed}
    for member in members:
        if member.role == "own" and job.settings.teacher_url:
            teacher = _teacher(job)
            asked += _taught_by(teacher, job, member, asked)
            notes["teacher"] = ", ".join(f"{n} {what}" for what, n in teacher.counts.items())
            job.say(f"teacher: {notes['teacher']}")
    rows = list(unique(asked))
    removed = len(asked) - len(rows)
    trains = "trace" in job.recipe.stages
    if trains and not any(row.split == "train" for row in rows):
        raise TrainingError("no question to train on was made; raise synthesise.scale")
    questions, card_file = job.folder / "questions.jsonl", job.folder / "card.json"
    write_labelled(questions, rows)
    card = make_card(rows, removed, notes, job.seed)
    write_whole(card_file, card)
    (job.folder / "card.md").write_text(to_markdown(card), "utf-8")
    job.say(f"{len(rows)} questions, {removed} duplicates removed: {card['splits']}")
    return Result({"questions": len(rows), **card["splits"]}, (questions, card_file))


def _ask(job: Job, member: Member, members: list[Member]) -> Iterator[Labelled]:
    if member.role == "own":
        yield from _own(job, member)
    elif member.role == "taught":
        yield from _taught(job, member)
    else:
        tested = any(other.role == "test" for other in members)
        split: Split = "validation" if tested and member.role == "held_out" else "test"
        for question in member.organisation.questions:
            yield _labelled(split, member, "written", question)


def _taught(job: Job, member: Member) -> Iterator[Labelled]:
    """Yield what a handwritten organisation teaches; the held-out phrasings are left out."""
    settings: SynthesiseSettings = job.settings
    splitter = Splitter.of(
        member.organisation, entities=0, phrasings=settings.phrasings, seed=job.seed
    )
    rng = random.Random(f"{job.seed}:{member.slug}:written")
    for question in member.organisation.questions:
        if splitter.split(question) == "train":
            yield _labelled("train", member, "written", question)
            for _ in range(settings.copies):
                rough = noisy(question, rng).model_copy(update={"noisy": True})
                yield _labelled("train", member, "written", rough)
    drawn: tuple[tuple[Split, float, int], ...] = (
        ("train", settings.scale, job.seed),
        ("preferences", settings.preferences * settings.scale, job.seed + 1),
    )
    for split, scale, seed in drawn:
        rng = random.Random(f"{seed}:{member.slug}")
        for source, question in _made(job, member.organisation, scale, rng):
            if splitter.split(question) == "train":
                yield _labelled(split, member, source, _perhaps_rough(job, question, rng))


def _own(job: Job, member: Member) -> Iterator[Labelled]:
    """Yield the questions of the organisation that is trained for, split by what and how."""
    settings: SynthesiseSettings = job.settings
    organisation = member.organisation
    splitter = Splitter.of(
        organisation, entities=settings.entities, phrasings=settings.phrasings, seed=job.seed
    )
    for seed, share in ((job.seed, 1.0), (job.seed + 1, settings.preferences)):
        rng = random.Random(f"{seed}:{member.slug}")
        made = list(_made(job, organisation, settings.own_scale * share, rng))
        count = round(settings.structure * share)
        made += [("structure", question) for question in ask_structure(organisation, rng, count)]
        for source, question in made:
            split = splitter.split(question)
            if seed != job.seed:
                if split == "train":
                    yield _labelled("preferences", member, source, question)
            elif split == "test":
                rough = noisy(question, rng).model_copy(update={"noisy": True})
                yield _labelled("test", member, source, question)
                yield _labelled("test", member, source, rough)
            else:
                yield _labelled(split, member, source, _perhaps_rough(job, question, rng))
    yield from (_labelled("test", member, "labelled", q) for q in organisation.questions)


def _teacher(job: Job) -> Teacher:
    settings: SynthesiseSettings = job.settings
    return Teacher(settings.teacher_url, settings.teacher_model, job.seed)


def _taught_by(
    teacher: Teacher, job: Job, member: Member, asked: Sequence[Labelled]
) -> list[Labelled]:
    """Return what the teacher wrote: questions split by their page, wordings of trained ones."""
    settings: SynthesiseSettings = job.settings
    splitter = Splitter.of(
        member.organisation, entities=settings.entities, phrasings=0, seed=job.seed
    )
    made = list(
        teacher.ask_about(
            member.organisation, count=settings.teacher_questions, calls=settings.teacher_calls
        )
    )
    trained = [
        row.question
        for row in asked
        if row.organisation == member.slug and row.split == "train" and not row.question.noisy
    ]
    step = max(1, len(trained) // settings.teacher_calls)
    wordings = teacher.reword(
        trained[::step][: settings.teacher_calls], count=settings.teacher_questions
    )
    return [
        *(_labelled(splitter.split(q), member, "teacher", q) for q in made),
        *(_labelled("train", member, "teacher", q) for q in wordings),
    ]


def _made(
    job: Job, organisation: Organisation, scale: float, rng: random.Random
) -> Iterator[tuple[str, Question]]:
    """Yield (source, question) of what is generated, well typed: noise would hide the phrasing."""
    public = job.path(job.settings.public) if job.settings.public else None
    for kind in ("generated", "turns", "public"):
        for question in desk_questions(organisation, Mix(public, 0, scale, (kind,), 0.0), rng):
            yield kind, question


def _perhaps_rough(job: Job, question: Question, rng: random.Random) -> Question:
    """Return the question, badly typed as often as the settings say."""
    if rng.random() >= job.settings.noise:
        return question
    return noisy(question, rng).model_copy(update={"noisy": True})


def _labelled(split: Split, member: Member, source: str, question: Question) -> Labelled:
    return Labelled(split=split, organisation=member.slug, source=source, question=question)


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprint of the public sets."""
    if job.settings.public is None:
        return {}
    public = job.path(job.settings.public)
    if not public.is_dir():
        raise TrainingError(f"synthesise.public: {public}: no such folder")
    folders = [public / name for name in ("clinc150", "harm", "injection")]
    return {"public": of_value(of_files(folders, public))}


STAGE = Stage("synthesise", SynthesiseSettings, work, reads=("collect",), outside=outside)

if __name__ == "__main__":
    run_script(STAGE.name)
