"""Keeps a page about one place from answering for another.

What parking costs at the east branch is no answer about the north one, however alike the words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from frontdesk.db.chunks import StoredChunk
from frontdesk.tools.waits.places import PlaceMatch

Match = Callable[[str], Sequence[PlaceMatch]]
SURE = 0.8  # of a name: a guess at a misspelt one takes nothing away


class AskedPlaces:
    """The sites that a query names, as `match` knows them; without `match` it names none."""

    def __init__(self, query: str, match: Match | None) -> None:
        self._match = match
        self._asked = self._sites(query)

    def narrow(self, rows: Mapping[int, StoredChunk]) -> dict[int, StoredChunk]:
        """Return `rows` without what is said of another site.

        Where the title and the headings of a chunk name other sites alone, only those of its
        sentences stay that name the one asked for; a chunk without any is left out.
        """
        told = {key: self._told(row) for key, row in rows.items()}
        return {key: row for key, row in told.items() if row is not None}

    def _told(self, row: StoredChunk) -> StoredChunk | None:
        about = self._sites(" > ".join([row.title, *row.heading])) if self._asked else set()
        if not about or about & self._asked:
            return row
        kept = [n for n, text in enumerate(row.sentences) if self._sites(text) & self._asked]
        if not kept:
            return None
        sentences = [row.sentences[n] for n in kept]
        vectors = row.sentence_vectors()[kept].astype("<f2").tobytes()
        return replace(row, text=" ".join(sentences), sentences=sentences, raw_vectors=vectors)

    def _sites(self, text: str) -> set[str]:
        found = self._match(text) if self._match else ()
        return {place.name for place in found if place.kind == "site" and place.score >= SURE}
