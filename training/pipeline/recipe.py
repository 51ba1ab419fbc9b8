"""A recipe: which stages run, with which settings. TOML, one table a stage.

    description = "The organisation's own model, from the one that ships."
    stages = ["collect", "synthesise", "trace", "sft", "export", "evaluate"]
    seed = 7

    [sft]
    epochs = 3

Recipes lie in training/recipes/; a path names one of your own. Paths in it are relative to it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from frontdesk.training.pipeline.errors import TrainingError

RECIPES = Path(__file__).parents[1] / "recipes"
ORDER = (
    "collect",
    "synthesise",
    "trace",
    "encoder",
    "retriever",
    "pretrain",
    "sft",
    "dpo",
    "export",
    "evaluate",
    "promote",
)


class StageSettings(BaseModel):
    """The settings of a stage: frozen, and a misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Chosen = TypeVar("Chosen", bound=StageSettings)


class Recipe(StageSettings):
    """The stages that run and what each is set to; `tables` holds only what differs from default.

    `base` is what is trained on: "service" (the model in service, else the bundled one), "bundled",
    "nothing", or a GGUF file that this project trained. `folder` is where relative paths start.
    """

    name: str
    description: str = ""
    stages: tuple[str, ...] = ORDER
    seed: int = 7
    base: str = "service"
    tables: dict[str, dict[str, Any]] = {}
    folder: Path = RECIPES

    def settings(self, stage: str, kind: type[Chosen]) -> Chosen:
        """Return the resolved settings of a stage. Raises `TrainingError` naming key and value."""
        values = self.tables.get(stage, {})
        for key in values:
            if key not in kind.model_fields:
                raise TrainingError(f"recipe {self.name}: [{stage}] {key} {_nearest(key, kind)}")
        try:
            return kind(**values)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            raise TrainingError(
                f"recipe {self.name}: [{stage}] {key} = {first['input']!r}:"
                f" {first['msg'].removeprefix('Value error, ')}"
            ) from error

    def changed(self, changes: Sequence[str]) -> "Recipe":
        """Return the recipe with "stage.key=value" set; values are TOML, or text as it stands.

        "seed=8" and "base=nothing" set the recipe's own, "stages+=encoder" adds a stage. Raises
        `TrainingError`.
        """
        tables = {name: dict(table) for name, table in self.tables.items()}
        plain: dict[str, Any] = {}
        added: list[str] = []
        for change in changes:
            place, equals, text = change.partition("=")
            stage, dot, key = place.strip().partition(".")
            if place.strip() in ("seed", "base") and equals:
                plain[place.strip()] = _toml(text.strip())
                continue
            if place.strip() == "stages+" and text.strip() in ORDER:
                added.append(text.strip())
                continue
            if not (equals and dot and key) or stage not in ORDER:
                raise TrainingError(
                    f"{change!r} is no setting; write stage.key=value, such as sft.epochs=2"
                )
            tables.setdefault(stage, {})[key] = _toml(text.strip())
        plain["stages"] = tuple(stage for stage in ORDER if stage in (*self.stages, *added))
        return Recipe(**{**self.model_dump(), **plain, "tables": tables})

    def path(self, written: Path) -> Path:
        """Return a path of the recipe as it is to be opened."""
        return written if written.is_absolute() else (self.folder / written).resolve()


def read_recipe(named: str) -> Recipe:
    """Return the recipe of that name, or of the TOML file at that path. Raises `TrainingError`."""
    file = Path(named) if named.endswith(".toml") else RECIPES / f"{named}.toml"
    known = ", ".join(sorted(path.stem for path in RECIPES.glob("*.toml")))
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise TrainingError(f"no recipe {named!r}; there are {known}, or name a .toml") from error
    except OSError as error:
        raise TrainingError(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"{file}: not TOML: {error}") from error
    return _recipe(file, values)


def _recipe(file: Path, values: Mapping[str, Any]) -> Recipe:
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    plain = {key: value for key, value in values.items() if key not in tables}
    for key in tables:
        if key not in ORDER:
            raise TrainingError(f"{file}: no stage [{key}]; there are {', '.join(ORDER)}")
    for key in plain:
        if key not in ("description", "stages", "seed", "base"):
            raise TrainingError(f"{file}: unknown key {key!r} {_nearest(key, Recipe)}")
    stages = plain.get("stages", ORDER)
    unknown = [stage for stage in stages if stage not in ORDER]
    if unknown:
        raise TrainingError(f"{file}: no stage {unknown[0]!r}; there are {', '.join(ORDER)}")
    plain["stages"] = tuple(stage for stage in ORDER if stage in stages)
    try:
        return Recipe(name=file.stem, tables=tables, folder=file.parent.resolve(), **plain)
    except ValidationError as error:
        first = error.errors()[0]
        raise TrainingError(f"{file}: {first['loc'][0]}: {first['msg']}") from error


def _nearest(key: str, kind: type[BaseModel]) -> str:
    near = get_close_matches(key, kind.model_fields, n=1, cutoff=0.5)
    return f"is unknown; {f'did you mean {near[0]}?' if near else 'see docs/training.md'}"


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
