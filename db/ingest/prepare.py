"""From the bytes of one document to chunks ready for embedding; done in the fetching threads."""

import hashlib
from dataclasses import dataclass, replace
from typing import Protocol

from frontdesk.db.errors import ChunkError, ExtractError
from frontdesk.db.ingest.aids import Aids
from frontdesk.db.ingest.chunk import Chunk, Chunker, chunks_of
from frontdesk.db.ingest.document import Document
from frontdesk.db.ingest.extract import extract
from frontdesk.db.ingest.fetched import Fetched
from frontdesk.db.settings import ChunkSettings

NO_AIDS = Aids()
_VERSION = "2"  # raise it when extraction or chunking changes, and every page is read anew


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
    rendered: bool = False  # by a browser: the server's validators do not speak of this text

    @property
    def is_unchanged(self) -> bool:
        return self.document is None and not self.error


def recipe(settings: ChunkSettings, model: str = "") -> str:
    """Name the way that documents are read and cut; a page of another recipe is read anew.

    `model` is the one that cuts, where one does.
    """
    return " ".join(filter(None, (_VERSION, settings.model_dump_json(), model)))


def prepare(
    fetched: Fetched, chunker: Chunker, known: Hashed | None = None, aids: Aids = NO_AIDS
) -> Prepared:
    """Read and cut one document, unless its bytes, or its words, are those of `known`."""
    prepared = _read(fetched, known, aids)
    document = prepared.document
    if aids.wants_rendering(fetched, document) and not prepared.is_unchanged:
        try:
            rendered = _read(aids.rendered(fetched), known, aids)
            prepared = replace(rendered, rendered=True)
        except ExtractError as error:
            if document is None or not document.sentences():
                return replace(prepared, error=f"no text in it: {error}")
            warned = replace(document, warnings=(*document.warnings, str(error)))
            prepared = replace(prepared, document=warned)
    document = prepared.document
    if document is None or prepared.error:
        return prepared
    if known is not None and known.content_hash == prepared.content_hash:
        return replace(prepared, document=None)
    document = aids.described(document)
    try:
        chunks = tuple(chunks_of(document, chunker))
    except ChunkError as error:
        return Prepared(prepared.body_hash, error=f"cannot be cut: {error}")
    reason = "" if chunks or not document.index else "no text in it"
    return replace(prepared, document=document, chunks=chunks, error=reason)


def _read(fetched: Fetched, known: Hashed | None, aids: Aids) -> Prepared:
    """Extract the document, not cut yet, unless its bytes are those of `known`."""
    body_hash = hashlib.sha256(fetched.body).digest()
    if known is not None and known.body_hash == body_hash:
        return Prepared(body_hash, known.content_hash)
    try:
        document = extract(
            fetched.body, fetched.url, fetched.content_type, fetched.charset, ocr=aids.ocr
        )
    except ExtractError as error:
        return Prepared(body_hash, error=str(error))
    except RecursionError:
        return Prepared(body_hash, error="nested too deeply to be read")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # A document that trips a parser must not end the run that meets it.
        return Prepared(body_hash, error=f"cannot be read ({type(error).__name__}: {error})")
    return Prepared(body_hash, _content_hash(document), document)


def _content_hash(document: Document) -> bytes:
    digest = hashlib.sha256(f"{document.title}\0{document.index}".encode())
    for block in document.blocks:
        digest.update(f"\0{block.kind}{block.level}\0{block.text}".encode())
        for link in block.links:
            digest.update(f"\0{link.url}".encode())
    return digest.digest()
