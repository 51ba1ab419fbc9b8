"""What a run leaves beside its weights: settings, history, metrics and their plots."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

Log = Sequence[Mapping[str, Any]]


def keep(
    trainer: Any,
    tokenizer: Any,
    target: Path,
    settings: BaseModel,
    metrics: Mapping[str, float],
    panels: Mapping[str, Mapping[str, Sequence[str]]],
) -> None:
    """Write what was trained to the folder `target`, and the record of the run beside it.

    `panels` names the plots, each with its panels. Of several processes one writes.
    """
    trainer.save_model(str(target))
    if trainer.is_world_process_zero():
        history = trainer.state.log_history
        tokenizer.save_pretrained(str(target))
        write_record(target.parent, settings, history, metrics)
        for name, shown in panels.items():
            plot(target.parent / name, history, shown)


def write_record(
    folder: Path, settings: BaseModel, history: Log, metrics: Mapping[str, float]
) -> None:
    """Write settings.json, history.json (one entry a logged step) and metrics.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(settings.model_dump_json(indent=2) + "\n")
    (folder / "history.json").write_text(json.dumps(list(history), indent=1) + "\n")
    (folder / "metrics.json").write_text(json.dumps(dict(metrics), indent=2) + "\n")


def plot(path: Path, history: Log, panels: Mapping[str, Sequence[str]]) -> None:
    """Draw one panel a title, with a curve for each of its logged values, over the steps."""
    # A second to import; and no window: the figure is drawn straight to the file.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(panels), 3.5), layout="constrained")
    for axes, (title, names) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for name in names:
            points = [(row["step"], row[name]) for row in history if name in row]
            if points:
                marker = "o" if name.startswith("eval_") else None
                axes.plot(*zip(*points, strict=True), label=name, marker=marker, markersize=3)
        axes.set(title=title, xlabel="step")
        if axes.lines:
            axes.legend()
    figure.savefig(path, dpi=120)
