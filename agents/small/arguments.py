"""The arguments of a step: what the words say, what the turn before said, what the model reads."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from frontdesk.agents.decision import Evidence, PreviousTurn
from frontdesk.agents.small.evidence import follow_up_query, joined_contact_query
from frontdesk.agents.small.leaning import FEW_WORDS, SURE_PLACE, timed
from frontdesk.tools.wait_times import PlaceMatch
from frontdesk.tools.waits.asked import asked_of_waits, waits_plainly
from frontdesk.tools.waits.board import Ask, KindFilter
from frontdesk.tools.waits.kinds import kind_said

# What the turn before asked goes on in a few words about another place, but two are compared once.
_GOES_ON: frozenset[Ask] = frozenset({"now", "shortest", "open", "nearest", "trend"})
SURE_CONTACT = 0.5  # the score at which a few words name somebody by themselves
_THERE = re.compile(
    r"\b(?:there|it|they|them|its|it's|those|these|(?:that|this|the)(?: \w+)? (?:one|place))\b"
)
_PERSON = re.compile(r"\b(?:he|she|his|hers?|him|they|them|their)\b")
_ELSE = re.compile(r"\b(?:else|other|others|anywhere|instead|all|every\w*)\b")


def query(step: str, reference: str, evidence: Evidence) -> str:
    """Return what to look up: the question, or the question read with the turn before it."""
    previous = evidence.previous
    if reference == "this" or previous is None:
        return evidence.question
    if step == "contact_lookup" and previous.step == "contact_lookup":
        return _contact_query(evidence, previous)
    return follow_up_query(evidence.question, previous)


def _contact_query(evidence: Evidence, previous: PreviousTurn) -> str:
    """Return whom to look up after a question for a contact: the same, or somebody else like it.

    "her direct number" names nobody else; "and for licences?" does, and who is found with the turn
    before must be somebody whom these words alone may mean.
    """
    alone = evidence.contacts.matches if evidence.contacts else []
    joined = evidence.contacts_with_previous
    if not alone or _PERSON.search(evidence.question.casefold()):
        return str(previous.arguments.get("query", previous.question))
    if joined and joined.matches:
        meant = joined.matches[0].contact in [match.contact for match in alone]
        if not meant and alone[0].score >= SURE_CONTACT:
            return evidence.question
    return joined_contact_query(evidence.question, previous)


def part_query(part: Evidence, whole: Evidence) -> str:
    """Return what to look up for a part of a question: "there" is what the other part names."""
    place = next(iter(_sure(whole.places)), None)
    there = place and not _sure(part.places) and _THERE.search(part.question.casefold())
    return f"{part.question} {place.name}" if place and there else part.question


def wait_arguments(
    reference: str, evidence: Evidence, read: Callable[[KindFilter], Ask]
) -> dict[str, Any]:
    """Return the places, the kind, what is asked, and the time where one is.

    `reference` is what the model takes the question for: about "this", the "previous" turn's places
    or "all" of them; `read` is its reading of what is asked, for a question whose words don't tell.
    """
    question = evidence.question
    before = _waits_before(evidence)
    kind = kind_said(question)
    if kind is None:
        kind = before.get("kind", "any") if reference == "previous" or _short(evidence) else "any"
    ask, at = asked_of_waits(question, len(_spans(_sure(evidence.places)))), None
    if ask is None and _short(evidence) and before.get("ask") in _GOES_ON:
        ask, at = before["ask"], before.get("at")
    ask = ask or read(kind)
    # The nearest to nothing that is said is the nearest to what was asked for before.
    reference = "previous" if ask == "nearest" and evidence.previous else reference
    arguments = {"places": _places(reference, evidence), "kind": kind, "ask": ask}
    at = question if ask == "open" and timed(evidence) else at
    if reference == "previous" and kind_said(question) is None and "department" in before:
        arguments["department"] = before["department"]
    return arguments | evidence.of_department | ({"at": at} if at else {})


def _waits_before(evidence: Evidence) -> dict[str, Any]:
    """Return the arguments of the turn before, where it was about waits."""
    previous = evidence.previous
    return previous.arguments if previous and previous.step == "wait_times" else {}


def _short(evidence: Evidence) -> bool:
    """Tell whether a few words leave what they ask for to the turn before ("and the other?")."""
    question = evidence.question
    few = len(question.split()) <= FEW_WORDS
    return bool(evidence.previous) and few and not waits_plainly(question)


def _places(reference: str, evidence: Evidence) -> list[str]:
    """Return the places meant: each span of the question gives its best match.

    What the question names itself goes before what the turn before was about, and a place that the
    feed does not know is asked for by its name, so that the answer can say so.
    """
    previous, sure = evidence.previous, _sure(evidence.places)
    if evidence.sibling and _short(evidence) and not any(match.kind == "site" for match in sure):
        return [evidence.sibling]
    if previous and not sure:
        said, known = evidence.question.casefold(), _places_before(previous, evidence)
        there = known and _THERE.search(said) and not _ELSE.search(said)
        if reference == "previous" or there:
            return known
    if not evidence.places:
        return [evidence.elsewhere] if evidence.elsewhere else []
    return [] if reference == "all" else _spans(evidence.places)


def _places_before(previous: PreviousTurn, evidence: Evidence) -> list[str]:
    """Return the places that the turn before was asked for, or that its question names."""
    return list(previous.arguments.get("places", ())) or _spans(evidence.previous_places)


def _sure(places: Sequence[PlaceMatch]) -> list[PlaceMatch]:
    return [match for match in places if match.score >= SURE_PLACE]


def _spans(places: Sequence[PlaceMatch]) -> list[str]:
    """Return the best match of each span of words."""
    best: dict[str, str] = {}
    for match in places:
        best.setdefault(match.span.lower(), match.name)
    return list(dict.fromkeys(best.values()))
