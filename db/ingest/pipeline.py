"""Embed and write behind the crawler's back: two threads, so that nobody waits for the other.

    crawler -> Entry -> embed (many documents at a time) -> write (one transaction a document)

The encoder is the slow part. It gets the texts of several documents at once, so that its batches
are full, while the documents before them are written and those after them are fetched and read.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from frontdesk.db import chunks, pages
from frontdesk.db.ingest.chunk import Chunk
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.embed_chunks import embed_documents
from frontdesk.db.ingest.retriever import Retriever

_TEXTS = 256  # embedded in one go, when so many are waiting
_WAITING = 64  # documents between two stages: what a crawler may be ahead


@dataclass(frozen=True)
class Entry:
    """A document on its way into the store: a `page` with its chunks, or one `confirmed`."""

    url: str
    page: pages.Page | None = None
    cut: tuple[Chunk, ...] = ()
    warnings: tuple[str, ...] = ()
    confirmed: pages.Confirmation | None = None
    embedded: tuple[chunks.NewChunk, ...] = ()

    @property
    def texts(self) -> int:
        """How many texts there are to embed."""
        return sum(1 + len(chunk.sentences) for chunk in self.cut)


Queue = queue.Queue[Entry | None]  # None ends it


class Pipeline:
    """The two threads of one run. `write` gets entries in order, several when several wait."""

    def __init__(
        self,
        embedder: Embedder,
        write: Callable[[Sequence[Entry]], None],
        retriever: Retriever | None = None,
    ) -> None:
        self.embedding_seconds = 0.0
        self._embedder = embedder
        self._retriever = retriever
        self._to_embed: Queue = queue.Queue(_WAITING)
        self._to_write: Queue = queue.Queue(_WAITING)
        self._failure: BaseException | None = None
        self._abandoned = False
        self._threads = [
            threading.Thread(target=self._work, args=(self._to_embed, self._embed), name="embed"),
            threading.Thread(target=self._work, args=(self._to_write, write), name="write"),
        ]
        for thread in self._threads:
            thread.start()

    def put(self, entry: Entry) -> None:
        """Take an entry; waits while too many are under way. Raises what a thread raised."""
        self._check()
        (self._to_embed if entry.page is not None else self._to_write).put(entry)

    def drain(self) -> None:
        """Wait until all that was put is written. Raises what a thread raised."""
        self._to_embed.join()
        self._to_write.join()
        self._check()

    def close(self, *, abandon: bool = False) -> None:
        """End the threads; with `abandon`, what still waits is dropped."""
        self._abandoned = abandon
        for waiting, thread in zip((self._to_embed, self._to_write), self._threads, strict=True):
            waiting.put(None)
            thread.join()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self, waiting: Queue, handle: Callable[[Sequence[Entry]], None]) -> None:
        """Handle batches until the end; after a failure, drop them, so that nobody waits."""
        ended = False
        while not ended:
            batch, ended = _batch(waiting)
            try:
                if batch and not self._abandoned and self._failure is None:
                    handle(batch)
            except BaseException as error:  # raised again by the thread that puts or drains
                self._failure = error
            for _ in range(len(batch) + ended):
                waiting.task_done()

    def _embed(self, batch: Sequence[Entry]) -> None:
        began = time.monotonic()
        documents = [(entry.page.title if entry.page else "", entry.cut) for entry in batch]
        vectors = embed_documents(self._embedder, documents, self._retriever)
        self.embedding_seconds += time.monotonic() - began
        for entry, new in zip(batch, vectors, strict=True):
            self._to_write.put(replace(entry, embedded=tuple(new)))


def _batch(waiting: Queue) -> tuple[list[Entry], bool]:
    """Take what waits, up to a full batch, and at least one; and whether the end was reached."""
    entry = waiting.get()
    found: list[Entry] = []
    texts = 0
    while entry is not None:
        found.append(entry)
        texts += entry.texts
        if texts >= _TEXTS or len(found) >= _WAITING:
            return found, False
        try:
            entry = waiting.get_nowait()
        except queue.Empty:
            return found, False
    return found, True
