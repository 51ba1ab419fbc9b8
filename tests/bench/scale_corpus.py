"""Invented chunks in any number: vectors that lie as real ones do, words as Zipf counts them.

    corpus = Corpus(real)                    # real: unit rows (n, 384), of any real texts
    load(connection, corpus, 1_000_000)      # pages and chunks, five chunks a page

A vector is one of the real ones plus noise with the real ones' covariance, so that clusters, and
the few directions in which texts differ, are those of the model. A text shares words with its
cluster; the most frequent words are English stop words, which PostgreSQL drops as it does in life.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from pgvector import Vector
from psycopg.types.json import Jsonb

Matrix = npt.NDArray[np.float32]
Connection = psycopg.Connection[Any]
PAGE = 5  # chunks a page
BATCH = 10_000
_VOCABULARY = 300_000
_WORDS = 100  # a chunk, on average
_SENTENCE = 20  # words
_TOPIC_WORDS = 30
_TOPICAL = 0.25  # share of a text's words that are its cluster's own
_SPREAD = 0.8  # of the noise, 1 being that of all real vectors: neighbours then lie as SciFact's do
_STOP_WORDS = (
    "the of and to a in is that for it on was with as be by at from this are or an you not have"
    " has but which they their will we can your been our more if there all its were when than"
    " about only so up out no do other some these them then into"
).split()
_LANGUAGES = ("en", "fr", "es")
_SECTIONS = 12
_FIRST_DAY = date(2018, 1, 1)


@dataclass(frozen=True)
class Batch:
    """Some chunks: `vectors` (n, 384); texts of sentences; `sentence_vectors` parallel to these."""

    vectors: Matrix
    sentences: list[list[str]]
    sentence_vectors: list[Matrix]


class Corpus:
    """Draws chunks and questions; the same number always gives the same chunk."""

    def __init__(self, real: Matrix, seed: int = 0) -> None:
        self._real, self._seed = real, seed
        rng = np.random.default_rng(seed)
        values, directions = np.linalg.eigh(np.cov(real.T))
        self._noise = (directions * np.sqrt(np.maximum(values, 0))).T.astype(np.float32)
        ranks = np.arange(1, _VOCABULARY + 1)
        self._frequencies = np.cumsum(1 / (ranks + 2.7))  # Zipf and Mandelbrot
        self._words = np.array(_vocabulary(_VOCABULARY), dtype=object)
        shape = (len(real), _TOPIC_WORDS)
        low, high = np.log(200), np.log(_VOCABULARY)
        self._topics = np.exp(rng.uniform(low, high, shape)).astype(np.int64)
        self._sizes = np.cumsum(rng.permutation(1 / np.sqrt(np.arange(1, len(real) + 1))))

    def chunks(self, number: int, count: int = BATCH) -> Batch:
        """The `number`-th batch of chunks."""
        rng, clusters, vectors = self._drawn(number, count)
        lengths = np.clip(rng.lognormal(np.log(_WORDS), 0.4, count), 15, 300).astype(int)
        texts = self._texts(rng, clusters, lengths)
        sentences = [
            [
                " ".join(text[i : i + _SENTENCE]).capitalize() + "."
                for i in range(0, len(text), _SENTENCE)
            ]
            for text in texts
        ]
        counts = [len(row) for row in sentences]
        near = self._near(rng, np.repeat(vectors, counts, axis=0))
        return Batch(vectors, sentences, np.split(near, np.cumsum(counts)[:-1]))

    def vectors(self, number: int, count: int = BATCH) -> Matrix:
        """The vectors of the `number`-th batch alone."""
        return self._drawn(number, count)[2]

    def _drawn(
        self, number: int, count: int
    ) -> tuple[np.random.Generator, npt.NDArray[np.int64], Matrix]:
        rng = np.random.default_rng((self._seed, 1, number))
        clusters = self._clusters(rng, count)
        return rng, clusters, self._near(rng, self._real[clusters])

    def questions(self, count: int, series: int = 0) -> tuple[list[str], Matrix]:
        """Questions of about nine words with their vectors (count, 384), unlike any chunk."""
        rng = np.random.default_rng((self._seed, 2, series))
        clusters = self._clusters(rng, count)
        texts = self._texts(rng, clusters, rng.integers(5, 14, count))
        return [" ".join(text) for text in texts], self._near(rng, self._real[clusters])

    def _clusters(self, rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int64] = np.searchsorted(
            self._sizes, rng.random(count) * self._sizes[-1]
        )
        return found

    def _near(self, rng: np.random.Generator, centres: Matrix) -> Matrix:
        noise = rng.standard_normal(centres.shape, dtype=np.float32) @ self._noise
        vectors = centres + np.float32(_SPREAD) * noise
        unit: Matrix = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def _texts(
        self, rng: np.random.Generator, clusters: npt.NDArray[np.int64], lengths: npt.NDArray[Any]
    ) -> list[list[str]]:
        total = int(lengths.sum())
        ranks = np.searchsorted(self._frequencies, rng.random(total) * self._frequencies[-1])
        own = self._topics[np.repeat(clusters, lengths), rng.integers(0, _TOPIC_WORDS, total)]
        words = self._words[np.where(rng.random(total) < _TOPICAL, own, ranks)]
        ends = np.cumsum(lengths)
        return [row.tolist() for row in np.split(words, ends[:-1])]


def load(connection: Connection, corpus: Corpus, end: int) -> None:
    """Store chunks up to `end` (a multiple of 10,000), with pages, going on after those there are.

    Each batch is committed. PostgreSQL cuts and stems the texts itself, in a trigger.
    """
    row = connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
    assert row is not None
    connection.execute("SET synchronous_commit = off")
    connection.execute(_COUNT_WORDS)
    for number in range(row[0] // BATCH, end // BATCH):
        batch = corpus.chunks(number)
        _copy_pages(connection, number)
        _copy_chunks(connection, number, batch)
        connection.commit()
    connection.execute("DROP TRIGGER count_words ON chunks")
    for table in ("pages", "chunks"):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}".encode()
        )


_COUNT_WORDS = """
CREATE OR REPLACE FUNCTION count_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.configuration := 'english';
    NEW.lexemes := to_tsvector(NEW.configuration, NEW.text);
    NEW.length := (SELECT coalesce(sum(cardinality(positions)), 0) FROM unnest(NEW.lexemes));
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER count_words BEFORE INSERT ON chunks
    FOR EACH ROW EXECUTE FUNCTION count_words()
