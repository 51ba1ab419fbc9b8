"""Which model serves: `[model]` when it names one, else the promoted one, else the bundled one."""

import logging
from collections.abc import Callable
from pathlib import Path

from frontdesk.agents.settings import ModelSettings
from frontdesk.db import Store, runs
from frontdesk.db.runs import NoRun, Run

__all__ = ["NoRun", "Run", "model_in_service", "promoted_files"]

_LOG = logging.getLogger("frontdesk")


def model_in_service(
    settings: ModelSettings, data_dir: Path, open_store: Callable[[], Store]
) -> ModelSettings:
    """Return the settings of the model that serves; `open_store` is called only if it matters.

    A promoted model whose file is gone is logged and passed over: the bundled one answers.
    """
    if settings.path or settings.url:
        return settings
    with open_store().connection() as connection:
        run = runs.in_service(connection)
    if run is None:
        return settings
    model, adapter, reader = promoted_files(run, data_dir)
    if any(path and not path.is_file() for path in (model, adapter, reader)):
        _LOG.warning(
            "the promoted model %s is gone (%s); the bundled one answers. Train again, or run"
            " frontdesk train rollback",
            run.name,
            model,
        )
        return settings
    named = settings.adapter or (str(adapter) if adapter else "")
    update = {"path": str(model), "adapter": named}
    if reader and settings.reader == "bundled":
        update["reader"] = str(reader)
    return settings.model_copy(update=update)


def promoted_files(run: Run, data_dir: Path) -> tuple[Path, Path | None, Path | None]:
    """Return the files of a promoted model: (model, adapter or None, reader or None)."""
    folder = data_dir / "models"
    adapter = folder / run.adapter if run.adapter else None
    return folder / run.model, adapter, folder / run.reader if run.reader else None
