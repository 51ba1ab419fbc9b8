"""Who does what the question describes: role, team, site and notes, by words and by meaning."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from frontdesk.db.contacts import Vector
from frontdesk.tools.contacts.index import DirectoryIndex, stem
from frontdesk.tools.contacts.names import words
from frontdesk.tools.contacts.query import Question, Word

Basis = Literal["name", "role", "team", "site", "description"]
CANDIDATES = 40
UNKNOWN_EVERYDAY, UNKNOWN_RARE = 0.35, 0.6  # share of the highest weight
MISSPELT = 0.85


@dataclass(frozen=True)
class Weights:
    """What each kind of evidence adds to the log-odds that a row is meant.

    Fitted by conditional logistic regression: a hundred questions about an invented health
    authority's directory against every other row, and 250 questions that seek nobody.
    """

    base: float
    covered: float  # the share of the question that the row holds
    covered_squared: float
    specific: float  # the share of the row's best field that the question holds
    named: float  # the same of a team's name
    meaning: float  # cosine
    team: float  # the row is a team's


BY_WORDS = Weights(-6.85, 4.17, 3.22, 1.70, 1.83, 0.0, 0.74)
BY_MEANING = Weights(-9.47, 2.75, 2.43, 0.67, 1.65, 11.04, 1.25)
PERSON = 2.0  # what a team's row loses where a person is sought
PHRASE = 1.2  # the whole role, or the whole name of a team, stands in the question


@dataclass(frozen=True)
class TopicMatch:
    """A row that the question may describe: log-odds, the field that says so, the words used."""

    row: int
    odds: float
    basis: Basis
    words: frozenset[int]


class TopicReader:
    """The question's words found in the descriptions of one index."""

    def __init__(self, index: DirectoryIndex, question: Question) -> None:
        self.index = index
        self.words = question.words
        self._asked = f" {' '.join(words(question.text))} "
        self._lexical: dict[frozenset[int], Vector] = {}
        self._heard: dict[tuple[str, ...], tuple[list[int], float]] = {}
        self._phrases: dict[str, bool] = {}
        self.found = [_stems(index, word) for word in question.words]
        self.weights = [
            max((index.topics.weight(s) * like for s, like in found.items()), default=0.0)
            for found in self.found
        ]

    def lexical(self, skipped: Collection[int] = ()) -> Vector:
        """Return for every row (rows,) the share of the question's weight that it holds."""
        key = frozenset(skipped)
        if key not in self._lexical:
            self._lexical[key] = self._covered(key)
        return self._lexical[key]

    def _covered(self, skipped: frozenset[int]) -> Vector:
        topics = self.index.topics
        total = np.zeros(len(self.index.contacts), np.float32)
        highest = topics.weight("")
        asked = 0.0
        for at, (word, found) in enumerate(zip(self.words, self.found, strict=True)):
            if at in skipped:
                continue
            share = UNKNOWN_EVERYDAY if word.everyday else UNKNOWN_RARE
            asked += self.weights[at] or share * highest
            if found:
                numbers = np.asarray([topics.ids[s] for s in found], np.int64)
                values = [topics.weight(s) * like for s, like in found.items()]
                total += topics.best(numbers, np.asarray(values, np.float32))
        return total / asked if asked else total

    def match(
        self, skipped: Collection[int], query: Vector | None, person: bool = False
    ) -> list[TopicMatch]:
        """Return the rows likeliest described, best first; `query` (384,) is its embedding.

        `person`: whether somebody is sought and no team.
        """
        covered = self.lexical(skipped)
        hits = np.flatnonzero(covered)
        if len(hits) > CANDIDATES:
            # A team's row comes first among equals: it is what the team's name asks for.
            ranked = covered[hits] + 0.01 * self.index.team_rows[hits]
            hits = hits[np.argpartition(-ranked, CANDIDATES)[:CANDIDATES]]
        near: dict[int, float] = {}
        if query is not None:
            near = self.index.nearest(query, CANDIDATES) | self.index.cosines(hits.tolist(), query)
        weights = BY_WORDS if query is None else BY_MEANING
        matches = [
            self._judge(row, float(covered[row]), near.get(row, 0.0), skipped, weights)
            for row in sorted({*hits.tolist(), *near})
        ]
        if person:
            matches = [
                replace(match, odds=match.odds - PERSON * self.index.teams[match.row])
                for match in matches
            ]
        return sorted(matches, key=lambda match: (-match.odds, match.row))

    def _judge(
        self, row: int, covered: float, cosine: float, skipped: Collection[int], weights: Weights
    ) -> TopicMatch:
        basis: Basis = "description"
        best = specific = named = 0.0
        used: set[int] = set()
        contact = self.index.contacts[row]
        # A row that covers nothing holds none of the words, in no field.
        for field, held in self.index.row_topics(row) if covered else ():
            known, whole = self._held(held)
            here = [at for at in known if at not in skipped]
            if not here:
                continue
            used.update(here)
            mass = sum(self.weights[at] for at in here)
            share = mass / max(mass, whole)
            specific = max(specific, share if field != "notes" else 0.0)
            named = share if field == "name" else named
            if mass > best:
                best, basis = mass, _BASES[field]
        odds = (
            weights.base
            + weights.covered * covered
            + weights.covered_squared * covered**2
            + weights.specific * specific
            + weights.named * named
            + weights.meaning * cosine
            + weights.team * self.index.teams[row]
        )
        if self._asks_for(contact.role) or (self.index.teams[row] and self._asks_for(contact.name)):
            odds += PHRASE
        return TopicMatch(row, odds, basis, frozenset(used))

    def _held(self, held: tuple[str, ...]) -> tuple[list[int], float]:
        """Return which words of the question these stems are, and the weight of all the stems.

        Many rows share a role, a team or a site: each is compared once.
        """
        if held not in self._heard:
            known = [at for at, found in enumerate(self.found) if not found.keys().isdisjoint(held)]
            self._heard[held] = known, sum(self.index.topics.weight(s) for s in held)
        return self._heard[held]

    def _asks_for(self, phrase: str) -> bool:
        if phrase and phrase not in self._phrases:
            self._phrases[phrase] = f" {' '.join(words(phrase))} " in self._asked
        return bool(phrase) and self._phrases[phrase]


_BASES: dict[str, Basis] = {
    "role": "role",
    "team": "team",
    "site": "site",
    "notes": "description",
    "name": "name",
}


def _stems(index: DirectoryIndex, word: Word) -> dict[str, float]:
    """Return the stems of descriptions that a word may be, with its likeness to each."""
    topics = index.topics
    exact = {stem(form): 1.0 for form in word.forms if stem(form) in topics.ids}
    if exact or word.everyday or len(word.text) < 5 or not word.text.isalpha():
        return exact
    short = stem(word.text)
    limit = 1 if len(short) < 8 else 2
    numbers, _ = topics.spellings.within([short], limit)
    return {topics.words[number]: MISSPELT for number in numbers.tolist()}
