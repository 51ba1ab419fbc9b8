"""Opens the model that the settings name, as a `Decider`."""

from importlib.resources import files
from pathlib import Path

from frontdesk.agents.decision import Decider
from frontdesk.agents.errors import ModelFileError
from frontdesk.agents.settings import ModelSettings

BUNDLED = "frontdesk-small-q8_0.gguf"


def open_decider(settings: ModelSettings) -> Decider:
    """Return the bundled model, or the one at `settings.path`. Raises `ModelError`."""
    from frontdesk.agents.engine import Engine
    from frontdesk.agents.small import SmallModel

    path = Path(settings.path) if settings.path else bundled_path()
    if not path.is_file():
        raise ModelFileError(f"{path}: no such model; set [model] path, or train one")
    engine = Engine(
        path,
        adapter=Path(settings.adapter) if settings.adapter else None,
        adapter_scale=settings.adapter_scale,
        threads=settings.threads,
        context_tokens=settings.context_tokens,
        max_sequences=settings.max_sequences,
        max_waiting=settings.max_waiting,
    )
    return SmallModel(engine, path)


def bundled_path() -> Path:
    """Return where the model that comes with the package lies."""
    return Path(str(files("frontdesk.agents").joinpath("models", BUNDLED)))
