"""What quantising costs the model of a run, and whether its GGUF file says what its weights say.

    python -m frontdesk.training.quantisation runs/NAME [--served FILE.gguf] [--examples 2000]

The questions of the run's preference pairs, which the model was not trained on, are decided by
PyTorch in float32 and by each file: the first marker, and all markers of a decision, each written
greedily after the one before. What a quantisation changes in whole answers is in the report of
`evaluate`, for those that the recipe names in `export.compared`. One row a file:

| weights | MiB | first step right | points lost | whole decision right | points lost | as PyTorch |
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from frontdesk.training.batches import Encoded
from frontdesk.training.checkpoint import read_network
from frontdesk.training.conversion.precision import QUANTISATIONS, quantise
from frontdesk.training.dataset import load
from frontdesk.training.parity import in_gguf, in_pytorch
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.run import RunFolder
from frontdesk.training.stages.export import in_float32

Decisions = list[tuple[int, ...]]


@dataclass(frozen=True)
class Row:
    """What one file decides: shares of right ones, and of those equal to PyTorch's."""

    name: str
    mib: float
    first: float
    whole: float
    equal: float


def judge(
    name: str, file: Path, examples: Sequence[Encoded], written: Decisions, first: Decisions
) -> Row:
    """Return the row of one file; `first` is what PyTorch decided."""
    pairs = list(zip(examples, written, strict=True))
    return Row(
        name,
        file.stat().st_size / 2**20,
        sum(w[0] == e.target[0] for e, w in pairs) / len(pairs),
        sum(w == e.target for e, w in pairs) / len(pairs),
        sum(a == b for a, b in zip(written, first, strict=True)) / len(pairs),
    )


def compare(
    run: RunFolder, served: Sequence[Path], count: int, seed: int = 7
) -> tuple[list[Row], int]:
    """Return a row for PyTorch and for each file, and on how many examples they rest.

    The files are the run's in float32, that one quantised in every way, and those of `served`.
    Raises `TrainingError` where a stage is not done, or left nothing to compare on.
    """
    weights = run.done("sft") / "model.pt"
    full = in_float32(run.done("export"))
    dataset = load(run.done("trace") / "preferences.npz")
    if full is None:
        raise TrainingError(f"{run.path}: export left no model in float32; run it again")
    if not dataset.examples:
        raise TrainingError(f"{run.path}: no decisions to compare; raise synthesise.preferences")
    count = min(count, len(dataset.examples))
    examples = random.Random(seed).sample(dataset.examples, count)
    write = in_pytorch(read_network(weights), dataset.table)
    first = [write(example) for example in examples]
    rows = [judge("PyTorch, float32", weights, examples, first, first)]
    with tempfile.TemporaryDirectory() as folder:
        files = [("F32", full)]
        for kind in QUANTISATIONS:
            files.append((kind, Path(folder) / f"{kind}.gguf"))
            quantise(full, files[-1][1], kind)
        for name, file in [*files, *((file.stem, file) for file in served)]:
            with in_gguf(file, dataset.table) as write:
                written = [write(example) for example in examples]
            rows.append(judge(name, file, examples, written, first))
    return rows, count


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| weights | MiB | first step right | points lost | whole decision right | points lost "
        "| as PyTorch |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        first, whole = (100 * (rows[0].first - row.first), 100 * (rows[0].whole - row.whole))
        lines.append(
            f"| {row.name} | {row.mib:.1f} | {100 * row.first:.2f} % | {first:+.2f} "
            f"| {100 * row.whole:.2f} % | {whole:+.2f} | {100 * row.equal:.2f} % |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table; fail when the file in float32 decides otherwise than PyTorch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of a finished run")
    parser.add_argument(
        "--served", type=Path, nargs="*", default=[], help="GGUF files with its tokenizer"
    )
    parser.add_argument("--examples", type=int, default=2000)
    asked = parser.parse_args()
    missing = [str(file) for file in asked.served if not file.is_file()]
    if missing or asked.examples < 1:
        parser.error(f"no such file: {missing[0]}" if missing else "--examples must be at least 1")
    torch.set_num_threads(1)
    try:
        rows, count = compare(RunFolder(asked.run), asked.served, asked.examples)
    except TrainingError as error:
        sys.exit(f"quantisation: {error}")
    print(f"{count} decisions of {asked.run}\n\n{table(rows)}")
    if rows[1].equal < 0.999:
        sys.exit(f"the GGUF file decides as PyTorch in only {100 * rows[1].equal:.2f} %")


if __name__ == "__main__":
    main()
