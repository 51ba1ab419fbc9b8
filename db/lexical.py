"""BM25 over the chunks (Robertson and Zaragoza 2009): words in PostgreSQL, sums in numpy.

PostgreSQL cuts and stems the words but its `ts_rank` knows no inverse document frequency. So
`lexical_postings` holds, for each word, the chunks that have it and what each gains from it; a
search reads the rows of its few words and adds. `db/lexical_segments.py` writes them. A frequent
word's row is one byte for every chunk, so that a word in a million chunks costs one addition.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg

Connection = psycopg.Connection[Any]
Ids = npt.NDArray[np.int64]
Gains = npt.NDArray[np.float32]
K1 = 1.2
B = 0.75
_CACHE_BYTES = 96 * 1024 * 1024
_LANE = 64  # of the best in each lane the k-th is a bound that few scores pass


@dataclass(frozen=True)
class Part:
    """The BM25 scores of some chunks: `ids` ascending, `scores` parallel, 0 where no word is."""

    ids: npt.NDArray[np.int32]
    scores: Gains


@dataclass(frozen=True)
class Scores:
    """BM25 scores of all chunks, a part a segment."""

    parts: Sequence[Part]

    @property
    def documents(self) -> int:
        """How many chunks were scored."""
        return sum(len(part.ids) for part in self.parts)

    @property
    def ids(self) -> Ids:
        """The chunks in which any of the words stands, ascending."""
        found = [part.ids[part.scores > 0] for part in self.parts]
        return np.sort(np.concatenate([np.zeros(0, np.int32), *found])).astype(np.int64)

    @property
    def scores(self) -> Gains:
        """The scores of `ids`."""
        return self.of(self.ids)

    def of(self, ids: Sequence[int] | npt.NDArray[Any]) -> Gains:
        """The scores of these chunks, 0 where no word matches: shape (len(ids),)."""
        asked = np.asarray(ids, dtype=np.int64)
        scores = np.zeros(len(asked), dtype=np.float32)
        for part in self.parts:
            if len(part.ids):
                at = np.minimum(np.searchsorted(part.ids, asked), len(part.ids) - 1)
                scores = np.where(part.ids[at] == asked, part.scores[at], scores)
        return scores

    def top(self, count: int, among: Sequence[int] | None = None) -> list[int]:
        """The ids of the best `count` with any score, best first, of equals the older."""
        parts = self.parts if among is None else [self._only(among)]
        ids, scores = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
        for part in parts:
            best = np.flatnonzero(part.scores >= max(_bound(part.scores, count), 1e-9))
            ids.append(part.ids[best])
            scores.append(part.scores[best])
        named, gained = np.concatenate(ids), np.concatenate(scores)
        found: list[int] = named[np.lexsort((named, -gained))[:count]].tolist()
        return found

    def _only(self, ids: Sequence[int]) -> Part:
        asked = np.array(sorted(ids), dtype=np.int32)
        return Part(asked, self.of(asked))


def _bound(scores: Gains, count: int) -> float:
    """A score that at least `count` of `scores` reach, if there are so many, and not many more."""
    lanes = len(scores) // _LANE
    if lanes <= count:
        return 0.0
    best = scores[: lanes * _LANE].reshape(_LANE, lanes).max(axis=0)
    return float(np.partition(best, lanes - count)[lanes - count])


@dataclass(frozen=True)
class Posting:
    """A word in a segment. `positions` is None where `gains` has a byte for every chunk."""

    frequency: int
    top: float
    positions: npt.NDArray[np.int32] | None
    gains: npt.NDArray[np.float16] | npt.NDArray[np.uint8]

    @property
    def bytes(self) -> int:
        return self.gains.nbytes + (0 if self.positions is None else self.positions.nbytes) + 200

    def add_to(self, scores: Gains, weight: float) -> None:
        """Add what each chunk gains, times the word's `weight`."""
        if self.positions is None:
            scores += np.multiply(self.gains, weight * self.top / 255, dtype=np.float32)
        else:  # a chunk stands once in a word's row
            scores[self.positions] += self.gains.astype(np.float32) * np.float32(weight)


_ABSENT = Posting(0, 0.0, np.zeros(0, np.int32), np.zeros(0, np.float16))


@dataclass
class Cache:
    """The postings and ids read last, up to 96 MB. Thread safe; a segment never changes."""

    most: int = _CACHE_BYTES
    held: int = 0
    postings: OrderedDict[tuple[UUID, str], Posting] = field(default_factory=OrderedDict)
    ids: dict[UUID, npt.NDArray[np.int32]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, segment: UUID, term: str) -> Posting | None:
        with self._lock:
            posting = self.postings.get((segment, term))
            if posting is not None:
                self.postings.move_to_end((segment, term))
            return posting

    def put(self, segment: UUID, term: str, posting: Posting) -> None:
        with self._lock:
            before = self.postings.pop((segment, term), None)
            self.postings[segment, term] = posting
            self.held += posting.bytes - (before.bytes if before else 0)
            while self.held > self.most:
                self.held -= self.postings.popitem(last=False)[1].bytes

    def keep_only(self, segments: Iterable[UUID]) -> None:
        """Forget the ids of segments that are no more; their postings go in time."""
        living = set(segments)
        with self._lock:
            self.ids = {key: ids for key, ids in self.ids.items() if key in living}


