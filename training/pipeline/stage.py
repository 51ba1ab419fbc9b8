"""A stage: what it reads, what it is set by, and the function that does its work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from frontdesk.graphs.settings import Settings
from frontdesk.training.pipeline.recipe import Recipe, StageSettings
from frontdesk.training.pipeline.run import RunFolder

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One stage at work: its folder, its settings, the run around it, the organisation.

    `desk` holds the settings of the organisation that is trained for; `say` writes a line to the
    log and to whoever watches.
    """

    folder: Path
    settings: Any
    recipe: Recipe
    run: RunFolder
    desk: Settings
    say: Say

    @property
    def seed(self) -> int:
        """The seed of every random choice."""
        return self.recipe.seed

    def of(self, stage: str) -> Path:
        """Return the folder of an earlier stage. Raises `TrainingError` if it is not done."""
        return self.run.done(stage)

    def has(self, stage: str) -> bool:
        """Tell whether the run includes an earlier stage."""
        return stage in self.recipe.stages and self.run.record(stage) is not None

    def path(self, written: Path) -> Path:
        """Return a path of the recipe as it is to be opened."""
        return self.recipe.path(written)


@dataclass(frozen=True)
class Result:
    """What a stage made: metrics for people, and the files that later stages may read."""

    metrics: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[Path, ...] = ()


def nothing(_: Job) -> Mapping[str, str]:
    """Return no fingerprints: the stage reads only what earlier stages made."""
    return {}


@dataclass(frozen=True)
class Stage:
    """One stage. `reads` names the earlier stages whose outputs decide its result.

    `outside` returns fingerprints of what it reads from outside the run: a store, a corpus, a base
    model. `work` may be killed at any time and must then go on from what lies in its folder.
    """

    name: str
    settings: type[StageSettings]
    work: Callable[[Job], Result]
    reads: tuple[str, ...] = ()
    outside: Callable[[Job], Mapping[str, str]] = nothing


def load_stage(name: str) -> Stage:
    """Return a stage; only now is what it needs imported."""
    stage: Stage = import_module(f"frontdesk.training.stages.{name}").STAGE
    return stage
