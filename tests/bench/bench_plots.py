"""Draw the figures of the benchmarks for docs/images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
_DPI = 150
_INK, _BLUE, _ORANGE, _GREY = "#24292f", "#2563a8", "#c2571a", "#8b949e"


def plot_chunkers(rows: Sequence[Row], path: Path) -> None:
    """What each chunker costs, in seconds of reading the sample, and what it finds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.2), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for key, colour, marker in (("recall@5", _BLUE, "o"), ("nDCG@10", _ORANGE, "s")):
        seconds = [row["seconds"] for row in rows]
        axes.scatter(seconds, [row[key] for row in rows], color=colour, marker=marker, label=key)
    for row in rows:
        name = row["collection"].removeprefix("sample, ")
        said = f"{name}, {row['chunks']} chunks"
        place = (row["seconds"], row["recall@5"])
        axes.annotate(said, place, xytext=(5, 5), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    axes.set_xlabel("seconds to read the sample organisation")
    axes.set_ylabel("labelled questions")
    _finish(axes)
    figure.savefig(path)


def plot_scale(rows: Sequence[Row], path: Path) -> None:
    """How the time of a question and the size on disk grow with the number of chunks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), dpi=_DPI, layout="constrained")
    times, sizes = figure.subplots(1, 2)
    count = [row["chunks"] for row in rows]
    lines = (("p50 ms", _BLUE, "-", "fused, p50"), ("p95 ms", _BLUE, "--", "fused, p95"))
    for key, colour, style, label in lines:
        times.plot(
            count, [row["fused"][key] for row in rows], style, color=colour, marker="o", label=label
        )
    exact = [row for row in rows if "fused, each compared" in row]
    if exact:
        taken = [row["fused, each compared"]["p50 ms"] for row in exact]
        compared = [row["chunks"] for row in exact]
        times.plot(compared, taken, color=_ORANGE, marker="s", label="each chunk compared, p50")
    times.axhline(30, color=_GREY, linewidth=0.8, linestyle=":", label="30 ms")
    times.set_ylabel("milliseconds a question, embedding included")
    times.set_ylim(bottom=0)
    for key, colour in (("HNSW index", _BLUE), ("lexical index", _ORANGE)):
        held = [row["bytes"][key] / 1024**2 for row in rows]
        sizes.plot(count, held, color=colour, marker="o", label=key)
    sizes.set_ylabel("MiB on disk")
    sizes.set_yscale("log")
    for axes in (times, sizes):
        axes.set_xscale("log")
        axes.set_xlabel("chunks")
        _finish(axes)
    figure.savefig(path)


def _finish(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=_GREY, alpha=0.25, linewidth=0.6)
    axes.tick_params(colors=_INK)
    axes.legend(frameon=False, fontsize=8)
