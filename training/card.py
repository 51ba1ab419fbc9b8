"""The data card: what a run learns from and is judged on, as JSON and as Markdown."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from frontdesk.training.labelled import Labelled

EXAMPLES = 3


def make_card(
    rows: Sequence[Labelled], removed: int, notes: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """Return the counts by split, source, step and organisation, and examples of each source."""
    return {
        "questions": len(rows),
        "duplicates removed": removed,
        "splits": _count(row.split for row in rows),
        "sources": _table(rows, "source"),
        "steps": _table(rows, "step"),
        "organisations": _table(rows, "organisation"),
        "badly typed": sum(row.question.noisy for row in rows),
        "follow-ups": sum(row.question.history is not None for row in rows),
        **notes,
        "examples": _examples(rows, seed),
    }


def to_markdown(card: Mapping[str, Any]) -> str:
    """Return the card as people read it."""
    lines = ["# Data card", ""]
    for name, value in card.items():
        if not isinstance(value, dict):
            lines.append(f"- {name}: {value}")
    for name in ("sources", "steps", "organisations"):
        lines += ["", f"## By {name.removesuffix('s')}", "", *_markdown_table(card[name])]
    lines += ["", "## Examples", ""]
    for source, examples in card["examples"].items():
        lines += [f"**{source}**", "", *(f"- {_escaped(text)}" for text in examples), ""]
    return "\n".join(lines)


def _table(rows: Sequence[Labelled], by: str) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for row in rows:
        name = row.question.steps[0].step if by == "step" else str(getattr(row, by))
        found.setdefault(name, Counter())[row.split] += 1
    return {name: dict(sorted(counts.items())) for name, counts in sorted(found.items())}


def _count(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _examples(rows: Sequence[Labelled], seed: int) -> dict[str, list[str]]:
    rng = random.Random(seed)
    by_source: dict[str, list[Labelled]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    return {
        source: [_told(row) for row in rng.sample(found, min(EXAMPLES, len(found)))]
        for source, found in sorted(by_source.items())
    }


def _told(row: Labelled) -> str:
    question = row.question
    before = f"{question.history.q} / " if question.history else ""
    step = question.steps[0]
    told = step.contact or ", ".join(step.places) or " ".join(step.quotes)[:120] or step.why
    return f"{before}{question.q} -> {step.step}{f': {told}' if told else ''}"


def _markdown_table(table: Mapping[str, Mapping[str, int]]) -> list[str]:
    splits = sorted({split for counts in table.values() for split in counts})
    lines = [f"| | {' | '.join(splits)} |", f"|---|{'---|' * len(splits)}"]
    for name, counts in table.items():
        lines.append(f"| {name} | {' | '.join(str(counts.get(s, 0)) for s in splits)} |")
    return lines


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
