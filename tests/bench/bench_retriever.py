"""Measure a trained retriever on the sample organisation's 211 questions; nothing learns from them.

    python tests/bench/bench_retriever.py runs/kestrel/05-retriever/bi-encoder.safetensors

Prints a table: what is found by the bundled encoder and by this one, in one and the same store, by
cosines alone and by the whole search; what embedding the chunks anew costs, and a search.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench_retrieval import ROOT, SAMPLE, Settings, table

from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.ingest.retriever import Retriever, embed_anew, open_retriever
from frontdesk.db.settings import ChunkSettings, DatabaseSettings
from frontdesk.db.store import Store
from frontdesk.tools.search import Searcher
from frontdesk.training.bi_encoder.measure import Scores, gain, measure
from frontdesk.training.bi_encoder.pairs import Asked


def questions(store: Store) -> list[Asked]:
    """Return the labelled questions with the chunks that hold their answer."""
    with store.connection() as connection:
        rows = connection.execute("SELECT id, text FROM chunks").fetchall()
    texts = {number: _letters(text) for number, text in rows}
    asked = []
    for row in map(json.loads, (SAMPLE / "questions.jsonl").read_text("utf-8").splitlines()):
        wanted = [_letters(answer) for answer in row["answer"]]
        right = tuple(i for i, text in texts.items() if any(answer in text for answer in wanted))
        asked.append(Asked(row["q"], (), (), right))
    return asked


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def row(name: str, scores: Scores, searcher: Searcher, asked: list[Asked]) -> dict[str, Any]:
    """Return a line of the table, with the median time of a search in milliseconds."""
    took = []
    for question in asked:
        began = time.perf_counter()
        searcher.search(f"{question.question} please")  # an encoder remembers what it was asked
        took.append(1000 * (time.perf_counter() - began))
    return {"encoder": name, **scores.shares(), "search p50 ms": float(np.median(took))}


def compare(store: Store, embedder: GGUFEmbedder, retriever: Retriever) -> list[dict[str, Any]]:
    """Read the sample site, measure both encoders on it and print what the search gains."""
    ingest(store, [str(SAMPLE / "site")], Settings(ChunkSettings()), embedder=embedder)
    asked = questions(store)
    plain = Searcher(store, embedder)
    before = measure(plain, asked)
    began = time.monotonic()
    count = embed_anew(store, retriever)
    seconds = time.monotonic() - began
    tuned = Searcher(store, embedder, retriever=retriever)
    after = measure(tuned, asked)
    print(f"{len(asked)} questions; {count} chunks embedded anew in {seconds:.1f} s")
    mean, low = gain(before, after)
    print(f"gain in fused nDCG@10: {mean:+.4f}, at least {low:+.4f}")
    return [row("bundled", before, plain, asked), row(retriever.name, after, tuned, asked)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("adapter", help="the bi-encoder.safetensors of a run")
    options = parser.parse_args()
    data_dir = ROOT / ".frontdesk"
    embedder = GGUFEmbedder(encoder_path(data_dir))
    retriever = open_retriever(options.adapter, data_dir)
    assert retriever is not None
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(DatabaseSettings(), Path(folder)) as store:
            print(table(compare(store, embedder, retriever)))


if __name__ == "__main__":
    main()
