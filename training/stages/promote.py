"""Put the exported model in service, unless it is worse on any guarded measure.

python -m frontdesk.training.stages.promote --config frontdesk.toml --folder runs/mine
"""

from pathlib import Path

from frontdesk.training.base import (
    candidate_reader,
    in_service,
    service_fingerprint,
    service_of,
)
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.recipe import StageSettings
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.script import run_script
from frontdesk.training.pipeline.stage import Job, Result, Stage
from frontdesk.training.promotion import promote, refuse_worse
from frontdesk.training.stages.evaluate import read_report
from frontdesk.training.stages.export import exported


class PromoteSettings(StageSettings):
    """`allow`: measures that may get worse, by name."""

    allow: tuple[str, ...] = ()


def work(job: Job) -> Result:
    """Put the model in service; raises `TrainingError` naming what got worse and by how much."""
    if service_fingerprint(in_service(job.desk)) != service_fingerprint(service_of(job)):
        raise TrainingError(
            "another model has come into service since this run began; train in a new --folder, so"
            " that the candidate is compared with that one"
        )
    report = read_report(job.of("evaluate"))
    refuse_worse(report, job.settings.allow)
    model, adapter = exported(job.of("export"))
    reader = candidate_reader(job)
    own = Path(reader) if reader != job.desk.model.reader else None
    run = promote(job.desk, job.run.path, model, adapter, report, own)
    job.say(f"{run.name} is in service; frontdesk train rollback takes it out")
    if report.retriever:
        job.say(report.retriever.told())
    file = job.folder / "promoted.json"
    write_whole(file, run.model_dump(mode="json"))
    return Result({"in service": run.name}, (file,))


STAGE = Stage("promote", PromoteSettings, work, reads=("encoder", "export", "evaluate"))

if __name__ == "__main__":
    run_script(STAGE.name)
