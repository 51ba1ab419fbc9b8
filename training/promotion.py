"""Lets a model into service when it is not worse than the one there, and takes it out again."""

import shutil
from pathlib import Path

from frontdesk.db import Store, runs
from frontdesk.db.runs import Run
from frontdesk.graphs.settings import Settings
from frontdesk.training.evaluation.report import Report
from frontdesk.training.own import slug_of
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_file

MODELS = "models"  # under the data folder


def refuse_worse(report: Report, allowed: tuple[str, ...] = ()) -> None:
    """Raise `TrainingError` naming every guarded measure on which the candidate is worse."""
    worse = [difference for difference in report.worse if difference.measure not in allowed]
    if worse:
        raise TrainingError(
            "not promoted, the model in service is better: "
            + "; ".join(difference.told() for difference in worse)
        )


def promote(
    settings: Settings,
    run: Path,
    model: Path,
    adapter: Path | None,
    report: Report,
    reader: Path | None = None,
) -> Run:
    """Copy the files under the data folder and put them in service; return the registry's row.

    Raises `TrainingError` when the files in service would stay the same, and `StoreError`.
    """
    with Store.open(settings.database, settings.data_dir) as store:
        with store.connection() as connection:
            count = len(runs.everything(connection))
            name = f"{slug_of(settings.organisation.name)}-{count + 1}"
            folder = settings.data_dir / MODELS / name
            kept = _copy(model, folder / f"{name}.gguf")
            beside = _copy(adapter, folder / adapter.name) if adapter else None
            reads = _copy(reader, folder / reader.name) if reader else None
            return runs.promote(
                connection,
                Run(
                    name=name,
                    run=str(run),
                    model=_named(kept, settings),
                    adapter=_named(beside, settings) if beside else "",
                    reader=_named(reads, settings) if reads else None,
                    data_hash=report.data,
                    scores=_scores(report),
                ),
            )


def rollback(settings: Settings) -> tuple[Run, Run | None]:
    """Put what served before back; return (what leaves, what serves now; None: the bundled one).

    Raises `NoRun` when the bundled model serves.
    """
    with Store.open(settings.database, settings.data_dir) as store:
        with store.connection() as connection:
            return runs.rollback(connection)


def every_run(settings: Settings) -> list[Run]:
    """Return every promoted model, the newest first."""
    with Store.open(settings.database, settings.data_dir) as store:
        with store.connection() as connection:
            return runs.everything(connection)


def _copy(source: Path, target: Path) -> Path:
    """Copy a file, whole or not at all; a file that is there must be the same."""
    if target.exists():
        if of_file(target) != of_file(source):
            raise TrainingError(f"{target} is there already and holds another model; remove it")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    shutil.copyfile(source, part)
    part.replace(target)
    return target


def _named(path: Path, settings: Settings) -> str:
    return path.relative_to(settings.data_dir / MODELS).as_posix()


def _scores(report: Report) -> dict[str, object]:
    return {name: share.model_dump() for name, share in report.best.measures.items()}
