"""`frontdesk eval [SUITE]`: how good the model in service is at this desk."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of

if TYPE_CHECKING:
    from rich.console import Console

FIRST = ("routing", "answers fully right", "declined", "in scope, not declined")


def evaluate(
    context: typer.Context,
    suite: Annotated[
        str | None,
        typer.Argument(
            help="A folder of organisations, or a .jsonl file of labelled questions about this one;"
            " none: questions made from this organisation's own site, directory and feed, beside"
            " those of one that nobody trained on."
        ),
    ] = None,
    responses: Annotated[
        int, typer.Option(metavar="N", min=0, help="Write N answers beside their questions.")
    ] = 0,
    most: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Ask at most N of each kind.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Of the report; else a new one in runs/.")
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="An OpenAI-compatible server that judges answers (RAGAS); they are sent there.",
        ),
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="What that server calls its model.")
    ] = None,
    more: Annotated[
        list[str] | None, typer.Option("--set", metavar="STAGE.KEY=VALUE", help="Change a setting.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Ask held-out questions through the real tools; print a table, write JSON and HTML."""
    settings = settings_of(context)
    from frontdesk.ui.train import run_evaluation

    changes = [f"evaluate.responses={responses}"]
    changes += [f"evaluate.most={most}"] if most else []
    changes += [f"evaluate.judge_url={_quoted(judge)}"] if judge else []
    changes += [f"evaluate.judge_model={_quoted(judge_model)}"] if judge_model else []
    changes += [*_suite(suite), *(more or [])]
    place = folder or Path("runs") / f"eval-{datetime.now():%Y%m%d-%H%M%S}"
    summary = run_evaluation(settings, place, changes, quiet=as_json)
    if as_json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    _print(summary)
    print(f"report: {summary['report']}")
    if summary["responses"]:
        print(f"answers to read: {summary['responses']}")


def _suite(named: str | None) -> list[str]:
    """Return the settings of the recipe that make a suite."""
    if named is None:
        return []
    path = Path(named).absolute()
    if path.is_dir():
        return [
            "collect.organisation=false",
            "collect.hold_out=[]",
            f"collect.tests={_quoted(path)}",
        ]
    if path.suffix != ".jsonl" or not path.is_file():
        raise CommandError(f"{named}: neither a folder of organisations nor a .jsonl file")
    only_labelled = ["collect.hold_out=[]", "synthesise.own_scale=0", "synthesise.structure=0"]
    return [*only_labelled, f"collect.questions={_quoted(path)}"]


def _quoted(value: object) -> str:
    """Return a value as a TOML string, whatever stands in it."""
    return json.dumps(str(value), ensure_ascii=False)


def _print(summary: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    adapter = f" + {summary['adapter']}" if summary["adapter"] else ""
    table = Table(title=f"{summary['model']}{adapter}, {summary['questions']} questions", box=None)
    table.add_column("measure")
    for name in ("right", "95 %", "of"):
        table.add_column(name, justify="right")
    measures = summary["measures"]
    first = {name: place for place, name in enumerate(FIRST)}
    for name in sorted(measures, key=lambda name: (first.get(name, len(first)), name)):
        found = measures[name]
        interval = f"{100 * found['low']:.0f}-{100 * found['high']:.0f}"
        table.add_row(name, f"{found['share']:.1%}", interval, str(found["of"]))
    console = Console(highlight=False)
    console.print(table)
    latency = summary["latency"]
    console.print(
        f"macro-F1 {summary['macro_f1']:.3f},"
        f" calibration error {summary['calibration']['error']:.3f},"
        f" a turn {latency['median']:.0f} ms (p95 {latency['p95']:.0f})"
    )
    if summary["ragas"]:
        _print_ragas(console, summary["ragas"])


def _print_ragas(console: "Console", ragas: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"RAGAS, judged by {escape(ragas['judge'])}", box=None)
    table.add_column("metric")
    for name in ("mean", "judged", "judge failed"):
        table.add_column(name, justify="right")
    for name, found in ragas["metrics"].items():
        mean = "-" if found["mean"] is None else f"{found['mean']:.3f}"
        table.add_row(name, mean, str(found["judged"]), str(found["failed"]))
    console.print(table)
