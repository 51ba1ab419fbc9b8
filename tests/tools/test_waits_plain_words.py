"""Words that leave no doubt about a live wait, and the kinds of department they can mean."""

import pytest

from frontdesk.tools.waits.asked import waits_plainly
from frontdesk.tools.waits.kinds import kind_said


@pytest.mark.parametrize(
    "question",
    [
        "How long is the wait at Elm Clinic?",
        "elm clinic queue",
        "is elm clinic busy",
        "line-up at elm",
    ],
)
def test_a_wait_to_be_seen(question: str) -> None:
    assert waits_plainly(question)


@pytest.mark.parametrize(
    "question",
    [
        "how long is the wait for hip surgery at Elm",
        "is there a waiting list at Elm",
        "where is the waiting room at elm",
        "what is the usual wait at elm",
        "parking at Elm",
    ],
)
def test_another_wait_or_none(question: str) -> None:
    assert not waits_plainly(question)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how long is the wait at elm", None),
        ("and the children's one?", "children"),
        ("what about urgent care", "urgent_care"),
        ("ok and the er?", "emergency"),
        ("A&E queue at elm", "emergency"),
        ("elm walk-in wait", "urgent_care"),
        ("my toddler has a fever, er wait?", "children"),
        ("im here with my 6 year old", "children"),
        ("my boy's wrist, elm or oak", "children"),
        ("urgent care or the er, which is faster", "any"),
        ("kids and adults both", "any"),
        ("for grown-ups i mean", "any"),
        ("is the red edge open", None),
        ("i'm having a baby, how long is the wait at elm", None),
    ],
)
def test_the_kind_that_is_said(question: str, kind: str | None) -> None:
    assert kind_said(question) == kind
