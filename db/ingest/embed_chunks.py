"""Embed the chunks of documents: each with its context, and each of its sentences."""

from collections.abc import Sequence
from dataclasses import replace

from frontdesk.db import chunks
from frontdesk.db.ingest.chunk import Chunk
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.retriever import Retriever


def embed_documents(
    embedder: Embedder,
    documents: Sequence[tuple[str, Sequence[Chunk]]],
    retriever: Retriever | None = None,
) -> list[list[chunks.NewChunk]]:
    """Embed the chunks of several documents (title, chunks) at once; a text is embedded once."""
    texts = list(dict.fromkeys(text for title, cut in documents for text in _texts(title, cut)))
    rows = dict(zip(texts, embedder.embed(texts), strict=True))
    new = [[_embedded(title, chunk, rows) for chunk in cut] for title, cut in documents]
    return new if retriever is None else _found_by(retriever, documents, new)


def embed_chunks(
    embedder: Embedder, title: str, cut: Sequence[Chunk], retriever: Retriever | None = None
) -> list[chunks.NewChunk]:
    """Embed the chunks of one document."""
    return embed_documents(embedder, [(title, cut)], retriever)[0]


def _found_by(
    retriever: Retriever,
    documents: Sequence[tuple[str, Sequence[Chunk]]],
    new: list[list[chunks.NewChunk]],
) -> list[list[chunks.NewChunk]]:
    """Add the vectors that the chunks are found by, of what the store can read again."""
    texts = [
        chunks.in_context(title, chunk.heading, chunk.text)
        for title, cut in documents
        for chunk in cut
    ]
    vectors = iter(retriever.embedder.embed(texts))
    return [[replace(chunk, retrieval=next(vectors)) for chunk in cut] for cut in new]


def _texts(title: str, cut: Sequence[Chunk]) -> list[str]:
    return [text for chunk in cut for text in (_whole(title, chunk), *_said(title, chunk))]


def _whole(title: str, chunk: Chunk) -> str:
    """The chunk under its title and headings."""
    return chunks.in_context(title, chunk.heading, chunk.about, chunk.text)


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
