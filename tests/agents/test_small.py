"""The bundled model: whatever is asked, it takes a step that is open to it, and says how surely."""

from collections.abc import Iterator
from dataclasses import replace

import evidence_maker as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.agents.deciders import BUNDLED
from frontdesk.agents.decision import Decision, Evidence, Observation, PreviousTurn
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.decider import SmallModel
from frontdesk.agents.small.evidence import observe
from frontdesk.agents.small.prompt import ASKS, KINDS, MARKERS, QUOTES, render
from frontdesk.tools.wait_times import PlaceMatch

ANSWERS = {"answer", "not_found"}
DECLINES = {"refuse", "clarify"}
LOOK_UPS = {"search", "contact_lookup"}
PARKING = PlaceMatch("Elm Street", "site", 0.9, "elm")
BEFORE = PreviousTurn("how long is the wait at elm", "wait_times", {"places": ["Elm Street"]})
# What people type, and what somebody might type who knows how the model is asked.
SAID = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(MARKERS), max_size=8).map(" ".join),
    st.lists(st.sampled_from("where is parking elm how long the wait at 9pm dr who".split())).map(
        " ".join
    ),
).filter(lambda text: "http" not in text.lower())


@pytest.fixture(scope="module")
def small() -> Iterator[SmallModel]:
    """The model as it is shipped, without its adapter."""
    model = SmallModel(Engine(BUNDLED, threads=1), BUNDLED)
    yield model
    model.close()


def hold(decision: Decision, evidence: Evidence, allowed: set[str]) -> None:
    """Check what is promised of every decision."""
    assert decision.step in allowed
    assert 0.0 <= decision.probability <= 1.0
    assert len(set(decision.quotes)) == len(decision.quotes) <= QUOTES
    assert all(0 <= quote < len(evidence.candidates) for quote in decision.quotes)
    if decision.step == "answer":
        assert bool(decision.quotes) == bool(evidence.candidates)
    elif decision.step == "wait_times":
        assert decision.arguments["kind"] in KINDS
        assert decision.arguments["ask"] in ASKS
        assert set(decision.arguments["places"]) <= {"Elm Street"}
    elif decision.step in LOOK_UPS:
        said = {evidence.question, BEFORE.question, f"{BEFORE.question} {evidence.question}"}
        assert decision.arguments["query"] in said
    else:
        assert decision.arguments == {}


@given(said=SAID, follows=st.booleans(), live=st.booleans(), place=st.booleans())
@settings(deadline=None, max_examples=120)  # other work may share the machine
def test_any_text_gives_a_first_step(
    small: SmallModel, said: str, follows: bool, live: bool, place: bool
) -> None:
    evidence = replace(
        made.evidence(said, BEFORE if follows else None),
        waits_available=live,
        places=[PARKING] if place else [],
    )
    allowed = LOOK_UPS | DECLINES | ({"wait_times"} if live else set())
    hold(small.decide(evidence), evidence, allowed)


@given(said=SAID, live=st.booleans(), sentences=st.lists(st.text(min_size=1), max_size=24))
@settings(deadline=None, max_examples=80)
def test_any_page_gives_a_second_step(
    small: SmallModel, said: str, live: bool, sentences: list[str]
) -> None:
    result = made.found(said, [sentences] if sentences else [])
    asked = replace(made.evidence(said), waits_available=live, search=result)
    evidence = observe(asked, Observation("search", {"query": said}, True, 1.0, result))
    allowed = {"contact_lookup"} | ANSWERS | ({"wait_times"} if live else set())
    hold(small.decide(evidence), evidence, allowed)


@pytest.mark.parametrize("said", ["", " ", "\0", "👩‍👩‍👧" * 4000, "a" * 20_000, "é\u0301" * 9000])
def test_the_longest_and_the_emptiest_questions(small: SmallModel, said: str) -> None:
    evidence = made.evidence(said, PreviousTurn(said, "search", {"query": said}))
    assert small.decide(evidence).step in LOOK_UPS | DECLINES
    assert small.decide(made.searched(evidence)).step in {"contact_lookup"} | ANSWERS


def test_each_tool_is_used_once(small: SmallModel) -> None:
    evidence = replace(made.searched(made.evidence("where do i park")), waits_available=True)
    for tool in ("contact_lookup", "wait_times"):
        evidence = observe(evidence, Observation(tool, {}, False, 1.0, error="unreachable"))
    hold(small.decide(evidence), evidence, ANSWERS)


def test_a_failed_search_leaves_nothing_to_quote(small: SmallModel) -> None:
    asked = made.evidence("where do i park")
    evidence = observe(asked, Observation("search", {}, False, 1.0, error="the database is down"))
    decision = small.decide(evidence)
    hold(decision, evidence, {"contact_lookup"} | ANSWERS)
    assert decision.quotes == ()


@pytest.mark.parametrize(
    ("said", "url", "query"),
    [
        ("https://desk.example/parking", "https://desk.example/parking", None),
        ("read http://desk.example/a?b=1, please", "http://desk.example/a?b=1", "read , please"),
        ("(see https://desk.example/x).", "https://desk.example/x", "(see )."),
    ],
)
def test_a_pasted_link_is_read(small: SmallModel, said: str, url: str, query: str | None) -> None:
    decision = small.decide(made.evidence(said))
    assert decision.step == "read_page"
    assert decision.arguments == {"url": url, "query": query or url}
    assert small.decide(made.searched(made.evidence(said))).step != "read_page"


@given(said=SAID, follows=st.booleans())
@settings(deadline=None, max_examples=60)
def test_without_a_feed_no_wait_is_looked_up(small: SmallModel, said: str, follows: bool) -> None:
    evidence = replace(made.evidence(said, BEFORE if follows else None), places=[PARKING])
    assert small.decide(evidence).step != "wait_times"
    assert small.decide(made.searched(evidence)).step != "wait_times"


def test_the_same_evidence_gives_the_same_decision(small: SmallModel) -> None:
    evidence = made.searched(made.evidence("how much is parking"))
    assert small.decide(evidence) == small.decide(evidence)


def test_a_follow_up_is_not_answered_by_what_was_just_shown(small: SmallModel) -> None:
    rows = ["Ticket: Adult; Price: $4", "Ticket: Child; Price: $2"]
    said, joined = "and for a child", "how much is a ticket and for a child"
    first = PreviousTurn("how much is a ticket", "search", {"query": "how much is a ticket"})
    orders = []
    for shown in (rows[:1], rows[1:]):
        result = made.found(joined, [rows])
        asked = replace(made.evidence(said, replace(first, shown=shown)), search=result)
        evidence = observe(asked, Observation("search", {"query": joined}, True, 1.0, result))
        with small.engine.open() as sequence:
            sequence.extend(small.rows(render(evidence)))
            quotes = small._quotes(sequence, evidence, None)
        orders.append([evidence.candidates[n].text for n in quotes])
    assert [order[0] for order in orders] == [rows[1], rows[0]]
