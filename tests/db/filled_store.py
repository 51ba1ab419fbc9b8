"""Fill a store with many small chunks whose vectors lie in clusters, for tests of searching."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt

from frontdesk.db import chunks, pages
from frontdesk.db.chunks import NewChunk
from frontdesk.db.store import Connection, Store

Matrix = npt.NDArray[np.float32]
SECTIONS = 6
_NOTHING = np.zeros((0, chunks.DIMENSIONS), dtype=np.float32)
_WORDS = [f"word{n}" for n in range(400)]


def vectors(count: int, seed: int = 0) -> Matrix:
    """Unit rows (count, 384) in forty clusters; the same clusters whatever the seed."""
    centres = np.random.default_rng(99).standard_normal((40, chunks.DIMENSIONS))
    rng = np.random.default_rng(seed)
    rows = centres[rng.integers(0, 40, count)]
    rows = rows + 0.9 * rng.standard_normal(rows.shape)
    unit: Matrix = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def texts(count: int, seed: int = 0) -> list[str]:
    """Texts of a dozen words, few of them frequent; "always" is in all of them."""
    rng = np.random.default_rng(seed)
    ranks = np.minimum(rng.zipf(1.3, (count, 12)) - 1, len(_WORDS) - 1)
    return [" ".join(["always", *(_WORDS[rank] for rank in row)]) for row in ranks]


def fill(store: Store, count: int, seed: int = 0) -> None:
    """Store `count` chunks, five a page: sections in turn, every thirtieth page in French."""
    with store.connection() as connection:
        connection.execute("SET LOCAL synchronous_commit = off")
        for number, new in enumerate(_pages(count, seed)):
            add(connection, f"{seed}-{number}", number, new)


def add(
    connection: Connection, name: str, number: int, new: list[NewChunk], thread: str | None = None
) -> None:
    """Store one page with its chunks."""
    page = pages.Page(
        url=f"https://filled.example/section-{number % SECTIONS}/{name}",
        source="filled",
        title="",
        body_hash=b"",
        content_hash=b"",
        fetched_at=datetime.now(UTC),
        thread=thread,
        language="fr" if number % 30 == 0 else "en",
        published_on=date(2020, 1, 1) + timedelta(days=number),
    )
    chunks.replace(connection, pages.save(connection, page), "", "en", thread, new)


def chunk(ordinal: int, text: str, vector: Matrix) -> NewChunk:
    """A chunk without headings, sentences and links."""
    return NewChunk(ordinal, [], text, [], vector, _NOTHING)


def _pages(count: int, seed: int) -> Iterator[list[NewChunk]]:
    rows = list(zip(texts(count, seed), vectors(count, seed), strict=True))
    for start in range(0, count, 5):
        yield [chunk(n, *row) for n, row in enumerate(rows[start : start + 5])]