@dataclass(frozen=True)
class State:
    """What a search starts from: the stemmed words, the segments, and what is not in them."""

    terms: list[str]
    segments: list[UUID]
    documents: int
    words: int
    newest: int  # the last chunk id that is in a segment
    youngest: int  # the last chunk id that there is

    @property
    def average(self) -> float:
        """Lexemes a chunk."""
        return self.words / self.documents if self.documents else 1.0


def state(connection: Connection, query: str) -> State:
    """Stem `query` by every stemmer in use and look at the segments."""
    row = connection.execute(
        "SELECT (SELECT coalesce(array_agg(DISTINCT lexeme), '{}') FROM chunk_configurations c,"
        " unnest(to_tsvector(c.configuration, %s))),"
        " coalesce(array_agg(id ORDER BY until_id), '{}'), coalesce(sum(documents), 0)::int,"
        " coalesce(sum(words), 0)::bigint, coalesce(max(until_id), 0),"
        " (SELECT coalesce(max(id), 0) FROM chunks WHERE thread IS NULL) FROM lexical_segments",
        [query],
    ).fetchone()
    assert row is not None
    return State(*row)


def search(
    connection: Connection, query: str, thread: str | None = None, cache: Cache | None = None
) -> Scores:
    """Score the organisation's chunks, and those of `thread`, against the words of `query`."""
    now = state(connection, query)
    cache = cache or Cache()
    found = _postings(connection, now, cache)
    frequencies = {
        term: sum(found[segment, term].frequency for segment in now.segments) for term in now.terms
    }
    parts = []
    for segment in now.segments:
        ids = cache.ids[segment]
        scores = np.zeros(len(ids), dtype=np.float32)
        for term in now.terms:
            found[segment, term].add_to(scores, idf(now.documents, frequencies[term]))
        parts.append(Part(ids, scores))
    if thread is not None or now.youngest > now.newest:
        parts.append(_scan(connection, thread, now, frequencies))
    return Scores(parts)


def _postings(connection: Connection, now: State, cache: Cache) -> dict[tuple[UUID, str], Posting]:
    """The rows of these words in these segments, from the cache or the database."""
    keys = [(segment, term) for term in now.terms for segment in now.segments]
    found = {key: posting for key in keys if (posting := cache.get(*key)) is not None}
    missing = sorted({term for segment, term in keys if (segment, term) not in found})
    with connection.cursor(binary=True) as cursor:
        if missing:
            read = cursor.execute(
                "SELECT segment, term, frequency, top, positions, gains FROM lexical_postings"
                " WHERE term = ANY(%s)",
                [missing],
            ).fetchall()
            rows = {(row[0], row[1]): _posting(*row[2:]) for row in read}
            for key in keys:
                if key not in found:
                    found[key] = rows.get(key, _ABSENT)
                    cache.put(*key, found[key])
        unknown = [segment for segment in now.segments if segment not in cache.ids]
        if unknown:
            rows_of_ids = cursor.execute(
                "SELECT id, ids FROM lexical_segments WHERE id = ANY(%s)", [unknown]
            ).fetchall()
            cache.keep_only(now.segments)
            cache.ids.update({key: np.frombuffer(raw, "<i4") for key, raw in rows_of_ids})
    return found


def _posting(frequency: int, top: float, positions: bytes, gains: bytes) -> Posting:
    if frequency and not positions:
        return Posting(frequency, top, None, np.frombuffer(gains, np.uint8))
    places = np.frombuffer(positions, "<i4")
    return Posting(frequency, top, places, np.frombuffer(gains, "<f2"))


def _scan(
    connection: Connection, thread: str | None, now: State, frequencies: dict[str, int]
) -> Part:
    """Score the chunks that are in no segment, word by word."""
    rows = connection.execute(
        "SELECT c.id, c.length, w.lexeme, cardinality(w.positions)"
        " FROM chunks c, unnest(c.lexemes) AS w"
        " WHERE (c.thread = %s OR (c.id > %s AND c.thread IS NULL)) AND w.lexeme = ANY(%s)",
        [thread, now.newest, now.terms],
    ).fetchall()
    total = max(now.documents, len({row[0] for row in rows}), 1)
    gained: dict[int, float] = {}
    for chunk, length, word, times in rows:
        weight = idf(total, frequencies.get(word) or 1)
        amount = weight * gain(times, length, now.average if now.documents else length)
        gained[chunk] = gained.get(chunk, 0.0) + amount
    ids = np.array(sorted(gained), dtype=np.int32)
    return Part(ids, np.array([gained[int(i)] for i in ids], dtype=np.float32))


def idf(documents: int, frequency: float) -> float:
    """The inverse document frequency of BM25 as Lucene writes it: never negative."""
    return float(np.log1p((documents - frequency + 0.5) / (frequency + 0.5)))


def gain(times: Any, length: Any, average: float) -> Any:
    """What a word that stands `times` in a chunk of `length` lexemes adds, before its idf."""
    return times * (K1 + 1) / (times + K1 * (1 - B + B * length / average))
