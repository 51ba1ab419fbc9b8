"""Collect the organisations of a run: the one that is trained for, and handwritten ones beside it.

    python -m frontdesk.training.stages.collect --config frontdesk.toml --folder runs/mine

Writes `members.jsonl`. An empty store is filled first: the website read, the directory imported.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from frontdesk.training.collection import Member, write_members
from frontdesk.training.corpus import CORPORA, Question, read_corpora, read_questions
from frontdesk.training.feedback import Rating
from frontdesk.training.own import fill_store, fingerprint, read_feedback, read_own
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_file, of_files, of_value
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage


class CollectSettings(StageSettings):
    """Who takes part.

    `organisation`: whether the store of the settings is trained for. `corpora`: how many
    handwritten organisations are taught beside it, drawn by the seed (None: all). `hold_out`: those
    of them that are only asked about. `tests`: a folder of organisations that are only asked about.
    `questions`: labelled questions about the organisation, a JSON object a line, only asked.
    `feedback`: whether what people said of answers is learnt from; `required`: whether to stop when
    nobody said anything.
    """

    organisation: bool = True
    corpora: int | None = None
    hold_out: tuple[str, ...] = ("wexcombe-university",)
    tests: Path | None = None
    questions: Path | None = None
    feedback: bool = True
    required: bool = False


def work(job: Job) -> Result:
    """Write the members."""
    members = list(_members(job))
    if not members:
        raise TrainingError("nobody to train on: set collect.organisation or collect.corpora")
    file = job.folder / "members.jsonl"
    write_members(file, members)
    metrics: dict[str, object] = dict(Counter(member.role for member in members))
    job.say(", ".join(f"{count} {role}" for role, count in metrics.items()))
    for own in (member.organisation for member in members if member.role == "own"):
        counts = {"pages": own.pages, "contacts": own.contacts, "places": own.places}
        metrics |= {name: len(found) for name, found in counts.items()}
        metrics["labelled questions"] = len(own.questions)
        job.say(f"{own.name}: " + ", ".join(f"{len(v)} {k}" for k, v in counts.items()))
    outputs = [file]
    if job.settings.organisation and job.settings.feedback:
        ratings = _ratings(job)
        metrics["ratings"] = len(ratings)
        outputs.append(job.folder / "feedback.jsonl")
        lines = (f"{rating.model_dump_json()}\n" for rating in ratings)
        outputs[-1].write_text("".join(lines), "utf-8")
    return Result(metrics, tuple(outputs))


def _ratings(job: Job) -> list[Rating]:
    """Return what people said of answers, without who they are."""
    ratings = [Rating.of(row) for row in read_feedback(job.desk)]
    if job.settings.required and not ratings:
        raise TrainingError(
            f"nobody has rated an answer of {job.desk.organisation.name} yet; thumbs and edited"
            " answers of the app are what this recipe learns from"
        )
    return ratings


def _members(job: Job) -> Iterator[Member]:
    settings: CollectSettings = job.settings
    if settings.organisation:
        questions = _questions(job)
        own = read_own(job.desk, questions)
        if not own.organisation.pages:
            raise TrainingError(
                f"the store of {own.organisation.name} holds no English page; there is nothing to"
                " train on"
            )
        if job.desk.wait_times.adapter and not own.departments:
            job.say("the feed of live waits gave no places: no questions about waits")
        yield own
    corpora = {organisation.slug: organisation for organisation in read_corpora(CORPORA)}
    unknown = [slug for slug in settings.hold_out if slug not in corpora]
    if unknown:
        raise TrainingError(
            f"collect.hold_out: no corpus {unknown[0]!r}; there are {', '.join(corpora)}"
        )
    rest = [slug for slug in corpora if slug not in settings.hold_out]
    count = len(rest) if settings.corpora is None else min(settings.corpora, len(rest))
    taught = sorted(random.Random(job.seed).sample(rest, count))
    yield from (Member(organisation=corpora[slug], role="taught") for slug in taught)
    yield from (Member(organisation=corpora[slug], role="held_out") for slug in settings.hold_out)
    if settings.tests:
        tests = job.path(settings.tests)
        found = read_corpora(tests)
        if not found:
            raise TrainingError(f"collect.tests: {tests} holds no organisations")
        yield from (Member(organisation=organisation, role="test") for organisation in found)


def _questions(job: Job) -> list[Question]:
    if job.settings.questions is None:
        return []
    path = job.path(job.settings.questions)
    if not path.is_file():
        raise TrainingError(f"collect.questions: {path}: no such file")
    found = list(read_questions(path))
    if not found:
        raise TrainingError(f"collect.questions: {path} holds no questions")
    return found


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprints of the store and of the corpora."""
    settings: CollectSettings = job.settings
    found = {"corpora": of_value(of_files([CORPORA], CORPORA))}
    if settings.tests:
        tests = job.path(settings.tests)
        found["tests"] = of_value(of_files([tests], tests))
    if settings.organisation:
        fill_store(job.desk, job.say)
        found |= fingerprint(job.desk, feedback=settings.feedback)
    if settings.questions and job.path(settings.questions).is_file():
        found["questions"] = of_file(job.path(settings.questions))
    return found


STAGE = Stage("collect", CollectSettings, work, outside=outside)

if __name__ == "__main__":
    run_script(STAGE.name)
