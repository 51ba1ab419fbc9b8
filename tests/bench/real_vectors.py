"""Embeddings of real texts for the benchmarks, computed once and kept in build/bench."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from frontdesk.db.chunks import DIMENSIONS
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, DatabaseSettings, SiteSettings
from frontdesk.db.store import Store

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "bench"
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """What ingestion reads."""

    chunks: ChunkSettings = field(default_factory=ChunkSettings)
    site: SiteSettings = field(default_factory=SiteSettings)


def real_vectors(embedder: Embedder, scifact: Path | None = None) -> Matrix:
    """Unit rows (n, 384): the sample organisation's chunks and sentences, SciFact's abstracts."""
    rows = [_kept("sample", lambda: _sample(embedder))]
    if scifact is not None:
        rows.append(scifact_vectors(embedder, scifact))
    return np.concatenate(rows)


def scifact_vectors(embedder: Embedder, folder: Path) -> Matrix:
    """Title and abstract of every document of SciFact's corpus, in its order."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as file:
        texts = [f"{row['title']} {row['text']}" for row in map(json.loads, file)]

    def embed() -> Matrix:
        return np.concatenate([embedder.embed(texts[i : i + 64]) for i in range(0, len(texts), 64)])

    return _kept("scifact", embed)


def _sample(embedder: Embedder) -> Matrix:
    """What the sample's pages are searched by: the vectors of chunks and of sentences."""
    with tempfile.TemporaryDirectory() as folder:
        with Store.open(DatabaseSettings(), Path(folder)) as store:
            ingest(
                store, [str(ROOT / "examples/kestrel-valley/site")], Settings(), embedder=embedder
            )
            with store.connection() as connection:
                rows = connection.execute(
                    "SELECT embedding, sentence_vectors FROM chunks"
                ).fetchall()
    near = b"".join(row[1] for row in rows)
    sentences = np.frombuffer(near, dtype="<f2").reshape(-1, DIMENSIONS).astype(np.float32)
    every = np.concatenate([np.stack([row[0] for row in rows]).astype(np.float32), sentences])
    unit: Matrix = every / np.linalg.norm(every, axis=1, keepdims=True)
    return unit


def _kept(name: str, make: Callable[[], Matrix]) -> Matrix:
    path = CACHE / f"{name}.npy"
    if path.exists():
        found: Matrix = np.load(path)
        return found
    vectors = make()
    CACHE.mkdir(parents=True, exist_ok=True)
    np.save(path, vectors)
    return vectors
