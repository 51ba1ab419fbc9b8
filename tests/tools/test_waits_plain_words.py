"""Words that leave no doubt about a live wait, and the kinds of department they can mean."""

import pytest

from frontdesk.tools.waits.asked import kind_plainly, kinds_said, waits_plainly


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
        ("and the children's one?", "children"),
        ("what about urgent care", "urgent_care"),
        ("ok and the er?", "emergency"),
        ("and elm clinic?", None),
        ("and parking for children?", None),
    ],
)
def test_a_few_words_about_a_kind(question: str, kind: str | None) -> None:
    assert kind_plainly(question, "now") == kind


def test_only_said_kinds_are_possible() -> None:
    assert kinds_said("how long is the wait at elm") == frozenset()
    assert kinds_said("my toddler has a fever, er wait?") == {"children", "emergency"}
