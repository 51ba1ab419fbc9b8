"""The encoder that chunks are found by, where `[search] encoder` names one: see db/retrieval.py.

retriever = open_retriever("runs/mine/05-retriever/bi-encoder.safetensors", Path(".frontdesk"))
embed_anew(store, retriever)   # each chunk that has no vector of it yet
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from frontdesk.db import retrieval
from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, RememberingEmbedder
from frontdesk.db.ingest.encoder_file import adapted_encoder_path
from frontdesk.db.store import Connections

_BATCH = 64  # chunks embedded and stored together


@dataclass(frozen=True)
class Retriever:
    """An encoder by the `name` that the store remembers: of its file, with a digest in it."""

    name: str
    embedder: Embedder
    close: Callable[[], None]


def open_retriever(named: str, data_dir: Path, *, threads: int | None = None) -> Retriever | None:
    """Load the encoder that the settings name; None where they name none. Raises `StoreError`."""
    if not named:
        return None
    adapter = Path(named)
    try:
        _refuse_others(adapter)
        path = adapted_encoder_path(data_dir, adapter)
    except StoreError as error:
        raise StoreError(
            f"[search] encoder: {error}; name the bi-encoder.safetensors of a run, or leave it"
            " empty for the bundled encoder"
        ) from error
    encoder = GGUFEmbedder(path, threads=threads)
    return Retriever(path.stem, RememberingEmbedder(encoder), encoder.close)


def embed_anew(
    store: Connections, retriever: Retriever, tell: Callable[[str], None] = lambda text: None
) -> int:
    """Embed every chunk that has no vector of this encoder, and return how many.

    Each batch is stored at once: what was killed goes on where it was. Raises `StoreError`.
    """
    done = last = 0
    while True:
        with store.connection() as connection:
            found = retrieval.missing(connection, retriever.name, last, _BATCH)
        if not found:
            return done
        ids = [number for number, _ in found]
        vectors = retriever.embedder.embed([text for _, text in found])
        with store.connection() as connection:
            retrieval.keep(connection, retriever.name, ids, vectors)
        done, last = done + len(ids), ids[-1]
        tell(f"{done:,} chunks embedded by {retriever.name}")


def _refuse_others(adapter: Path) -> None:
    """Raise for a file that holds more than an adapter: a reader's has heads, a model's weights."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(adapter, "np") as file:
            names = list(file.keys())
    except (OSError, SafetensorError) as error:
        raise StoreError(f"{adapter}: not an adapter ({error})") from error
    others = [name for name in names if not name.endswith((".lora_A", ".lora_B"))]
    if others or not names:
        raise StoreError(f"{adapter}: not an adapter of the encoder (holds {others[:1]})")
