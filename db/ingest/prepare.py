"""From the bytes of one document to chunks ready for embedding; done in the fetching threads."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from frontdesk.db.errors import ChunkError, ExtractError
from frontdesk.db.ingest.chunk import Chunk, Chunker, chunks_of
from frontdesk.db.ingest.document import Document
from frontdesk.db.ingest.extract import extract
from frontdesk.db.settings import ChunkSettings

_VERSION = "1"  # raise it when extraction or chunking changes, and every page is read anew


class Hashed(Protocol):
    """What is known of a page from an earlier run."""

    @property
    def body_hash(self) -> bytes: ...
    @property
    def content_hash(self) -> bytes: ...


@dataclass(frozen=True)
class Prepared:
    """A document read and cut. With `document` None it is unchanged, or `error` says why not."""

    body_hash: bytes
    content_hash: bytes = b""
    document: Document | None = None
    chunks: tuple[Chunk, ...] = ()
    error: str = ""


def recipe(settings: ChunkSettings, model: str = "") -> str:
    """Name the way that documents are read and cut; a page of another recipe is read anew.

    `model` is the one that cuts, where one does.
    """
    return " ".join(filter(None, (_VERSION, settings.model_dump_json(), model)))


def prepare(
    body: bytes,
    url: str,
    content_type: str,
    charset: str,
    chunker: Chunker,
    known: Hashed | None = None,
) -> Prepared:
    """Read and cut one document, unless its bytes are those of `known`."""
    body_hash = hashlib.sha256(body).digest()
    if known is not None and known.body_hash == body_hash:
        return Prepared(body_hash, known.content_hash)
    try:
        document = extract(body, url, content_type, charset)
    except ExtractError as error:
        return Prepared(body_hash, error=str(error))
    except RecursionError:
        return Prepared(body_hash, error="nested too deeply to be read")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # A document that trips a parser must not end the run that meets it.
        return Prepared(body_hash, error=f"cannot be read ({type(error).__name__}: {error})")
    content_hash = _content_hash(document)
    if known is not None and known.content_hash == content_hash:
        return Prepared(body_hash, content_hash)
    try:
        chunks = tuple(chunks_of(document, chunker))
    except ChunkError as error:
        return Prepared(body_hash, error=f"cannot be cut: {error}")
    if not chunks and document.index:
        return Prepared(body_hash, content_hash, document, error="no text in it")
    return Prepared(body_hash, content_hash, document, chunks)


def _content_hash(document: Document) -> bytes:
    digest = hashlib.sha256(f"{document.title}\0{document.index}".encode())
    for block in document.blocks:
        digest.update(f"\0{block.kind}{block.level}\0{block.text}".encode())
        for link in block.links:
            digest.update(f"\0{link.url}".encode())
    return digest.digest()
