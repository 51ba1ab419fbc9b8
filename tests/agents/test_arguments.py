"""What a wait is asked for with: the words, then the turn before, then the model's reading."""

from dataclasses import replace
from typing import Any

import evidence_maker as made
import pytest

from frontdesk.agents.decision import Evidence, PreviousTurn
from frontdesk.agents.small.arguments import query, wait_arguments
from frontdesk.tools.contact_lookup import Contact, Directory
from frontdesk.tools.wait_times import PlaceMatch

ELM = PlaceMatch("Elm Street", "site", 0.95, "elm")
OAK = PlaceMatch("Oak Hill", "site", 0.95, "oak")
ASHBY = PlaceMatch("Ashby", "town", 0.95, "ashby")
GATE = PlaceMatch("North Gate", "site", 0.5, "gate")  # a hint


def asked_before(ask: str = "now", kind: str = "any", *places: str) -> PreviousTurn:
    """Return a turn that asked for waits."""
    return PreviousTurn(
        "wait?", "wait_times", {"places": list(places or ["Elm Street"]), "kind": kind, "ask": ask}
    )


def arguments(
    said: str, before: PreviousTurn | None = None, reference: str = "this", **known: Any
) -> dict[str, Any]:
    """Return the arguments of a question that the model reads as "now"."""
    evidence: Evidence = replace(made.evidence(said, before), **known)
    return wait_arguments(reference, evidence, lambda kind: "now")


@pytest.mark.parametrize("said", ["is it going down", "and for kids?", "still open?"])
def test_a_few_words_stay_with_the_place(said: str) -> None:
    assert arguments(said, asked_before(), "previous")["places"] == ["Elm Street"]


@pytest.mark.parametrize("ask", ["shortest", "open", "trend"])
def test_a_few_words_stay_with_what_was_asked(ask: str) -> None:
    found = arguments("and oak?", asked_before(ask, "emergency"), places=[OAK])
    assert found == {"places": ["Oak Hill"], "kind": "emergency", "ask": ask}


def test_a_few_words_stay_with_the_time() -> None:
    before = PreviousTurn(
        "elm open at nine tonight?",
        "wait_times",
        {"places": ["Elm Street"], "kind": "any", "ask": "open", "at": "elm open at nine tonight?"},
    )
    found = arguments("and oak?", before, places=[OAK])
    assert (found["ask"], found["at"]) == ("open", "elm open at nine tonight?")


def test_two_places_were_compared_once() -> None:
    before = asked_before("compare", "any", "Elm Street", "Oak Hill")
    assert arguments("and ashby?", before, places=[ASHBY])["ask"] == "now"


def test_a_whole_question_owes_nothing_to_the_one_before() -> None:
    before = asked_before("open", "children")
    found = arguments("how long is the wait at oak hill", before, places=[OAK])
    assert found == {"places": ["Oak Hill"], "kind": "any", "ask": "now"}


def test_a_place_beside_the_one_before() -> None:
    found = arguments("and ashby?", asked_before(), places=[ASHBY], sibling="Ashby Street")
    assert found["places"] == ["Ashby Street"]
    found = arguments("and oak?", asked_before(), places=[OAK], sibling="Ashby Street")
    assert found["places"] == ["Oak Hill"]  # named in full


def test_there_is_where_the_question_before_was_about() -> None:
    before = PreviousTurn("opening hours of elm", "search", {"query": "opening hours of elm"})
    found = arguments("how busy is it there now", before, previous_places=[ELM])
    assert found["places"] == ["Elm Street"]
    assert arguments("anywhere else with less?", before, previous_places=[ELM])["places"] == []


def test_the_nearest_other_one_is_near_the_place_before() -> None:
    found = arguments("then the nearest other one?", asked_before("open"))
    assert (found["places"], found["ask"]) == (["Elm Street"], "nearest")


def test_all_places_are_meant_only_where_the_model_reads_so() -> None:
    assert arguments("which gates are quiet", places=[GATE])["places"] == ["North Gate"]
    assert arguments("which gates are quiet", None, "all", places=[GATE])["places"] == []


def test_an_unknown_place_is_asked_for_by_its_name() -> None:
    assert arguments("wait at the larkspur", elsewhere="larkspur")["places"] == ["larkspur"]


STAFF = Directory.fixed(
    [
        Contact(name="Ruth Anand", role="Office manager", site="Millbeck", phone="555-0101"),
        Contact(name="Fraser Lindley", role="Office manager", site="Low Harbour", phone="555-0102"),
        Contact(name="Ines Varga", role="Dean of science", phone="555-0103"),
        Contact(name="Tom Becker", role="Dean of arts", phone="555-0104"),
    ]
)


@pytest.mark.parametrize(
    ("before", "said", "meant"),
    [
        ("office manager at millbeck", "and low harbour?", "Fraser Lindley"),
        ("office manager at millbeck", "her direct number", "Ruth Anand"),
        ("office manager at millbeck", "email?", "Ruth Anand"),
        ("who is dean of science", "and of arts?", "Tom Becker"),
    ],
)
def test_whom_a_few_words_mean_after_a_contact(before: str, said: str, meant: str) -> None:
    previous = PreviousTurn(before, "contact_lookup", {"query": before})
    asked = replace(
        made.evidence(said, previous),
        contacts=STAFF.lookup(said),
        contacts_with_previous=STAFF.lookup(f"{before} {said}"),
    )
    found = STAFF.lookup(query("contact_lookup", "previous", asked))
    assert found.matches[0].contact.name == meant


def test_a_department_that_is_named_goes_along_and_stays_for_another_place() -> None:
    found = arguments("how long for x-rays at elm", places=[ELM], department="X-Rays")
    assert found["department"] == "X-Rays"
    asked = {"places": ["Elm Street"], "kind": "any", "ask": "now", "department": "X-Rays"}
    before = PreviousTurn("how long for x-rays at elm", "wait_times", asked)
    assert arguments("and oak?", before, "previous", places=[OAK])["department"] == "X-Rays"
    assert "department" not in arguments("and the kids one?", before, "previous")
