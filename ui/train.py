"""`frontdesk train [STAGE]`: from this organisation's website to a model in service.

The one file of the faces that imports `training`, and only when a command runs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of

if TYPE_CHECKING:
    from frontdesk.graphs import Settings
    from frontdesk.graphs.service import Run
    from frontdesk.training.pipeline.runner import Tell

# The stages in order, as training/pipeline/recipe.py has them; a test holds them equal.
STAGES = (
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
COMMANDS = ("rollback", "runs", "feedback")

Folder = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Of the run; else the newest, or a new one.")
]


def train(
    context: typer.Context,
    stage: Annotated[
        str | None,
        typer.Argument(
            help=f"One stage: {', '.join(STAGES)}. Or: {', '.join(COMMANDS)}. None: every stage."
        ),
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="tiny, small, feedback, or a .toml file of your own.")
    ] = "tiny",
    folder: Folder = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run: skip what is done and unchanged.")
    ] = False,
    public: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Public sets to train on beside.")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="STAGE.KEY=VALUE", help="Change a setting.")
    ] = None,
) -> None:
    """Train this organisation's own model: collect, train, measure, put in service."""
    if stage is not None and stage not in (*STAGES, *COMMANDS):
        raise typer.BadParameter(f"{stage!r} is none of {', '.join((*STAGES, *COMMANDS))}")
    settings = settings_of(context)
    if stage in ("runs", "rollback"):
        (list_runs if stage == "runs" else roll_back)(settings)
        return
    from frontdesk.training.pipeline.libraries import hush
    from frontdesk.training.pipeline.recipe import read_recipe
    from frontdesk.training.pipeline.run import RunFolder
    from frontdesk.training.pipeline.runner import run_recipe

    hush()
    named = "feedback" if stage == "feedback" else recipe
    asked = list(changes or [])
    if public is not None:
        asked.append(f"synthesise.public='{public.resolve()}'")
    plan = read_recipe(named).changed(asked)
    one = stage if stage in STAGES else None
    place = folder or _folder(named, goes_on=resume or one is not None)
    tell = _teller()
    run = RunFolder(place)
    records = run_recipe(plan, run, settings, tell, only=(one,) if one else (), resume=resume)
    if any(record.stage == "evaluate" for record in records):
        print(f"report: {run.folder('evaluate') / 'report.html'}")


def run_evaluation(
    settings: "Settings", folder: Path, changes: Sequence[str], *, quiet: bool
) -> dict[str, Any]:
    """Evaluate the model in service; return the summary, with intervals and the report's path."""
    from frontdesk.training.pipeline.libraries import hush
    from frontdesk.training.pipeline.recipe import read_recipe
    from frontdesk.training.pipeline.run import RunFolder
    from frontdesk.training.pipeline.runner import run_recipe
    from frontdesk.training.stages.evaluate import read_report

    hush()
    run = RunFolder(folder)
    recipe = read_recipe("eval").changed(changes)
    run_recipe(recipe, run, settings, (lambda news: None) if quiet else _teller())
    place = run.folder("evaluate")
    report = read_report(place)
    measures = {
        name: {**share.model_dump(), **share.interval._asdict()}
        for name, share in report.best.measures.items()
    }
    ragas = report.ragas.get("service")
    responses = place / "responses.md"
    return {
        **report.best.model_dump(mode="json"),
        "measures": measures,
        "ragas": ragas.model_dump(exclude={"turns"}) if ragas else None,
        "report": str(place / "report.html"),
        "responses": str(responses) if responses.exists() else None,
    }


def list_runs(settings: "Settings") -> None:
    """Print every promoted model, the newest first."""
    from frontdesk.training.promotion import every_run

    found = every_run(settings)
    if not found:
        print("The bundled model is in service; nothing was promoted yet.")
    for run in found:
        print(_told(run))


def roll_back(settings: "Settings") -> None:
    """Put the model back that served before."""
    from frontdesk.training.promotion import rollback

    left, serves = rollback(settings)
    print(
        f"{left.name} is out of service; {serves.name if serves else 'the bundled model'} serves."
    )


def _told(run: "Run") -> str:
    mark = "*" if run.in_service else " "
    routing = run.scores.get("routing", {})
    right = f"{routing['right']} of {routing['of']} first steps" if routing else "no scores"
    when = f"{run.created_at:%Y-%m-%d %H:%M}" if run.created_at else ""
    return f"{mark} {run.name}  {when}  {right}  data {run.data_hash}  from {run.run}"


def _folder(recipe: str, *, goes_on: bool) -> Path:
    """Return a new folder under runs/, or the newest of this recipe to go on with."""
    name = Path(recipe).stem
    runs = Path("runs")
    taken = sorted(
        int(path.name.removeprefix(f"{name}-"))
        for path in runs.glob(f"{name}-*")
        if path.name.removeprefix(f"{name}-").isdigit()
    )
    if goes_on:
        if not taken:
            raise CommandError(f"runs/ holds no run of {name}; name one with --folder")
        return runs / f"{name}-{taken[-1]}"
    return runs / f"{name}-{taken[-1] + 1 if taken else 1}"


def _teller() -> "Tell":
    """Return what prints a run's news: a line a thing that happens."""
    from frontdesk.training.pipeline.runner import News

    def tell(news: News) -> None:
        if news.state == "started":
            print(f"{news.text}", flush=True)
        elif news.state == "running":
            print(f"   {news.text}", flush=True)
        elif news.state == "unchanged":
            print(f"{news.text}: done before, unchanged", flush=True)
        else:
            print(f"   done after {news.seconds:.1f} s", flush=True)

    return tell
