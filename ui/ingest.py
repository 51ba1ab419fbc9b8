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
    from frontdesk.ui.ingest_progress import watched  # loads rich: only for who ingests

    def run(on_event: "Callable[[IngestEvent], None] | None") -> "IngestReport":
        chosen = chunker.value if chunker else None
        return ingest_sources(settings, named, chunker=chosen, resume=resume, on_event=on_event)

    report = run(None) if as_json else watched(run)
    if as_json:
        print(report.model_dump_json())
    problems = [*report.failed, *report.skipped]
    if problems and not report.stored + report.unchanged:
        first = problems[0]
        raise CommandError(f"nothing could be read: {first.url}: {first.reason}")
    if not as_json:
        _print(report)


def _print(report: "IngestReport") -> None:
    print(report.summary())
    for mark, problems in (
        ("failed", report.failed),
        ("skipped", report.skipped),
        ("note", report.warnings),
    ):
        for problem in problems[:LISTED]:
            print(f"  {mark}: {problem.url}: {problem.reason}", file=sys.stderr)
        if len(problems) > LISTED:
            print(f"  and {len(problems) - LISTED} more {mark}", file=sys.stderr)
