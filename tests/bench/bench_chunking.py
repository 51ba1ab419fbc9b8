"""Measure the chunkers themselves: do sentences of one section land in one chunk?

    python tests/bench/bench_chunking.py                     # with the bundled model
    python tests/bench/bench_chunking.py --model other.gguf  # with another one

Pages of the held-out organisations under tests/corpora, as written; as plain text, without headings
and paragraphs; and with their sections taking turns, too. Two sentences that one section holds
should share a chunk, two of different sections should not: precision, recall and F1 over all pairs
of a page.
Prints a table and writes docs/benchmarks/chunking.json.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from model_chunker import model_chunker

from frontdesk.agents.errors import ModelError
from frontdesk.db.ingest.chunk import Chunker, Group
from frontdesk.db.ingest.chunkers import make_chunker
from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.db.settings import Chunker as ChunkerName
from frontdesk.db.settings import ChunkSettings
from frontdesk.training.chunk_labels import sections_of
from frontdesk.training.chunk_scenes import Scene, as_written, reblocked, taking_turns
from frontdesk.training.corpus import read_corpora

ROOT = Path(__file__).parents[2]
CORPORA = ROOT / "tests" / "corpora"
SCENES = ("as written", "plain text", "taking turns")


def pages() -> Iterator[tuple[str, Scene]]:
    """Yield (kind, page) for every page of two sections or more, each kind once."""
    rng = random.Random(7)
    for organisation in read_corpora(CORPORA):
        for page in sections_of(organisation):
            if len(page) > 1:
                yield SCENES[0], as_written(page, rng, hidden=0.0)
                plain = as_written(page, rng, hidden=1.0)
                yield SCENES[1], replace(plain, units=tuple(reblocked(plain.units, rng)))
                yield SCENES[2], taking_turns(page, rng)


def pairs(names: Sequence[object]) -> set[tuple[int, int]]:
    """Return the pairs of sentences with the same name."""
    return {(a, b) for a, b in combinations(range(len(names)), 2) if names[a] == names[b]}


def chunk_numbers(chunker: Chunker, scene: Scene) -> list[int]:
    """Return the number of each sentence's chunk; of several that overlap, the first."""
    numbers = [-1] * len(scene.units)
    for number, span in enumerate(chunker.spans(scene.title, scene.units)):
        members = span.members if isinstance(span, Group) else range(*span)
        for member in members:
            numbers[member] = number if numbers[member] < 0 else numbers[member]
    return numbers


def measure(name: str, chunker: Chunker) -> list[dict[str, Any]]:
    """Return a row for each kind of page."""
    right = dict.fromkeys(SCENES, 0)
    said = dict.fromkeys(SCENES, 0)
    wanted = dict.fromkeys(SCENES, 0)
    sentences = dict.fromkeys(SCENES, 0)
    chunks = dict.fromkeys(SCENES, 0)
    seconds = dict.fromkeys(SCENES, 0.0)
    for kind, scene in pages():
        began = time.monotonic()
        numbers = chunk_numbers(chunker, scene)
        seconds[kind] += time.monotonic() - began
        together, sections = pairs(numbers), pairs(scene.sections)
        right[kind] += len(together & sections)
        said[kind] += len(together)
        wanted[kind] += len(sections)
        sentences[kind] += len(numbers)
        chunks[kind] += len(set(numbers))
    return [
        {
            "chunker": name,
            "page": kind,
            "precision": right[kind] / max(1, said[kind]),
            "recall": right[kind] / max(1, wanted[kind]),
            "F1": 2 * right[kind] / max(1, said[kind] + wanted[kind]),
            "sentences": sentences[kind],
            "chunks": chunks[kind],
            "ms a sentence": round(1000 * seconds[kind] / sentences[kind], 1),
        }
        for kind in SCENES
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", default="", help="a GGUF file; else the bundled model")
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/chunking.json")
    options = parser.parse_args()
    embedder = GGUFEmbedder(encoder_path(ROOT / ".frontdesk"))
    rows: list[dict[str, Any]] = []
    for name in get_args(ChunkerName):
        try:
            with model_chunker(name, embedder, options.model) as asked:
                chunks = ChunkSettings(chunker=name)
                rows += measure(name, asked or make_chunker(chunks, embedder))
                if asked:
                    print(f"{name}: {asked.cost}")
        except ModelError as error:
            print(f"{name}: not measured: {error}")
    print(table(rows))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads)]
    lines += [[_shown(row[name]) for name in heads] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
