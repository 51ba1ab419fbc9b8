"""Ask the candidate and the model in service the held-out questions, and report side by side.

    python -m frontdesk.training.stages.evaluate --config frontdesk.toml --folder runs/mine

Writes `report.json`, `report.html`, and with `responses` some answers to read in `responses.md`.
Without an export in the run, only the model in service is asked.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from frontdesk.agents.deciders import open_decider
from frontdesk.agents.decision import Decider, Decision, Evidence
from frontdesk.agents.settings import ModelSettings
from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.training.base import candidate_reader, service_fingerprint, service_of
from frontdesk.training.bi_encoder.offer import read_offer
from frontdesk.training.chat_server import ChatServer
from frontdesk.training.collection import read_members
from frontdesk.training.evaluate import Decide
from frontdesk.training.evaluation.asking import Desks, ask_all
from frontdesk.training.evaluation.judging import Ragas, judge_models
from frontdesk.training.evaluation.measures import summarise
from frontdesk.training.evaluation.report import Report, make_report, plain, to_html, to_responses
from frontdesk.training.evaluation.verdict import Verdict
from frontdesk.training.labelled import Labelled, read_labelled
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_value
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.stages.export import compared, exported

BOTH = ("candidate", "service")  # the models that a report sets side by side


class EvaluateSettings(StageSettings):
    """`most`: the most questions of one organisation and source (None: all), evenly drawn.

    `responses`: how many answers are written out to be read. `only`: some of the organisations.
    Behind `judge_url` an OpenAI-compatible server, whose model is called `judge_model`, is asked
    for the RAGAS metrics of at most `judge_most` questions; it may stay silent for `judge_timeout`
    seconds. Without the URL nobody is asked (training/evaluation/ragas.py).
    """

    most: int | None = Field(default=None, ge=1)
    responses: int = Field(default=0, ge=0)
    only: tuple[str, ...] = ()
    judge_url: str = ""
    judge_model: str = "default"
    judge_most: int = Field(default=50, ge=1)
    judge_timeout: float = Field(default=60.0, gt=0)

    @field_validator("judge_url")
    @classmethod
    def _an_address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("an address begins with http:// or https://")
        if urlsplit(url).username is not None:
            raise ValueError("no name or password in an address; the key is OPENAI_API_KEY")
        return url


def work(job: Job) -> Result:
    """Write the report."""
    settings: EvaluateSettings = job.settings
    rows = _rows(job)
    members = read_members(job.of("collect") / "members.jsonl")
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(job.desk.data_dir), threads=1))
    desks = Desks(members, job.desk, job.run.path / "desks", embedder)
    with _models(job) as models:
        named = {name: _names(decider) for name, decider in models.items()}
        asked = {name: _decide(decider) for name, decider in models.items()}
        verdicts = ask_all(asked, rows, desks, job.say)
    kept = {name: found for name in BOTH if (found := verdicts.get(name)) is not None}
    report = make_report(
        job.desk.organisation.name,
        of_value([row.model_dump(mode="json") for row in rows]),
        (*named["service"], verdicts["service"]),
        (*named["candidate"], verdicts["candidate"]) if "candidate" in named else None,
        {
            kind: summarise(*named[kind], found)
            for kind, found in verdicts.items()
            if kind not in kept
        },
        _judged(job, kept, embedder),
        read_offer(job.of("retriever")) if job.has("retriever") else None,
    )
    best = verdicts["candidate" if report.candidate else "service"]
    outputs = [job.folder / "report.json", job.folder / "report.html"]
    write_whole(outputs[0], plain(report, kept))
    outputs[1].write_text(to_html(report, best), "utf-8")
    if settings.responses:
        outputs.append(job.folder / "responses.md")
        outputs[-1].write_text(to_responses(best, settings.responses, job.seed), "utf-8")
    for difference in report.worse:
        job.say(f"worse: {difference.told()}")
    return Result(_metrics(report), tuple(outputs))


def read_report(folder: Path) -> Report:
    """Return the report of a finished evaluation."""
    values = json.loads((folder / "report.json").read_text("utf-8"))
    values.pop("verdicts")
    return Report.model_validate(values)


def _judged(
    job: Job, verdicts: Mapping[str, Sequence[Verdict]], embedder: Embedder
) -> dict[str, Ragas]:
    """Return what the judge says, where the settings name one."""
    settings: EvaluateSettings = job.settings
    if not settings.judge_url:
        return {}
    server = ChatServer(settings.judge_url, settings.judge_model, settings.judge_timeout)
    return judge_models(verdicts, server, embedder, settings.judge_most, job.say)


def _rows(job: Job) -> list[Labelled]:
    """Return the questions that are asked: the test split, thinned evenly where it is large."""
    rows = read_labelled(job.of("synthesise") / "questions.jsonl", "test")
    only = job.settings.only
    rows = [row for row in rows if not only or row.organisation in only]
    if not rows:
        raise TrainingError("no question is held out to evaluate on; raise synthesise.entities")
    if job.settings.most is None:
        return rows
    groups: dict[tuple[str, str], list[Labelled]] = {}
    for row in rows:
        groups.setdefault((row.organisation, row.source), []).append(row)
    return [row for group in groups.values() for row in _thinned(group, job.settings.most)]


def _thinned(rows: list[Labelled], most: int) -> list[Labelled]:
    step = max(1.0, len(rows) / most)
    return [rows[int(n * step)] for n in range(min(most, len(rows)))]


@contextmanager
def _models(job: Job) -> Iterator[dict[str, Decider]]:
    """Yield the model in service, and where the run exported one the candidate as it was cut."""
    opened: dict[str, Decider] = {}
    asked = {"service": service_of(job)}
    if job.has("export"):
        model, adapter = exported(job.of("export"))
        reader = candidate_reader(job)
        files = {"candidate": model, **compared(job.of("export"))}
        for name, path in files.items():
            asked[name] = ModelSettings(path=str(path), adapter=str(adapter or ""), reader=reader)
    try:
        for name, settings in asked.items():
            opened[name] = open_decider(settings, job.desk.organisation, job.desk.data_dir)
        yield opened
    finally:
        for decider in opened.values():
            close = getattr(decider, "close", None)
            if close is not None:
                close()


def _names(decider: Decider) -> tuple[str, str]:
    return decider.name, str(getattr(decider, "adapter", "") or "")


def _decide(decider: Decider) -> Decide:
    def decide(evidence: Evidence) -> Decision:
        return decider.decide(evidence, [])

    return decide


def _metrics(report: Report) -> dict[str, Any]:
    best = report.best
    kept = ("routing", "answers fully right", "declined", "in scope, not declined")
    shares = {name: best.measures[name] for name in kept if name in best.measures}
    return {
        "questions": best.questions,
        **{name: round(share.interval.share, 4) for name, share in shares.items()},
        "macro-F1": best.macro_f1,
        "worse on": [difference.measure for difference in report.worse],
    }


def outside(job: Job) -> Mapping[str, str]:
    """Return the fingerprint of the model in service."""
    return {"service": service_fingerprint(service_of(job))}


STAGE = Stage(
    "evaluate",
    EvaluateSettings,
    work,
    reads=("collect", "synthesise", "encoder", "retriever", "export"),
    outside=outside,
)

if __name__ == "__main__":
    run_script(STAGE.name)
