"""Answers in a model's own words: each sentence with its source, or not said at all."""

from dataclasses import replace

import evidence_maker as made
import pytest

from frontdesk.agents.decision import Evidence
from frontdesk.agents.policy.citing import Citer
from frontdesk.agents.small.evidence import candidates

QUESTION = "what does parking cost"


@pytest.fixture
def evidence() -> Evidence:
    """A search that found two pages of two sentences each."""
    pages = [["Parking is $12 a day.", "Pay at the exit."], ["The shop opens at 9 am.", "Ask Ann."]]
    result = made.found(QUESTION, pages)
    return replace(made.evidence(QUESTION), search=result, candidates=candidates(result))


def numbered(evidence: Evidence, text: str) -> int:
    """Return the index of the candidate that begins with `text`."""
    return next(n for n, c in enumerate(evidence.candidates) if c.text.startswith(text))


def test_marks_become_those_of_the_sources(evidence: Evidence) -> None:
    shop, parking = numbered(evidence, "The shop"), numbered(evidence, "Parking")
    citer = Citer(evidence, [parking, shop], [c.text for c in evidence.candidates], first=3)
    said = citer.sentences(
        f"A day costs $12 [{parking + 1}]. The shop opens at 9 am. [{shop + 1}] Both."
    )
    marks = {source.quote: source.n for source in citer.quoted.sources}
    assert said == [
        f"A day costs $12. [{marks['Parking is $12 a day.']}]",
        f"The shop opens at 9 am. [{marks['The shop opens at 9 am.']}]",
    ]


def test_what_cites_nothing_gets_the_likeliest_mark(evidence: Evidence) -> None:
    citer = Citer(evidence, [numbered(evidence, "Parking")], ["$12"])
    assert citer.sentences("Parking costs $12.") == ["Parking costs $12. [1]"]
    assert citer.sentences("Bananas are yellow.") == []


def test_invented_literals_are_dropped_and_counted(evidence: Evidence) -> None:
    parking = numbered(evidence, "Parking")
    citer = Citer(evidence, [parking], [evidence.candidates[parking].text])
    said = citer.sentences(f"Parking is $13 a day [{parking + 1}]. Parking is $12 a day.")
    assert said == ["Parking is $12 a day. [1]"]
    assert citer.dropped == 1


def test_marks_of_nothing_shown_do_not_count(evidence: Evidence) -> None:
    citer = Citer(evidence, [numbered(evidence, "Parking")], ["$12"])
    assert citer.sentences("Parking is $12 [9].") == ["Parking is $12. [1]"]
