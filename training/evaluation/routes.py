"""How the first steps of turns agree with the labels: confusion, accuracy, macro-F1."""

from collections import Counter
from collections.abc import Iterable, Mapping

Confusion = dict[str, dict[str, int]]


def confusion(pairs: Iterable[tuple[str, str]]) -> Confusion:
    """Return how often each label got each step, from (label, step) pairs."""
    rows: dict[str, Counter[str]] = {}
    for want, got in pairs:
        rows.setdefault(want, Counter())[got] += 1
    return {want: dict(sorted(row.items())) for want, row in sorted(rows.items())}


def macro_f1(table: Mapping[str, Mapping[str, int]]) -> float:
    """Return the mean F1 of the labels that occur."""
    scores = []
    for label, row in table.items():
        hit = row.get(label, 0)
        chosen = sum(other.get(label, 0) for other in table.values())
        total = sum(row.values())
        scores.append(2 * hit / (chosen + total) if chosen + total else 0.0)
    return round(sum(scores) / len(scores), 4) if scores else 0.0
