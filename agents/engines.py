"""Opens the engine on a GGUF file as the settings ask."""

from pathlib import Path

from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.model_file import resolve
from frontdesk.agents.settings import ModelSettings


def open_engine(settings: ModelSettings, path: Path, data_dir: Path) -> Engine:
    """Return an engine on the GGUF file `path` as `settings` ask; prefixes go to `data_dir`.

    Raises:
        ModelFileError: the model or the adapter cannot be loaded.
    """
    adapter = resolve(settings.adapter, data_dir / "models") if settings.adapter else None
    return Engine(
        path,
        adapter=adapter,
        adapter_scale=settings.adapter_scale,
        threads=settings.threads,
        context_tokens=settings.context_tokens,
        max_sequences=settings.max_sequences,
        max_waiting=settings.max_waiting,
        cache_dir=data_dir / "prefixes",
    )
