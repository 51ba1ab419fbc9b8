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
    model, adapter = promoted_files(run, data_dir)
    if not model.is_file() or (adapter and not adapter.is_file()):
        _LOG.warning(
            "the promoted model %s is gone (%s); the bundled one answers. Train again, or run"
            " frontdesk train rollback",
            run.name,
            model,
        )
        return settings
    named = settings.adapter or (str(adapter) if adapter else "")
    return settings.model_copy(update={"path": str(model), "adapter": named})


def promoted_files(run: Run, data_dir: Path) -> tuple[Path, Path | None]:
    """Return the files of a promoted model: (model, adapter or None)."""
    folder = data_dir / "models"
    return folder / run.model, folder / run.adapter if run.adapter else None
