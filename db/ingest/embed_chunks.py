"""Embed the chunks of documents: each with its context, and each of its sentences."""

from collections.abc import Sequence

from frontdesk.db import chunks
from frontdesk.db.ingest.chunk import Chunk
from frontdesk.db.ingest.embed import Embedder


def embed_documents(
    embedder: Embedder, documents: Sequence[tuple[str, Sequence[Chunk]]]
) -> list[list[chunks.NewChunk]]:
    """Embed the chunks of several documents (title, chunks) at once; a text is embedded once."""
    texts = list(dict.fromkeys(text for title, cut in documents for text in _texts(title, cut)))
    rows = dict(zip(texts, embedder.embed(texts), strict=True))
    return [[_embedded(title, chunk, rows) for chunk in cut] for title, cut in documents]


def embed_chunks(embedder: Embedder, title: str, cut: Sequence[Chunk]) -> list[chunks.NewChunk]:
    """Embed the chunks of one document."""
    return embed_documents(embedder, [(title, cut)])[0]


def _texts(title: str, cut: Sequence[Chunk]) -> list[str]:
    return [text for chunk in cut for text in (_whole(title, chunk), *_said(title, chunk))]


def _whole(title: str, chunk: Chunk) -> str:
    """The chunk under its title and headings."""
    return "\n".join(filter(None, (title, " > ".join(chunk.heading), chunk.about, chunk.text)))


def _said(title: str, chunk: Chunk) -> list[str]:
    """The sentences under their heading; where a model said them to stand alone, its words."""
    context = chunk.heading[-1] if chunk.heading else title
    return list(chunk.propositions) or [f"{context}. {line}" for line in chunk.sentences]


def _embedded(title: str, chunk: Chunk, rows: dict[str, chunks.Matrix]) -> chunks.NewChunk:
    return chunks.NewChunk(
        ordinal=chunk.ordinal,
        heading=chunk.heading,
        text=chunk.text,
        sentences=chunk.sentences,
        links=[(link.text, link.url) for link in chunk.links],
        embedding=rows[_whole(title, chunk)],
        sentence_vectors=chunks.stack(rows[text] for text in _said(title, chunk)),
    )
