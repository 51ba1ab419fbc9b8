"""Draws docs/images/people-at-once.png from docs/benchmarks/runtime.json.

python tests/bench/plot_runtime.py
"""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Draw throughput and latency of a 3 B model over the number of people at once."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = json.loads((ROOT / "docs/benchmarks/runtime.json").read_text(encoding="utf-8"))
    crowd = rows["crowd"]["result"]
    alone = 60 / rows["turns"]["result"]["baseline"]["last"]
    people = [row["people"] for row in crowd]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    left.plot(people, [row["turns_a_minute"] for row in crowd], marker="o", label="Frontdesk")
    left.axhline(alone, color="grey", linestyle="--", label="baseline, one after the other")
    left.set(ylabel="turns a minute", title="Throughput", ylim=(0, None))
    right.plot(people, [row["median_seconds"] for row in crowd], marker="o", label="median")
    right.plot(people, [row["slowest_seconds"] for row in crowd], marker="s", label="slowest")
    # One Llama answers one caller at a time: whoever is in the middle of the line waits for half.
    waits = [60 / alone * (n + 1) / 2 for n in people]
    right.plot(people, waits, color="grey", linestyle="--", label="baseline, average in a line")
    right.set(ylabel="seconds to the whole answer", title="Latency", ylim=(0, None))
    for axes in (left, right):
        axes.set(xlabel="people at once", xticks=people)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    target = ROOT / "docs" / "images" / "people-at-once.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=120)
    print(target.relative_to(ROOT))


if __name__ == "__main__":
    main()
