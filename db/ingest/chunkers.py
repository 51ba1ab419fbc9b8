"""Choose a chunker by its name in the settings."""

from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.chunk import Chunker, DocumentChunker
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.settings import ChunkSettings


def make_chunker(settings: ChunkSettings, embedder: Embedder) -> Chunker:
    """Return the chunker that `settings` names. Raises `StoreError` when there is none."""
    if settings.chunker == "document":
        return DocumentChunker(settings.max_words)
    raise StoreError(f"there is no {settings.chunker!r} chunker here; choose document")
