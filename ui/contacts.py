"""`frontdesk contacts import FILE` makes the directory equal to a file; `find` searches it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.ui.options import settings_of

if TYPE_CHECKING:
    from frontdesk.graphs.prepare import ImportReport

LISTED = 20  # rows of a kind that are named; --json names all


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV, vCard (.vcf) or LDIF file.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change and write nothing.")
    ] = False,
    merge: Annotated[
        bool, typer.Option("--merge", help="Keep the rows that the file does not hold.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let more than half of the rows be removed.")
    ] = False,
    unmarked_public: Annotated[
        bool,
        typer.Option("--unmarked-public", help="Rows without a word on it may be seen by all."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Import the directory: shows added, changed, removed and rejected rows; all or nothing."""
    from frontdesk.graphs.prepare import import_directory

    report = import_directory(
        settings_of(context),
        file,
        dry_run=dry_run,
        merge=merge,
        force=force,
        unmarked_public=unmarked_public,
    )
    if as_json:
        print(json.dumps(report.model_dump(mode="json"), ensure_ascii=False))
    else:
        _print(report)


def find(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A name, a role, a team or what they do.")],
    staff: Annotated[
        bool, typer.Option("--staff", help="Show rows that are not public, too.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="At most so many.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Find a person or a team by words, typos forgiven."""
    from frontdesk.graphs.parts import Parts

    with Parts(settings_of(context)) as parts:
        result = parts.directory.lookup(query, staff=staff, limit=limit)
    if as_json:
        print(json.dumps(result.model_dump(mode="json"), ensure_ascii=False))
    else:
        print(result.text)


def _print(report: "ImportReport") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    kinds: tuple[tuple[str, str, list[str]], ...] = (
        ("+", "green", [f"{row.name}  (line {row.line})" for row in report.added]),
        (
            "~",
            "yellow",
            [f"{row.name}  (line {row.line})  {_of(row.fields)}" for row in report.changed],
        ),
        ("-", "red", [f"{row.name}, {row.role or row.team}" for row in report.removed]),
        ("!", "magenta", [f"line {row.line}: {row.reason}" for row in report.rejected]),
    )
    for mark, style, lines in kinds:
        for line in lines[:LISTED]:
            console.print(Text(f"{mark} {line}", style=style), soft_wrap=True)
        if len(lines) > LISTED:
            console.print(Text(f"{mark} and {len(lines) - LISTED} more", style=style))
    for warning in report.warnings:
        console.print(Text(warning, style="yellow"), soft_wrap=True)
    console.print(Text(report.summary()), soft_wrap=True)


def _of(fields: dict[str, tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {old or '–'} → {new or '–'}" for name, (old, new) in fields.items())
