"""Plots of a training: what it lost and what it held, epoch by epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

INK, ACCENT, WARM = "#1f2a30", "#0b6157", "#b4552d"


def figure(width: float = 6.0, height: float = 3.4) -> tuple[Any, Any]:
    """Return (figure, axes) in the report's look; sizes in inches."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    drawn, axes = pyplot.subplots(figsize=(width, height), layout="constrained")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(axis="y", color="#e3e7e8", linewidth=0.8)
    axes.set_axisbelow(True)
    return drawn, axes


def save(drawn: Any, path: Path) -> Path:
    """Write the figure, free its memory, return the path."""
    from matplotlib import pyplot

    drawn.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(drawn)
    return path


def plot_progress(log: Sequence[Mapping[str, float]], path: Path) -> Path:
    """Draw the training loss and the share of held-out decisions that are all right."""
    drawn, axes = figure()
    epochs = [row["epoch"] for row in log]
    axes.plot(epochs, [row["loss"] for row in log], color=WARM, marker="o", label="loss")
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss", color=WARM)
    axes.set_xticks(epochs)
    other = axes.twinx()
    other.plot(epochs, [100 * row["held_out"] for row in log], color=ACCENT, marker="s")
    other.set_ylabel("held out, all right (%)", color=ACCENT)
    other.spines["top"].set_visible(False)
    return save(drawn, path)


def plot_reader(log: Sequence[Mapping[str, float]], path: Path) -> Path:
    """Draw the losses of the cross-encoder's two tasks, and how much of each is read right.

    The first row, epoch 0, is the reader before training and has no losses.
    """
    drawn, axes = figure()
    other = axes.twinx()
    for task, style in (("intents", "-"), ("quotes", "--")):
        rows = [row for row in log if f"{task} loss" in row]
        losses = [row[f"{task} loss"] for row in rows]
        axes.plot([row["epoch"] for row in rows], losses, style, color=WARM, marker="o", label=task)
        rows = [row for row in log if task in row]
        shares = [100 * row[task] for row in rows]
        other.plot([row["epoch"] for row in rows], shares, style, color=ACCENT, marker="s")
    axes.set_xlabel("epoch")
    axes.set_ylabel("training loss", color=WARM)
    axes.set_xticks([row["epoch"] for row in log])
    other.set_ylabel("held out, right (%)", color=ACCENT)
    other.spines["top"].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return save(drawn, path)


def plot_retriever(before: Mapping[str, float], after: Mapping[str, float], path: Path) -> Path:
    """Draw what is found of what is held out, by the encoder in service and by the trained one."""
    drawn, axes = figure()
    for shift, found, colour, name in (
        (-0.2, before, WARM, "in service"),
        (0.2, after, ACCENT, "trained"),
    ):
        places = [n + shift for n in range(len(found))]
        axes.bar(places, list(found.values()), width=0.38, color=colour, label=name)
        for place, value in zip(places, found.values(), strict=True):
            axes.text(place, value, f"{value:.3f}", ha="center", va="bottom", fontsize=8, color=INK)
    axes.set_xticks(range(len(before)), list(before))
    axes.set_ylim(0, 1.1)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return save(drawn, path)


def plot_rewards(log: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Draw the reward margins and accuracies of a DPO training, step by step."""
    drawn, axes = figure()
    other = axes.twinx()
    for prefix, style in (("", "-"), ("eval_", "--")):
        rows = [row for row in log if f"{prefix}rewards/margins" in row]
        steps = [row["step"] for row in rows]
        name = "held out" if prefix else "training"
        margins = [row[f"{prefix}rewards/margins"] for row in rows]
        axes.plot(steps, margins, style, color=WARM, label=name, marker="o", markersize=3)
        right = [100 * row[f"{prefix}rewards/accuracies"] for row in rows]
        other.plot(steps, right, style, color=ACCENT, marker="s", markersize=3)
    axes.set_xlabel("step")
    axes.set_ylabel("reward margin", color=WARM)
    other.set_ylabel("pairs in the right order (%)", color=ACCENT)
    other.spines["top"].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return save(drawn, path)
