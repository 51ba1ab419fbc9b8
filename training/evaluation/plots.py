"""The report's plots, as SVG in data URLs, so that the page needs nothing else."""

import base64
import io
from collections.abc import Sequence
from typing import Any

from frontdesk.training.evaluation.compare import Difference
from frontdesk.training.evaluation.measures import Summary
from frontdesk.training.pipeline.plots import ACCENT, INK, WARM, figure

QUIET = "#9aa7ad"


def data_url(drawn: Any) -> str:
    """Return a figure as a data URL, the same bytes for the same figure."""
    import matplotlib
    from matplotlib import pyplot

    held = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "frontdesk", "svg.fonttype": "path"}):
        drawn.savefig(held, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(drawn)
    return "data:image/svg+xml;base64," + base64.b64encode(held.getvalue().encode()).decode()


def plot_measures(rows: Sequence[Difference]) -> str:
    """Draw each guarded measure of both models with its 95 % interval."""
    shown = [row for row in rows if row.guarded][::-1]
    drawn, axes = figure(7.4, 0.9 + 0.42 * len(shown))
    for offset, colour, name in ((0.16, ACCENT, "candidate"), (-0.16, QUIET, "in service")):
        for at, row in enumerate(shown):
            share = row.candidate if name == "candidate" else row.service
            middle, low, high = share.interval
            fill = WARM if row.worse and name == "candidate" else colour
            axes.plot(
                [100 * low, 100 * high], [at + offset] * 2, color=fill, linewidth=3, alpha=0.45
            )
            axes.plot(100 * middle, at + offset, "o", color=fill, markersize=6)
        axes.plot([], [], "o-", color=colour, label=name)
    axes.set_yticks(range(len(shown)), [f"{r.measure} ({r.candidate.of})" for r in shown])
    axes.grid(axis="x", color="#e3e7e8", linewidth=0.8)
    axes.set_xlim(0, 101)
    axes.set_xlabel("right (%), with its 95 % interval")
    axes.legend(frameon=False, loc="lower left", fontsize=9)
    return data_url(drawn)


def plot_confusion(summary: Summary) -> str:
    """Draw how often each label got each step; a row is a label."""
    labels = list(summary.confusion)
    steps = sorted({step for row in summary.confusion.values() for step in row})
    steps.sort(key=lambda step: labels.index(step) if step in labels else len(labels))
    drawn, axes = figure(0.9 * len(steps) + 2.2, 0.55 * len(labels) + 1.4)
    shares = [
        [row.get(step, 0) / max(1, sum(row.values())) for step in steps]
        for row in summary.confusion.values()
    ]
    axes.grid(visible=False)
    axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1, aspect="auto")
    for y, row in enumerate(summary.confusion.values()):
        for x, step in enumerate(steps):
            if count := row.get(step, 0):
                light = shares[y][x] > 0.6
                axes.text(x, y, count, ha="center", va="center", color="white" if light else INK)
    axes.set_xticks(range(len(steps)), steps, rotation=25, ha="right")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylabel("labelled")
    axes.set_xlabel("chosen")
    return data_url(drawn)


def plot_reliability(summaries: Sequence[tuple[str, Summary]]) -> str:
    """Draw how often decisions of each probability were right; on the diagonal they mean it."""
    drawn, axes = figure(4.4, 3.8)
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1, linestyle=":")
    for (name, summary), colour in zip(summaries, (ACCENT, QUIET), strict=False):
        bins = summary.calibration.bins
        said, right = [b.probability for b in bins], [b.right for b in bins]
        label = f"{name}: error {summary.calibration.error:.3f}"
        axes.plot(said, right, "o-", color=colour, markersize=4, label=label)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("probability of the first step")
    axes.set_ylabel("share that was right")
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    return data_url(drawn)


GRADES = (("right", ACCENT), ("partly", "#7fb8a6"), ("not_found", QUIET), ("wrong", WARM))


def plot_grades(summaries: Sequence[tuple[str, Summary]]) -> str:
    """Draw the answers to questions with labelled facts: right, partly, not found, wrong."""
    drawn, axes = figure(7.4, 0.8 + 0.5 * len(summaries))
    for at, (_, summary) in enumerate(reversed(summaries)):
        total = sum(summary.grades.values()) or 1
        left = 0.0
        for grade, colour in GRADES:
            width = 100 * summary.grades.get(grade, 0) / total
            axes.barh(at, width, left=left, color=colour, height=0.6)
            if width > 5:
                axes.text(
                    left + width / 2, at, f"{width:.0f}", ha="center", va="center", color="white"
                )
            left += width
    for grade, colour in GRADES:
        axes.barh(0, 0, color=colour, label=grade.replace("_", " "))
    axes.set_yticks(range(len(summaries)), [name for name, _ in reversed(summaries)])
    axes.grid(visible=False)
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of answers (%)")
    axes.legend(frameon=False, ncols=4, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return data_url(drawn)
