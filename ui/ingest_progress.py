"""The live picture of an ingestion on a terminal.

⠹ ━━━━━━━━━━━━━╸━━━━━━━━━━  62 of 150  3.1/s  0:00:20, 0:00:28 left
  fetched 70 · unchanged 0 · embedded 62 (1,204 sentences) · removed 0 · skipped 4 · failed 2
  failed: https://town.example/old.pdf: the PDF is encrypted; save it without a password
  reading https://town.example/pool
"""

from collections import deque
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from frontdesk.graphs.prepare import IngestEvent, IngestReport

_LAST_FAILURES = 3


class _Rate(ProgressColumn):
    """Documents a second, lately."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="cyan")


class IngestProgress:
    """Keeps the picture up to date with the events of a run."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f} of {task.total:.0f}"),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        self._task = self._bar.add_task("", total=1)
        self._report: IngestReport | None = None
        self._url = ""
        self._failures: deque[str] = deque(maxlen=_LAST_FAILURES)

    def take(self, event: "IngestEvent") -> None:
        """Take in one event."""
        report = self._report = event.report
        self._url = event.url or event.reason
        if event.kind == "failed":
            self._failures.append(f"{event.url}: {event.reason}")
        done = report.stored + report.unchanged + len(report.failed) + len(report.skipped)
        total = max(1, report.found, done)
        self._bar.update(self._task, completed=done, total=total)

    def __rich__(self) -> RenderableType:
        report = self._report
        if report is None:
            return self._bar
        counts = (
            f"fetched {report.fetched:,} · unchanged {report.unchanged:,} · embedded"
            f" {report.stored:,} ({report.sentences:,} sentences) · removed {report.removed:,}"
            f" · skipped {len(report.skipped):,} · failed {len(report.failed):,}"
        )
        lines = [Text(f"  {counts}")]
        lines += [Text(f"  failed: {line}", style="red") for line in self._failures]
        if report.chunking:  # a model may think for minutes about one page
            lines.append(Text(f"  {report.chunking}"))
        lines.append(Text(f"  {self._url}", style="dim"))
        for line in lines:
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(self._bar, *lines)


def watched(
    run: "Callable[[Callable[[IngestEvent], None] | None], IngestReport]",
) -> "IngestReport":
    """Run with a live picture on a terminal, and quietly where nobody watches."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return run(None)
    progress = IngestProgress()
    with Live(progress, console=console, transient=True, refresh_per_second=8):
        return run(progress.take)