"""


def _copy_pages(connection: Connection, number: int) -> None:
    rng = np.random.default_rng((3, number))
    now = datetime.now(UTC)
    first = number * (BATCH // PAGE)
    with connection.cursor().copy(
        "COPY pages (id, url, source, title, section, language, published_on, body_hash,"
        " content_hash, fetched_at, checked_at) FROM STDIN"
    ) as copy:
        for page in range(first, first + BATCH // PAGE):
            section = f"section-{rng.integers(_SECTIONS)}"
            language = _LANGUAGES[int(np.searchsorted((0.9, 0.97), rng.random()))]
            day = _FIRST_DAY + timedelta(days=int(rng.integers(3000)))
            url = f"https://scale.example/{section}/{page}"
            row = (page + 1, url, "scale", f"Page {page}", section, language, day)
            copy.write_row((*row, b"", b"", now, now))


def _copy_chunks(connection: Connection, number: int, batch: Batch) -> None:
    with connection.cursor().copy(
        "COPY chunks (id, page_id, ordinal, heading, text, sentences, sentence_vectors, links,"
        " embedding) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(
            ["int4", "int8", "int4", "text[]", "text", "text[]", "bytea", "jsonb", "vector"]
        )
        for at, (vector, sentences, near) in enumerate(_rows(batch), number * BATCH):
            page, ordinal = divmod(at, PAGE)
            row = (at + 1, page + 1, ordinal, [f"Part {ordinal}"], " ".join(sentences), sentences)
            copy.write_row((*row, near.astype("<f2").tobytes(), Jsonb([]), Vector(vector)))


def _rows(batch: Batch) -> Iterator[tuple[Matrix, list[str], Matrix]]:
    return zip(batch.vectors, batch.sentences, batch.sentence_vectors, strict=True)


def _vocabulary(count: int) -> list[str]:
    """English stop words, then words of syllables that no stemmer knows."""
    starts = "b d f g k l m n p r t v z br dr gr kl pr st tr".split()
    syllables = [start + vowel for start in starts for vowel in "aiou"]
    invented = map("".join, itertools.product(syllables, repeat=3))
    return [*_STOP_WORDS, *(f"{word}k" for word in itertools.islice(invented, count))][:count]
