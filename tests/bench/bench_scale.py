"""Search among 10,000 to 1,000,000 chunks on the embedded server: time, recall, size.

    python tests/bench/bench_scale.py                       # all sizes: over an hour on two cores
    python tests/bench/bench_scale.py --sizes 10000 100000  # some minutes
    python tests/bench/bench_scale.py --keep DIR            # keep the stores; measure them again

The chunks are invented around real embeddings (scale_corpus.py), those of the sample organisation's
pages and, with --scifact, of SciFact's abstracts. For each search a question of the sample's people
is embedded, which costs what it costs; then the invented vector is searched for. Writes
docs/benchmarks/scale.json and draws docs/images/scale.png.
"""

import argparse
import itertools
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from bench_plots import plot_scale
from real_vectors import real_vectors
from runtime_desk import questions
from scale_corpus import BATCH, Corpus, load

from frontdesk.db import dense, dense_index, lexical, lexical_segments
from frontdesk.db.chunks import EVERYTHING, Filter
from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, encoder_path
from frontdesk.db.settings import DatabaseSettings, SearchSettings
from frontdesk.db.store import Store
from frontdesk.tools.candidates import CANDIDATES
from frontdesk.tools.search import Searcher

ROOT = Path(__file__).parents[2]
PLOT = ROOT / "docs" / "images" / "scale.png"
Matrix = npt.NDArray[np.float32]
SIZES = (10_000, 30_000, 100_000, 1_000_000)
CHUNK_BYTES = 16_000  # on disk, indexes and what building them needs included
MOST_EXACT = 100_000  # comparing more takes seconds a question
EF_SEARCH = (100, 120, 160, 200, 400)
DEPTH = 10
COLD, OTHERS = 50, 2000  # questions to a server just started; those before the others are timed
FILTERS = {
    "a section of twelve": Filter(section="section-3"),
    "a language, 3 %": Filter(language="es"),
    "one page": Filter(url="https://scale.example/section-8/0"),
}


class KnownEmbedder:
    """Embeds what people ask, and returns the vectors that belong to the invented questions.

    The words of an invented question cost more to embed than a real one: no piece of them is known.
    """

    def __init__(self, real: Embedder | None, texts: Sequence[str], vectors: Matrix) -> None:
        self._real = real
        self._asked = dict(zip(texts, itertools.cycle(questions()), strict=False))
        self._known = dict(zip(texts, vectors, strict=True))

    def embed(self, texts: Sequence[str]) -> Matrix:
        if self._real is not None:
            self._real.embed([self._asked[text] for text in texts])
        return np.stack([self._known[text] for text in texts])


def prepare(store: Store, corpus: Corpus, size: int, kept: Path) -> dict[str, Any]:
    """Store and index `size` chunks, but for what was done; return seconds and bytes."""
    seconds: dict[str, float] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    steps = {"load": _load, "lexical index": _index_words, "HNSW index": _index_meanings}
    for name, step in steps.items():
        if name not in seconds:
            began = time.monotonic()
            step(store, corpus, size)
            seconds[name] = round(time.monotonic() - began, 1)
            kept.write_text(json.dumps(seconds), "utf-8")
            print(f"{size:,} chunks: {name} in {seconds[name]} s", flush=True)
    return {"seconds": seconds, "bytes": _bytes(store)}


def _load(store: Store, corpus: Corpus, size: int) -> None:
    with store.connection() as connection:
        load(connection, corpus, size)
    with store.session() as connection:
        connection.execute("VACUUM ANALYZE chunks, pages")


def _index_words(store: Store, corpus: Corpus, size: int) -> None:
    with store.connection() as connection:
        lexical_segments.refresh(connection, force=True)


def _index_meanings(store: Store, corpus: Corpus, size: int) -> None:
    dense_index.refresh(store, SearchSettings(exact_below=0))


def _bytes(store: Store) -> dict[str, int]:
    with store.connection() as connection:
        row = connection.execute(
            "SELECT pg_relation_size(%s), pg_total_relation_size('lexical_postings')"
            " + pg_total_relation_size('lexical_segments'), pg_total_relation_size('chunks'),"
            " pg_database_size(current_database())",
            [dense_index.INDEX],
        ).fetchone()
    assert row is not None
    names = ("HNSW index", "lexical index", "chunks with indexes", "database")
    return dict(zip(names, row, strict=True))


