"""Measure retrieval: SciFact, and the sample organisation with each chunker.

    python tests/bench/bench_retrieval.py                    # the sample organisation
    python tests/bench/bench_retrieval.py --scifact DIR      # and SciFact (corpus, queries, qrels)
    python tests/bench/bench_retrieval.py --model F.gguf     # the agentic chunker on this model

Prints a table, writes docs/benchmarks/retrieval.json and draws docs/images/chunkers.png. SciFact's
corpus takes minutes to embed; its vectors are kept in build/bench. Its figures are document
rankings: dense, BM25, their fusion.
"""

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from bench_plots import plot_chunkers
from model_chunker import model_chunker
from real_vectors import scifact_vectors

from frontdesk.agents.errors import ModelError
from frontdesk.db import chunks, lexical, lexical_segments, pages
from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, encoder_path
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import Chunker, ChunkSettings, DatabaseSettings, SiteSettings
from frontdesk.db.store import Store
from frontdesk.tools.candidates import CANDIDATES
from frontdesk.tools.search import Searcher
from frontdesk.tools.search_rank import fuse

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "examples" / "kestrel-valley"
PLOT = ROOT / "docs" / "images" / "chunkers.png"
Ranking = Sequence[str]


@dataclass(frozen=True)
class Settings:
    chunks: ChunkSettings
    site: SiteSettings = field(default_factory=SiteSettings)


def ndcg(ranking: Ranking, gains: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002)."""
    weights = 1 / np.log2(np.arange(2, depth + 2))
    found = np.array([gains.get(name, 0) for name in ranking[:depth]], dtype=float)
    ideal = np.array(sorted(gains.values(), reverse=True)[:depth], dtype=float)
    best = float((ideal * weights[: len(ideal)]).sum())
    return float((found * weights[: len(found)]).sum()) / best if best else 0.0


def sample(store: Store, embedder: GGUFEmbedder, name: Chunker, model: str = "") -> dict[str, Any]:
    """Read the sample site with one chunker; recall of the sentence that answers, and times."""
    folder = SAMPLE / "site"
    with store.connection() as connection:
        connection.execute("TRUNCATE pages CASCADE")
    began = time.monotonic()
    settings = Settings(ChunkSettings(chunker=name))
    with model_chunker(name, embedder, model) as chunker:
        report = ingest(store, [str(folder)], settings, embedder=embedder, chunker=chunker)
    cost = report.chunking
    seconds = time.monotonic() - began
    searcher = Searcher(store, embedder)
    with store.connection() as connection:
        rows = connection.execute("SELECT id, text FROM chunks").fetchall()
    texts = {number: _letters(text) for number, text in rows}
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    hits, scores, took = [], [], []
    for row in map(json.loads, lines):
        start = time.perf_counter()
        found = searcher.search(row["q"], top_k=10).passages
        took.append((time.perf_counter() - start) * 1000)
        answers = [_letters(answer) for answer in row["answer"]]
        gains = {str(i): 1 for i, text in texts.items() if any(a in text for a in answers)}
        ranking = [str(passage.chunk_id) for passage in found]
        hits.append(any(name in gains for name in ranking[:5]))
        scores.append(ndcg(ranking, gains))
    return {
        "collection": f"sample, {name}",
        "recall@5": float(np.mean(hits)),
        "nDCG@10": float(np.mean(scores)),
        "chunks": report.chunks,
        "tokens a chunk": round(float(np.mean([len(embedder.tokenize(t)) for _, t in rows])), 1),
        "seconds": round(seconds, 1),
        "model calls": cost.calls if cost else 0,
        "model tokens": cost.tokens if cost else 0,
        "model seconds": round(cost.seconds, 1) if cost else 0,
        "search p50 ms": round(float(np.median(took)), 1),
        "search p95 ms": round(float(np.percentile(took, 95)), 1),
    }


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def scifact(store: Store, embedder: Embedder, folder: Path) -> list[dict[str, Any]]:
    """nDCG@10 on the test queries of SciFact (Wadden et al. 2020, as in BEIR)."""
    corpus = _jsonl(folder / "corpus.jsonl")
    queries = {row["_id"]: row["text"] for row in _jsonl(folder / "queries_test.jsonl")}
    gains: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            gains.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    texts = [f"{row['title']} {row['text']}" for row in corpus]
    names = [row["_id"] for row in corpus]
    _load(store, names, texts, scifact_vectors(embedder, folder))
    totals: dict[str, list[float]] = {"dense": [], "BM25": [], "fused": []}
    with store.connection() as connection:
        known = dict(connection.execute("SELECT id, heading[1] FROM chunks").fetchall())
        for number, wanted in gains.items():
            vector = embedder.embed([queries[number]])[0]
            words = lexical.search(connection, queries[number])
            dense = chunks.nearest(connection, vector, CANDIDATES, chunks.EVERYTHING)
            top = words.top(CANDIDATES)
            both = dense | chunks.cosines(connection, vector, [i for i in top if i not in dense])
            ids = list(both)
            cosines = np.array([both[i] for i in ids], dtype=np.float32)
            order = np.argsort(-fuse(cosines, words.of(ids)), kind="stable")
            rankings = {"dense": list(dense), "BM25": top, "fused": [ids[i] for i in order]}
            for kind, ranking in rankings.items():
                totals[kind].append(ndcg([known[i] for i in ranking], wanted))
    return [
        {"collection": f"SciFact, {kind}", "nDCG@10": float(np.mean(values))}
        for kind, values in totals.items()
    ]


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _load(
    store: Store, names: Sequence[str], texts: Sequence[str], vectors: npt.NDArray[np.float32]
) -> None:
    """Store one chunk a document, without sentences; its name stands in `heading`."""
    nothing = np.zeros((0, chunks.DIMENSIONS), dtype=np.float32)
    with store.connection() as connection:
        connection.execute("TRUNCATE pages CASCADE")
        page = pages.Page("scifact:", "scifact", "", b"", b"", datetime.now(UTC))
        number = pages.save(connection, page)
        new = [
            chunks.NewChunk(i, [name], text, [], vector, nothing)
            for i, (name, text, vector) in enumerate(zip(names, texts, vectors, strict=True))
        ]
        chunks.replace(connection, number, "", "en", None, new)
        lexical_segments.refresh(connection, force=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--scifact", type=Path, help="folder with corpus, queries and qrels")
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/retrieval.json")
    parser.add_argument("--model", default="", help="the agentic chunker's; else the bundled one")
    options = parser.parse_args()
    embedder = GGUFEmbedder(encoder_path(ROOT / ".frontdesk"))
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(DatabaseSettings(), Path(folder)) as store:
            if options.scifact:
                rows += scifact(store, embedder, options.scifact)
            for name in get_args(Chunker):
                try:
                    rows.append(sample(store, embedder, name, options.model))
                except ModelError as error:
                    print(f"sample, {name}: not measured: {error}")
    print(table(rows))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    plot_chunkers([row for row in rows if "recall@5" in row], PLOT)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a Markdown table; a number that was not measured is left empty."""
    heads = list(dict.fromkeys(name for row in rows for name in row))
    lines = [heads, ["---"] * len(heads)]
    lines += [[_shown(row.get(name, "")) for name in heads] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
