"""What a run trains on and is compared with: the model in service when the run began.

It is pinned in the run's folder: once the run's own model is promoted, going on with the run must
not compare it with itself.
"""

import json
from pathlib import Path

from frontdesk.agents.deciders import BUNDLED, READER, REFUSAL, reads_slots
from frontdesk.agents.settings import ModelSettings
from frontdesk.db import Store
from frontdesk.graphs.service import model_in_service
from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_file, of_value
from frontdesk.training.pipeline.run import write_whole
from frontdesk.training.pipeline.stage import Job

PINNED = "service.json"
_KEPT = ("path", "adapter", "adapter_scale", "reader")


def in_service(settings: Settings) -> ModelSettings:
    """Return the settings of the model that serves now."""
    with Store.open(settings.database, settings.data_dir) as store:
        return model_in_service(settings.model, settings.data_dir, lambda: store)


def service_of(job: Job) -> ModelSettings:
    """Return the model that was in service when the run began."""
    file = job.run.path / PINNED
    if file.is_file():
        return job.desk.model.model_copy(update=json.loads(file.read_text("utf-8")))
    found = in_service(job.desk)
    write_whole(file, {key: getattr(found, key) for key in _KEPT})
    return found


def service_fingerprint(settings: ModelSettings) -> str:
    """Return the fingerprint of a model as it is served: its files and the adapter's strength."""
    reader = reader_file(settings)
    model, adapter = settings.path or str(BUNDLED), settings.adapter
    if not settings.path and not adapter and REFUSAL.is_file():
        adapter = str(REFUSAL)
    named = (model, adapter, str(reader or ""))
    files = [of_file(Path(name)) for name in named if name and Path(name).is_file()]
    return of_value([settings.url, settings.name, settings.adapter_scale, *files])


def base_of(job: Job) -> Path | None:
    """Return the GGUF file that the run trains on; None: from nothing. Raises `TrainingError`."""
    named = job.recipe.base
    if named == "nothing":
        return None
    if named == "service":
        return _trainable(service_of(job))
    path = BUNDLED if named == "bundled" else job.path(Path(named))
    if not path.is_file():
        raise TrainingError(f"base = {named!r}: {path}: no such file")
    return path


def base_fingerprint(job: Job, before: str = "") -> dict[str, str]:
    """Return the fingerprint of what the run trains on; none where the stage `before` reads it."""
    if before in job.recipe.stages:
        return {}
    path = base_of(job)
    return {"base": of_file(path) if path else "nothing"}


def reader_file(settings: ModelSettings) -> Path | None:
    """Return the file of the cross-encoder that reads for a model; None: none does."""
    if settings.reader == "none":
        return None
    return READER if settings.reader == "bundled" else Path(settings.reader)


def reader_of(job: Job) -> Path | None:
    """Return the reader that the run goes on from; None: from nothing. Raises `TrainingError`."""
    if job.recipe.base == "nothing":
        return None
    path = READER if job.recipe.base == "bundled" else reader_file(service_of(job))
    if path and not path.is_file():
        raise TrainingError(f"[model] reader: {path}: no such file")
    return path


def candidate_reader(job: Job) -> str:
    """Return `[model] reader` of the run's model: its own reader, else the one in service."""
    if job.has("encoder"):
        return str(job.of("encoder") / READER.name)
    return service_of(job).reader


def _trainable(settings: ModelSettings) -> Path:
    """Return the file of a model in service that the stages can train on."""
    path = Path(settings.path) if settings.path else BUNDLED
    if settings.url or not path.is_file() or not reads_slots(path):
        raise TrainingError(
            f"{settings.url or settings.path} is in service, and it is none of this project's"
            " models; set base=bundled to train that one, or see docs/training.md for others"
        )
    return path
