"""`frontdesk ingest URL|FILE|DIR ...`: read sources into the store, with live progress."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from frontdesk.graphs.prepare import IngestEvent, IngestReport

LISTED = 20  # problems that are named; --json names all


class Chunker(StrEnum):
    """The ways to cut a document."""

    document = "document"
    recursive = "recursive"
    fixed = "fixed"
    semantic = "semantic"
    agentic = "agentic"


def ingest(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Websites, files or folders; none: [site] start_urls."),
    ] = None,
    chunker: Annotated[
        Chunker | None, typer.Option(help="How documents are cut; else [chunks] chunker.")
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Keep what earlier runs, whole or killed, have cut; or cut anew.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one object.")] = False,
) -> None:
    """Crawl, extract, chunk and embed. Run again, it reads only what has changed."""
    settings = settings_of(context)
    named = tuple(sources or settings.site.start_urls)
    if not named:
        raise typer.BadParameter("name a URL, FILE or DIR, or set [site] start_urls")
    from frontdesk.graphs.prepare import ingest_sources

    def run(on_event: "Callable[[IngestEvent], None] | None") -> "IngestReport":
        chosen = chunker.value if chunker else None
        return ingest_sources(settings, named, chunker=chosen, resume=resume, on_event=on_event)

    report = run(None) if as_json else _watched(run)
    if as_json:
        print(report.model_dump_json())
    problems = [*report.failed, *report.skipped]
    if problems and not report.stored + report.unchanged:
        first = problems[0]
        raise CommandError(f"nothing could be read: {first.url}: {first.reason}")
    if not as_json:
        _print(report)


def _watched(
    run: "Callable[[Callable[[IngestEvent], None] | None], IngestReport]",
) -> "IngestReport":
    """Run with a live line of counts on a terminal, and quietly where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        return run(None)
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.0f}/{task.total:.0f} documents"),
        TimeElapsedColumn(),
        # Read anew at every refresh: a model may think for minutes about one page.
        TextColumn("{task.fields[chunking]}", markup=False),
        TextColumn("{task.description}", style="dim", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=1, chunking="")

        def on_event(event: "IngestEvent") -> None:
            report = event.report
            problems = len(report.failed) + len(report.skipped)
            progress.update(
                task,
                completed=report.stored + report.unchanged + problems,
                total=max(1, report.found),
                description=event.url[-60:],
                chunking=report.chunking or "",
            )

        return run(on_event)


def _print(report: "IngestReport") -> None:
    print(report.summary())
    for mark, problems in (("failed", report.failed), ("skipped", report.skipped)):
        for problem in problems[:LISTED]:
            print(f"  {mark}: {problem.url}: {problem.reason}", file=sys.stderr)
        if len(problems) > LISTED:
            print(f"  and {len(problems) - LISTED} more {mark}", file=sys.stderr)
