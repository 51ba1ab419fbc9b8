"""What quantising costs the bundled model, and whether its GGUF file says what its weights say.

    python -m frontdesk.training.quantisation runs/NAME [--served FILE.gguf] [--examples 2000]

Examples that the model was not trained on (`--data`, by default the run's preference set) are
decided by PyTorch in float32 and by each file: the first marker, and all markers of a decision,
each written greedily after the one before. One row a file:

| weights | MiB | first step right | points lost | whole decision right | points lost | as PyTorch |
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.slots import SLOT_TOKENS, read_table, slot_rows
from frontdesk.training.batches import Encoded, SlotTable
from frontdesk.training.checkpoint import read_network, read_tensors
from frontdesk.training.dataset import load
from frontdesk.training.export import quantise, write_model
from frontdesk.training.network import take_slots

KINDS = ("F16", "Q8_0", "Q4_0", "Q4_K_M")
Decisions = list[tuple[int, ...]]
Write = Callable[[Encoded], tuple[int, ...]]


@dataclass(frozen=True)
class Row:
    """What one file decides: shares of right ones, and of those equal to PyTorch's."""

    name: str
    mib: float
    first: float
    whole: float
    equal: float


def in_pytorch(weights: Path, table: SlotTable) -> Write:
    """Return what writes a decision's markers greedily with the weights of `sft/model.pt`."""
    network = read_network(weights).float().eval()
    take_slots(network, table)

    @torch.no_grad()
    def write(example: Encoded) -> tuple[int, ...]:
        written: tuple[int, ...] = ()
        for _ in example.target:
            ids = torch.tensor([(*example.prompt, *written)])
            hidden = network.model(input_ids=ids).last_hidden_state[0, -1]
            written = (*written, int(network.lm_head(hidden).argmax()))
        return written

    return write


def in_gguf(engine: Engine, file: Path, table: SlotTable) -> Write:
    """Return what writes them with a GGUF file, reading slots as the served decider does."""
    rows = read_table(file)

    def row(i: int) -> np.ndarray:
        if i < table.vocabulary:
            token: np.ndarray = rows.tokens[i][None, :]
            return token
        slot = i - table.vocabulary
        return slot_rows(rows, table.markers[slot], table.values[slot].astype(np.float32))

    def write(example: Encoded) -> tuple[int, ...]:
        written: tuple[int, ...] = ()
        with engine.open() as sequence:
            logits = sequence.extend(np.concatenate([row(i) for i in example.prompt]))
            for n in range(len(example.target)):
                written = (*written, int(np.argmax(logits)))
                if n + 1 < len(example.target):
                    logits = sequence.extend(written[-1:])
        return written

    return write


def judge(
    name: str, size: int, examples: Sequence[Encoded], written: Decisions, first: Decisions
) -> Row:
    """Return the row of one file; `first` is what PyTorch decided."""
    pairs = list(zip(examples, written, strict=True))
    return Row(
        name,
        size / 2**20,
        sum(w[0] == e.target[0] for e, w in pairs) / len(pairs),
        sum(w == e.target for e, w in pairs) / len(pairs),
        sum(a == b for a, b in zip(written, first, strict=True)) / len(pairs),
    )


def write_files(run: Path, tokenizer: Tokenizer, folder: Path) -> list[Path]:
    """Write the run's weights as F32 and in each of `KINDS`; return the files."""
    tensors, config = read_tensors(run / "sft" / "model.pt")
    full = folder / "F32.gguf"
    write_model(full, tensors, config, tokenizer, {"frontdesk.slots": SLOT_TOKENS})
    files = [full]
    for kind in KINDS:
        quantise(full, folder / f"{kind}.gguf", kind)
        files.append(folder / f"{kind}.gguf")
    return files


def compare(
    run: Path, data: Path, served: Sequence[Path], count: int, seed: int = 7
) -> tuple[list[Row], int]:
    """Return a row for PyTorch and for each file, and on how many examples they rest."""
    dataset = load(data)
    tokenizer = Tokenizer.from_file(str(run / "collect" / "tokenizer.json"))
    count = min(count, len(dataset.examples))
    examples = random.Random(seed).sample(dataset.examples, count)
    weights = run / "sft" / "model.pt"
    write = in_pytorch(weights, dataset.table)
    first = [write(example) for example in examples]
    rows = [judge("PyTorch, float32", weights.stat().st_size, examples, first, first)]
    with tempfile.TemporaryDirectory() as folder:
        for file in [*write_files(run, tokenizer, Path(folder)), *served]:
            with Engine(file, threads=1) as engine:
                write = in_gguf(engine, file, dataset.table)
                written = [write(example) for example in examples]
            rows.append(judge(file.stem, file.stat().st_size, examples, written, first))
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
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, help="a data.npz; default: the preferences'")
    parser.add_argument("--served", type=Path, nargs="*", default=[], help="GGUF files to add")
    parser.add_argument("--examples", type=int, default=2000)
    asked = parser.parse_args()
    data = asked.data or asked.run / "preferences" / "data.npz"
    if not data.is_file():
        raise SystemExit(f"{data}: no such data set; name one with --data")
    torch.set_num_threads(1)
    rows, count = compare(asked.run, data, asked.served, asked.examples)
    print(f"{count} examples of {data}\n\n{table(rows)}")
    if rows[1].equal < 0.999:
        raise SystemExit(f"the GGUF file decides as PyTorch in only {100 * rows[1].equal:.2f} %")


if __name__ == "__main__":
    main()
