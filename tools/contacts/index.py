"""The directory in memory: which rows hold which word, of a name and of a description.

Arrays instead of objects, because 100,000 rows must be searched in milliseconds, and 260 rows must
be ready in a few.
"""

import math
import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from frontdesk.db.contacts import Contact, Vector
from frontdesk.tools.contacts.everyday_words import ASK, EVERYDAY, EVERYDAY_GIVEN
from frontdesk.tools.contacts.meaning import Meanings
from frontdesk.tools.contacts.names import OFFICES, Name, fold, parse_name, sound, words
from frontdesk.tools.contacts.nicknames import short_forms
from frontdesk.tools.contacts.spellings import Spellings

TOPIC_FIELDS = ("role", "team", "site", "notes", "name")
SWITCHBOARD = ("main line", "general enquiries", "general inquiries", "switchboard", "reception")
Rows = NDArray[np.int32]
_SUFFIX = re.compile(r"(?:ists?|ies|ings?|ed|es|s|e|y)$")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return what "refund", "refunds" and "cardiology", "cardiologist" have in common."""
    short = _SUFFIX.sub("", word)
    return short if len(short) > 3 else word


@lru_cache(maxsize=50_000)
def topic_words(text: str) -> tuple[str, ...]:
    """Return the different stems of a description's words, asking words left out."""
    return tuple(dict.fromkeys(stem(word) for word in words(text) if word not in ASK))


@lru_cache(maxsize=50_000)
def _everyday(name: str) -> bool:
    """Whether most of a name is everyday words: then it may be a team's, whatever its role."""
    held = words(name)
    if not held or held[0] in EVERYDAY_GIVEN or short_forms(held[0]):
        return False  # "Will Young", "Grace Long"
    return 2 * sum(word in EVERYDAY for word in held) > len(held)


def _office(name: str) -> str:
    """Return the office that a person's name begins with ("Rabbi Naomi Feldstein"), or ""."""
    first = fold(name).partition(" ")[0].rstrip(".")
    return first if first in OFFICES else ""


class Postings:
    """Words, and for each the rows that hold it."""

    def __init__(self, words_of_rows: Iterable[Iterable[str]]) -> None:
        self.ids: dict[str, int] = {}
        numbers: list[int] = []
        rows: list[int] = []
        count = 0
        for row, held in enumerate(words_of_rows):
            count = row + 1
            for word in held:
                numbers.append(self.ids.setdefault(word, len(self.ids)))
                rows.append(row)
        self.words = list(self.ids)
        self.row_count = count
        found = np.asarray(numbers, np.int32)
        order = np.argsort(found, kind="stable")
        self._rows: Rows = np.asarray(rows, np.int32)[order]
        self.counts = np.bincount(found, minlength=len(self.words))
        self._weights: list[float] = np.log(
            1 + self.row_count / np.maximum(self.counts, 1)
        ).tolist()
        self._rarest = math.log(1 + self.row_count)
        self._starts = np.concatenate(([0], np.cumsum(self.counts)))

    @cached_property
    def spellings(self) -> Spellings:
        """The words, ready to be found misspelt."""
        return Spellings(self.words)

    def rows(self, number: int) -> Rows:
        """Return the rows that hold the word of this number, in ascending order."""
        return self._rows[self._starts[number] : self._starts[number + 1]]

    def together(self, one: str, other: str) -> bool:
        """Whether a row holds both of two known words."""
        return len(np.intersect1d(self.rows(self.ids[one]), self.rows(self.ids[other]))) > 0

    def best(self, numbers: NDArray[np.int64], values: Vector) -> Vector:
        """Return for every row (row_count,) the highest value among the words it holds, or 0."""
        best = np.zeros(self.row_count, np.float32)
        order = np.argsort(values)
        counts = self.counts[numbers[order]]
        if counts.sum() == 0:
            return best
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = self._rows[np.repeat(self._starts[numbers[order]], counts) + offsets]
        best[rows] = np.repeat(values[order], counts)  # ascending, so the highest is written last
        return best

    def weight(self, word: str) -> float:
        """Return the inverse document frequency of a word, the highest for an unknown one."""
        number = self.ids.get(word)
        return self._rarest if number is None else self._weights[number]


