"""Who is meant by name: every row whose name the question may hold, with its log-odds.

A word of the question is held against a word of the name by edits, sound, nickname, initial and
beginning; the words of a row's name are then claimed by the words of the question, each once. A
noisy-channel reading: fewer and likelier slips of the pen give more evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from frontdesk.db.contacts import Vector
from frontdesk.tools.contacts.index import DirectoryIndex, stem
from frontdesk.tools.contacts.likeness import likeness
from frontdesk.tools.contacts.names import PARTICLES, Name
from frontdesk.tools.contacts.nicknames import short_forms
from frontdesk.tools.contacts.query import ALONE_CUE, CAPITAL_CUE, HONORIFIC_CUE, Question, Word
from frontdesk.tools.contacts.topics import TopicReader

BASE = -2.2  # log-odds that a question means a person, before any word of it is read
EXACT = 3.0  # what a word of the name, written right, adds
EVERYDAY_ALONE, EVERYDAY_CUED = 0.6, 2.4
INITIAL = 1.0
CONTRADICTED, UNEXPLAINED = -2.5, -1.8  # another name beside the matched one; an unknown word
ONLY_GIVEN = -0.4
UNANNOUNCED = -1.0  # a single word, not as written, and no sign of a name about it
AGREEING = 0.8  # a word of the question that stands in the row's role, team, site or notes
LEAST_LIKE, FAIRLY_LIKE = 0.5, 0.65
CANDIDATES = 40
UNCLAIMED = -0.15  # a part of the name that the question leaves out


@dataclass(frozen=True)
class NameMatch:
    """A row whose name the question may hold: log-odds, and the indices of the words used."""

    row: int
    odds: float
    words: frozenset[int]
    whole: bool = field(default=False)  # every part of the row's name was claimed


def match_names(index: DirectoryIndex, question: Question, reader: TopicReader) -> list[NameMatch]:
    """Return the likeliest rows by name, best first.

    Rows whose names fit equally are ordered by what else the question says of them.
    """
    if not index.people.words or not question.words:
        return []
    prior = reader.lexical()
    likeness = [_word_likeness(index, word) for word in question.words]
    total = np.zeros(len(index.contacts), np.float32)
    for numbers, values in likeness:
        if len(numbers):
            total += index.people.best(numbers, values)
    for at in range(len(question.words) - 1):
        number = index.people.ids.get(_pair(question.words, at))
        if number is not None:
            total[index.people.rows(number)] += 2.0
    hits = np.flatnonzero(total)
    if len(hits) > CANDIDATES:
        ranked = total[hits] + 0.25 * prior[hits]
        hits = hits[np.argpartition(-ranked, CANDIDATES)[:CANDIDATES]]
    matches = [_judge(index, question, int(row)) for row in hits]
    return sorted(
        (match for match in matches if match.words),
        key=lambda match: (-match.odds, -float(prior[match.row]), match.row),
    )


def _word_likeness(
    index: DirectoryIndex, word: Word
) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", Vector]:
    """Return the numbers of the name words that a word of the question may be, with likeness."""
    people = index.people
    found: dict[int, float] = {}
    for form in word.forms:
        for other in (form, *short_forms(form)):
            if other in people.ids:
                found[people.ids[other]] = 1.0 if other == form else 0.9
    if _may_be_misspelt(index, word):
        for form in word.forms:
            for number in index.alike(form):
                found[number] = max(found.get(number, 0.0), 0.87)
        limit = max(2, min(3, len(word.text) // 2))
        numbers, slips = people.spellings.within(word.forms, limit)
        for near, count in zip(numbers.tolist(), slips.tolist(), strict=True):
            like = 1 - count / max(len(word.text), len(people.words[near]))
            if like >= LEAST_LIKE:
                found[near] = max(found.get(near, 0.0), like)
    elif len(word.text) == 1 and not word.asking:
        for number, name in enumerate(people.words):
            if name[0] == word.text:
                found[number] = 0.5
    return np.fromiter(found, np.int64, len(found)), np.fromiter(
        found.values(), np.float32, len(found)
    )


def _may_be_misspelt(index: DirectoryIndex, word: Word) -> bool:
    """Whether a word that is no name here may be one misspelt: not where it means something."""
    if len(word.text) < 3 or not word.text.isalpha() or word.text in PARTICLES:
        return False
    if word.text not in index.people.ids and stem(word.text) in index.topics.ids:
        return False
    return not word.everyday or word.cue >= HONORIFIC_CUE


def _pair(words: Sequence[Word], at: int) -> str:
    """Return two neighbouring words written as one, "" where they are no neighbours."""
    first, second = words[at], words[at + 1]
    return first.text + second.text if second.position == first.position + 1 else ""


def _judge(index: DirectoryIndex, question: Question, row: int) -> NameMatch:
    """Weigh one row: what its name gains from the question, and what speaks against it."""
    name = index.names[row]
    claims = _claims(question.words, name)
    used = frozenset(at for claim in claims for at in claim[1])
    parts = {part for claim in claims for part in claim[2]}
    odds = BASE + max((question.words[at].cue for at in used), default=0.0)
    for like, at_words, of_parts in claims:
        odds += max(len(at_words), len(of_parts)) * _gain(question.words, at_words, used, like)
    if parts and len(name.parts) > 1 and len(name.parts) - 1 not in parts:
        odds += ONLY_GIVEN
    odds += UNCLAIMED * (len(name.parts) - len(parts))
    likest = max((claim[0] for claim in claims), default=0.0)
    announced = any(question.words[at].cue for at in used)
    if len(used) == 1 and (likest < FAIRLY_LIKE or (likest < 1 and not announced)):
        odds += UNANNOUNCED
    odds += _against(index, question.words, used, row, likest)
    return NameMatch(row, odds, used, len(parts) == len(name.parts))


Claim = tuple[float, tuple[int, ...], tuple[int, ...]]


def _claims(words: Sequence[Word], name: Name) -> list[Claim]:
    """Pair words of the question with parts of the name, likest first, each used once."""
    units: list[tuple[tuple[str, ...], tuple[int, ...]]] = [
        (word.forms, (at,)) for at, word in enumerate(words)
    ]
    units += [
        ((_pair(words, at),), (at, at + 1)) for at in range(len(words) - 1) if _pair(words, at)
    ]
    targets = [(part, (at,)) for at, part in enumerate(name.parts)] + list(name.joined.items())
    options: list[Claim] = []
    for forms, at_words in units:
        for target, of_parts in targets:
            first = of_parts[-1] + 1 < len(name.parts) or len(name.parts) == 1
            given = len(of_parts) == 1 and first
            like = max(likeness(form, target, given) for form in forms)
            least = 0.8 if len(at_words) + len(of_parts) > 2 else LEAST_LIKE
            everyday = any(words[at].everyday for at in at_words)
            if like >= (1.0 if everyday and words[at_words[0]].cue < ALONE_CUE else least):
                options.append((like, at_words, of_parts))
    options.sort(key=lambda claim: (-claim[0] * max(len(claim[1]), len(claim[2])), claim[1]))
    claims: list[Claim] = []
    taken_words: set[int] = set()
    taken_parts: set[int] = set()
    for claim in options:
        if taken_words.isdisjoint(claim[1]) and taken_parts.isdisjoint(claim[2]):
            claims.append(claim)
            taken_words.update(claim[1])
            taken_parts.update(claim[2])
    return claims


def _gain(
    words: Sequence[Word], at_words: tuple[int, ...], used: frozenset[int], like: float
) -> float:
    """Return the log-odds that one claimed word adds."""
    word = words[at_words[0]]
    if len(word.text) == 1:
        return INITIAL
    if not word.everyday:
        return EXACT * (1 - 2 * (1 - like))
    beside = any(
        at in used and not words[at].everyday and abs(words[at].position - word.position) == 1
        for at in range(len(words))
    )
    strange = any(
        at not in used and abs(other.position - word.position) == 1
        for at, other in enumerate(words)
    )
    cued = word.cue >= HONORIFIC_CUE or beside or (word.cue >= CAPITAL_CUE and not strange)
    return (EVERYDAY_CUED if cued else EVERYDAY_ALONE) * (1 - 2 * (1 - like))


def _against(
    index: DirectoryIndex, words: Sequence[Word], used: frozenset[int], row: int, likest: float
) -> float:
    """Return what the words that the name leaves unexplained take away."""
    places = {words[at].position for at in used}
    own: set[str] | None = None  # most questions leave nothing that asks for them
    named = any(words[at].cue or not words[at].everyday for at in used) and likest > FAIRLY_LIKE
    agreeing = 0.0
    odds = 0.0
    for at, word in enumerate(words):
        if at in used or word.asking or word.text in PARTICLES or not word.text.isalpha():
            continue
        if own is None:
            own = {w for _, held in index.row_topics(row) for w in held}
        if any(stem(form) in own for form in word.forms):
            agreeing += AGREEING if named else 0.0
        elif word.everyday:
            continue
        elif any(stem(form) in index.topics.ids for form in word.forms):
            continue
        elif places & {word.position - 1, word.position + 1}:
            known = any(form in index.people.ids or short_forms(form) for form in word.forms)
            odds += CONTRADICTED if known else UNEXPLAINED
    return odds + min(agreeing, 2 * AGREEING)
