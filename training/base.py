"""What a run trains on: the model in service, the bundled one, a file, or nothing."""

from dataclasses import dataclass
from pathlib import Path

from frontdesk.agents.deciders import BUNDLED, REFUSAL, reads_slots
from frontdesk.agents.settings import ModelSettings
from frontdesk.db import Store
from frontdesk.graphs.service import model_in_service
from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_file
from frontdesk.training.pipeline.stage import Job


@dataclass(frozen=True)
class Served:
    """A model with its adapter, as they are served; `scale` is the adapter's strength."""

    model: Path
    adapter: Path | None
    scale: float = 1.0

    @property
    def name(self) -> str:
        """The model's name, as shown to people."""
        return self.model.stem


def in_service(settings: Settings) -> Served:
    """Return the model in service. Raises `TrainingError` when it is none of this project's."""
    with Store.open(settings.database, settings.data_dir) as store:
        found: ModelSettings = model_in_service(settings.model, settings.data_dir, lambda: store)
    if found.url or found.path.startswith("hf:"):
        raise TrainingError(
            f"[model] {found.url or found.path} is in service, which the stages of the bundled"
            " model cannot train; see docs/training.md for models of Hugging Face"
        )
    if not found.path:
        own = Path(found.adapter) if found.adapter else REFUSAL
        return Served(BUNDLED, own if own.is_file() else None, found.adapter_scale)
    path = Path(found.path)
    if not path.is_file() or not reads_slots(path):
        raise TrainingError(
            f'{path}: not a model of this project\'s shape; choose base = "bundled", or see'
            " docs/training.md for models of Hugging Face"
        )
    return Served(path, Path(found.adapter) if found.adapter else None, found.adapter_scale)


def base_of(job: Job) -> Path | None:
    """Return the GGUF file that the run trains on; None: from nothing."""
    named = job.recipe.base
    if named == "nothing":
        return None
    if named == "service":
        return in_service(job.desk).model
    path = BUNDLED if named == "bundled" else job.path(Path(named))
    if not path.is_file():
        raise TrainingError(f"base = {named!r}: {path}: no such file")
    return path


def base_fingerprint(job: Job) -> dict[str, str]:
    """Return the fingerprint of what the run trains on."""
    path = base_of(job)
    return {"base": of_file(path) if path else "nothing"}