class DirectoryIndex:
    """Contacts that one kind of person may see, ready to be searched."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self.contacts = contacts
        self.teams = [contact.is_team for contact in contacts]
        nobody = Name((), (), {})
        self.names = [
            nobody if team else parse_name(contact.name)
            for contact, team in zip(contacts, self.teams, strict=True)
        ]
        # Whether what a row is called says what it does, and if not, the office before a name.
        self._named = [
            team or not contact.role or _everyday(contact.name)
            for contact, team in zip(contacts, self.teams, strict=True)
        ]
        self._offices = {
            row: stem(office)
            for row, named in enumerate(self._named)
            if not named and (office := _office(contacts[row].name))
        }
        self.people = Postings((*name.parts, *name.joined) for name in self.names)
        self.topics = Postings(
            {word for _, held in self.row_topics(row) for word in held}
            for row in range(len(contacts))
        )
        self._sounds: dict[str, list[int]] | None = None
        self._meanings: Meanings | None = None

    def row_topics(self, row: int) -> list[tuple[str, tuple[str, ...]]]:
        """Return the stems of each field that says what a contact does or where.

        The name belongs to them where it may be a team's: "Parking Office".
        """
        contact = self.contacts[row]
        fields = TOPIC_FIELDS if self._named[row] else TOPIC_FIELDS[:-1]
        found = [(field, topic_words(getattr(contact, field))) for field in fields]
        if row in self._offices:
            found.append(("role", (self._offices[row],)))
        return found

    @cached_property
    def team_rows(self) -> NDArray[np.bool_]:
        """Whether each row is a team's."""
        return np.asarray(self.teams, np.bool_)

    @cached_property
    def description_rows(self) -> dict[str, list[int]]:
        """The rows that carry each description."""
        rows: dict[str, list[int]] = {}
        for row, contact in enumerate(self.contacts):
            rows.setdefault(contact.description, []).append(row)
        return rows

    @cached_property
    def switchboard(self) -> Contact | None:
        """The row that answers for the whole house, if there is one."""
        teams = [
            (fold(c.name), c) for c, team in zip(self.contacts, self.teams, strict=True) if team
        ]
        found = (contact for words in SWITCHBOARD for name, contact in teams if words in name)
        return next(found, None)

    def alike(self, word: str) -> list[int]:
        """Return the numbers of the name words that sound like `word`."""
        if self._sounds is None:
            sounds: dict[str, list[int]] = {}
            for number, name in enumerate(self.people.words):
                sounds.setdefault(sound(name), []).append(number)
            self._sounds = sounds
        return self._sounds.get(sound(word), [])

    @property
    def has_vectors(self) -> bool:
        """Whether `set_vectors` has been called."""
        return self._meanings is not None

    def set_vectors(self, vectors: dict[str, Vector]) -> None:
        """Keep the embeddings (384,) of descriptions; those that no row carries are dropped."""
        held = self.description_rows
        self._meanings = Meanings({text: v for text, v in vectors.items() if text in held})

    def nearest(self, query: Vector, count: int) -> dict[int, float]:
        """Return the cosine to `query` (384,) of the rows of the `count` nearest descriptions."""
        if self._meanings is None:
            return {}
        return {
            row: cosine
            for text, cosine in self._meanings.nearest(query, count)
            for row in self.description_rows[text][:count]
        }

    def cosines(self, rows: Iterable[int], query: Vector) -> dict[int, float]:
        """Return the cosine to `query` (384,) of the rows whose description is embedded."""
        if self._meanings is None:
            return {}
        texts = {row: self.contacts[row].description for row in rows}
        found = self._meanings.cosines(list(texts.values()), query)
        return {row: found[text] for row, text in texts.items() if text in found}
