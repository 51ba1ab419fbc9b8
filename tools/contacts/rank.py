"""One order from two kinds of evidence: who is meant by name, and who does what is described."""

import math
import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from frontdesk.db.contacts import Contact, Vector
from frontdesk.tools.contacts.index import DirectoryIndex
from frontdesk.tools.contacts.names import fold
from frontdesk.tools.contacts.people import NameMatch
from frontdesk.tools.contacts.query import Question, seeks_person
from frontdesk.tools.contacts.topics import Basis, TopicMatch, TopicReader

NOISE, LIKELY, SURE = 0.4, 0.6, 0.85
LEAD = 0.15  # by how much the first must beat the second to be the only one
LEAST = 0.02
FLATTER, HIGHER = 0.8, 0.5  # the fit is too sure of itself where little speaks for a row
CROWD = 0.55  # what is left of the likeliest row's probability when many fit as well
KEPT = 20
CALLED = 0.1  # the probability by name alone at which a person is sought
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+?\(?\d[\d\s().-]{5,}\d")


class ContactMatch(BaseModel):
    """A row that may be meant.

    `score` is a probability (from 0.85: surely meant; 0.6: likely; below 0.4: noise), `span` the
    part of the question that led here, empty where only its meaning did.
    """

    model_config = ConfigDict(frozen=True)

    contact: Contact
    score: float
    matched_on: Basis
    span: str = ""


def by_literal(index: DirectoryIndex, query: str) -> list[ContactMatch]:
    """Return the rows that hold an e-mail address or phone number written in the question."""
    found = [(match.group(), fold(match.group())) for match in _EMAIL.finditer(query)]
    if found:
        return [
            ContactMatch(contact=contact, score=0.99, matched_on="description", span=span)
            for span, email in found
            for contact in index.contacts
            if fold(contact.email) == email
        ]
    numbers = [(m.group(), _digits(m.group())) for m in _PHONE.finditer(query)]
    return [
        ContactMatch(contact=contact, score=0.97, matched_on="description", span=span)
        for span, digits in numbers
        if len(digits) >= 7
        for contact in index.contacts
        if contact.phone and digits.lstrip("1") in _digits(contact.phone)
    ]


def needs_meaning(question: Question, names: Sequence[NameMatch]) -> bool:
    """Whether the question's meaning can still change the order: not after a sure name."""
    if not question.words:
        return False
    if not names:
        return True
    probability = _probability(names[0].odds)
    if len(names[0].words) == len(question.words):
        return probability < LIKELY  # no word is left that could describe anything
    return probability < SURE or not names[0].whole


def ranked(
    reader: TopicReader, question: Question, names: Sequence[NameMatch], vector: Vector | None
) -> list[ContactMatch]:
    """Return the rows that the question may mean, best first; `vector` (384,) is its embedding."""
    index = reader.index
    people = _compared(index, names)
    best = max((score for _, score in people), default=0.0)
    claimed = names[0].words if best >= LIKELY else frozenset[int]()
    scored: dict[int, tuple[float, Basis, frozenset[int]]] = {
        match.row: (score, "name", match.words) for match, score in people
    }
    rest = 1 - 0.5 * best if best >= LIKELY else 1.0
    person = seeks_person(question.text) or any(_calls(match, question) for match in names)
    for topic, score in _settled(reader.match(claimed, vector, person)):
        if score * rest > scored.get(topic.row, (0.0,))[0]:
            scored[topic.row] = (score * rest, topic.basis, topic.words)
    order = sorted(scored, key=lambda row: -scored[row][0])[:KEPT]
    return [
        ContactMatch(
            contact=index.contacts[row],
            score=round(score, 4),
            matched_on=basis,
            span=question.span(words),
        )
        for row in order
        for score, basis, words in [scored[row]]
        if score >= LEAST
    ]


def _calls(match: NameMatch, question: Question) -> bool:
    """Whether a question calls somebody by a name that is no everyday word."""
    told = any(not question.words[at].everyday for at in match.words)
    return told and _probability(match.odds) > CALLED


def _compared(index: DirectoryIndex, names: Sequence[NameMatch]) -> list[tuple[NameMatch, float]]:
    """Turn log-odds by name into probabilities: others that fit as well make each less likely."""
    if not names:
        return []
    top = names[0].odds
    rivals = {index.names[match.row].parts for match in names if match.odds > top - 0.2}
    share = 1.0 if len(rivals) == 1 else 0.85 if len(rivals) < 4 else 0.75
    return [
        (match, _probability(match.odds) * share * math.exp(-0.5 * (top - match.odds)))
        for match in names
    ]


def _settled(topics: Sequence[TopicMatch]) -> list[tuple[TopicMatch, float]]:
    """Turn log-odds by topic into probabilities: the more rows fit, the less each is meant.

    The geometric mean of two probabilities: that the row is meant rather than nobody, and that it
    is meant rather than nobody or any other row. Equals keep enough to be offered as a choice.
    """
    if not topics:
        return []
    odds = [FLATTER * topic.odds + HIGHER for topic in topics]
    whole = math.exp(-odds[0]) + sum(math.exp(each - odds[0]) for each in odds)
    settled = []
    for topic, each in zip(topics, odds, strict=True):
        alone = _probability(each)
        among = math.exp(each - odds[0]) / whole
        share = max(math.sqrt(among / alone), CROWD * math.exp((each - odds[0]) / 2))
        settled.append((topic, alone * share))
    return settled


def is_clear(matches: Sequence[ContactMatch]) -> bool:
    """Whether the first match is the only one to answer with."""
    if not matches or matches[0].score < LIKELY:
        return False
    if any(_colleagues(matches[0], other) for other in matches[1:]):
        return False
    return len(matches) == 1 or matches[0].score - matches[1].score >= LEAD


def worth_saying(matches: Sequence[ContactMatch]) -> list[ContactMatch]:
    """Return the matches that a person should be told of."""
    if not matches or matches[0].score < NOISE:
        return []
    least = max(NOISE, 0.7 * matches[0].score)
    return [m for m in matches if m.score >= least or _colleagues(matches[0], m)]


def _colleagues(first: ContactMatch, other: ContactMatch) -> bool:
    """Whether one was found by a post that the other holds as well, at the same place."""
    one, two = first.contact, other.contact
    return (
        first.matched_on != "name"
        and other.matched_on != "name"
        and one.role != ""
        and (one.role, one.team, one.site) == (two.role, two.team, two.site)
        and not one.is_team
    )


def nearest_team(matches: Sequence[ContactMatch]) -> Contact | None:
    """Return the team to offer where nobody was found, if one is near."""
    near = (m.contact for m in matches[:3] if m.contact.is_team and m.score >= NOISE / 2)
    return next(near, None)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