def nearest_exactly(corpus: Corpus, size: int, queries: Matrix) -> npt.NDArray[np.int64]:
    """The ids of the ten chunks nearest to each query, by comparing all: (queries, 10)."""
    scores = np.full((len(queries), DEPTH), -2.0, dtype=np.float32)
    ids = np.zeros((len(queries), DEPTH), dtype=np.int64)
    for number in range(size // BATCH):
        found = queries @ corpus.vectors(number).T
        top = np.argpartition(-found, DEPTH, axis=1)[:, :DEPTH]
        scores = np.hstack((scores, np.take_along_axis(found, top, axis=1)))
        ids = np.hstack((ids, top + number * BATCH + 1))
        best = np.argsort(-scores, axis=1)[:, :DEPTH]
        scores = np.take_along_axis(scores, best, axis=1)
        ids = np.take_along_axis(ids, best, axis=1)
    return ids


def recall(store: Store, queries: Matrix, truth: npt.NDArray[np.int64]) -> list[dict[str, float]]:
    """Of the ten nearest, the share that the index finds, and its time, by ef_search."""
    rows = []
    for ef_search in EF_SEARCH:
        shares, took = [], []
        for query, nearest in zip(queries, truth, strict=True):
            with store.connection() as connection:
                began = time.perf_counter()
                found = dense.nearest(connection, query, CANDIDATES, EVERYTHING, ef_search)
                took.append((time.perf_counter() - began) * 1000)
            shares.append(len(set(list(found)[:DEPTH]) & set(nearest.tolist())) / DEPTH)
        rows.append({"ef_search": ef_search, "recall@10": float(np.mean(shares)), **times(took)})
    return rows


def times(took: Sequence[float]) -> dict[str, float]:
    """The median and the 95th percentile, milliseconds."""
    p50, p95 = np.percentile(took, (50, 95))
    return {"p50 ms": round(float(p50), 2), "p95 ms": round(float(p95), 2)}


def timed(action: Callable[[str], object], texts: Sequence[str]) -> dict[str, float]:
    """How long `action` takes for each text, after a tenth of them to warm up."""
    for text in texts[: len(texts) // 10]:
        action(text)
    took = []
    for text in texts[len(texts) // 10 :]:
        began = time.perf_counter()
        action(text)
        took.append((time.perf_counter() - began) * 1000)
    return times(took)


def measure(
    store: Store, corpus: Corpus, size: int, encoder: Embedder, count: int
) -> dict[str, Any]:
    """Every figure of one size."""
    texts, vectors = corpus.questions(count)
    embedder = KnownEmbedder(encoder, texts, vectors)
    indexed = Searcher(store, embedder, SearchSettings(exact_below=0))
    cold = timed(indexed.search, texts[:COLD])
    answer_others(store, corpus)
    cache = lexical.Cache()

    def words(text: str) -> None:
        with store.connection() as connection:
            lexical.search(connection, text, cache=cache).top(CANDIDATES)

    row: dict[str, Any] = {
        "fused": timed(indexed.search, texts),
        "fused, the first questions": cold,
        "of it, embedding": timed(lambda text: embedder.embed([text]), texts),
        "of it, words": timed(words, texts),
        "nearest": recall(store, vectors[:200], nearest_exactly(corpus, size, vectors[:200])),
        "filters": {
            name: timed(lambda text, f=wanted: indexed.search(text, wanted=f), texts[:60])  # type: ignore[misc]
            for name, wanted in FILTERS.items()
        },
    }
    if size <= MOST_EXACT:
        compared = Searcher(store, embedder, SearchSettings(exact_below=size + 1))
        row["fused, each compared"] = timed(compared.search, texts[:100])
    row["peak MB of this process"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return row


def answer_others(store: Store, corpus: Corpus) -> None:
    """Search for other questions, so that PostgreSQL holds in memory what any of them needs."""
    texts, vectors = corpus.questions(OTHERS, series=1)
    searcher = Searcher(store, KnownEmbedder(None, texts, vectors), SearchSettings(exact_below=0))
    for text in texts:
        searcher.search(text)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures as a Markdown table."""
    heads = ("chunks", "fused p50", "p95", "each compared p50", "HNSW p50", "recall@10")
    lines = [" | ".join(heads), "|".join(["---"] * len(heads))]
    default = SearchSettings().ef_search
    for row in rows:
        near = next(r for r in row["nearest"] if r["ef_search"] == default)
        compared = row.get("fused, each compared", {}).get("p50 ms", "")
        cells = (f"{row['chunks']:,}", row["fused"]["p50 ms"], row["fused"]["p95 ms"], compared)
        lines.append(" | ".join(map(str, (*cells, near["p50 ms"], round(near["recall@10"], 3)))))
    return "\n".join(f"| {line} |" for line in lines)


def room(folder: Path, size: int) -> None:
    """End the program when the disk cannot hold the store of the largest size."""
    free, needed = shutil.disk_usage(folder).free, size * CHUNK_BYTES + 2 * 1024**3
    if free < needed:
        raise SystemExit(
            f"bench_scale: {folder} has {free / 1024**3:.0f} GiB free and {needed / 1024**3:.0f}"
            f" are needed; set TMPDIR elsewhere or choose smaller --sizes"
        )


def main() -> None:
    """Measure each size, print the table, save JSON and plot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--scifact", type=Path, help="folder with SciFact's corpus")
    parser.add_argument("--keep", type=Path, help="where the stores are, and stay")
    parser.add_argument("--only-prepare", action="store_true", help="store and index, no timing")
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/scale.json")
    options = parser.parse_args()
    encoder = GGUFEmbedder(encoder_path(ROOT / ".frontdesk"))
    corpus = Corpus(real_vectors(encoder, options.scifact))
    folder = options.keep or Path(tempfile.mkdtemp(prefix="frontdesk-scale-"))
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    try:
        for size in options.sizes:
            at = folder / str(size)
            if not at.exists():
                room(folder, size)
            at.mkdir(exist_ok=True)
            with Store.open(DatabaseSettings(), at) as store:
                row = {"chunks": size, **prepare(store, corpus, size, at / "prepared.json")}
            if not options.only_prepare:  # by a server that was started on a store of this size
                with Store.open(DatabaseSettings(), at) as store:
                    rows.append(row | measure(store, corpus, size, encoder, options.questions))
            if options.keep is None:
                shutil.rmtree(at)
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    if rows:
        print(table(rows))
        report = {"cores": os.cpu_count(), "questions": options.questions, "sizes": rows}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        plot_scale(rows, PLOT)


if __name__ == "__main__":
    main()
