"""The agentic chunker for the benchmarks: on the bundled model, or on a GGUF file that is named."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frontdesk.agents.settings import ModelSettings
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.settings import Chunker, ChunkSettings
from frontdesk.graphs.agentic_chunker import AgenticChunker, open_chunker
from frontdesk.graphs.settings import Settings

DATA = Path(__file__).parents[2] / ".frontdesk"


@contextmanager
def model_chunker(
    name: Chunker, embedder: Embedder, model: str = ""
) -> Iterator[AgenticChunker | None]:
    """Yield the chunker where `name` is the one that asks a model, and None where it is not.

    Raises `ModelError` when the model cannot be opened or was not trained to chunk.
    """
    if name != "agentic":
        yield None
        return
    settings = Settings(
        chunks=ChunkSettings(chunker=name), model=ModelSettings(path=model), data_dir=DATA
    )
    with open_chunker(settings, embedder.embed) as chunker:
        yield chunker
