"""The sentence splitter: what people are shown must be whole sentences, exactly."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.db.ingest.sentences import sentences


@pytest.mark.parametrize(
    "whole",
    [
        "Dr. Osei and Mrs. Lee are in at 8 a.m. Monday.",
        "Open 8 a.m. to 5 p.m. Monday to Friday.",
        "The clinic is on Main St. near St. Brenna Hospital.",
        "Go to Room No. 5, ext. 204, fig. 3.",
        "Call 403.555.0199 or 1.800.555.0100 today.",
        "See https://example.org/a.b?c=d. or write to a.b@example.org.",
        "Parking costs $2.50 an hour, i.e. $14.00 a day at most.",
        "Ask for J. Smith or A. B. Jones (see p. 4. Then sign) before noon.",
        "1. Take a ticket at the gate.",
        "The U.S. Consulate is closed.",
        "Wait times e.g. At Foothills are posted.",
    ],
)
def test_stays_whole(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    "parts",
    [
        ["It closes at 5 p.m.", "The clinic reopens at 8 a.m."],
        ["Is it free?", "Yes!", "You pay nothing."],
        ["It is on Main St.", "The entrance is at the back."],
        ["Call 811.", "24 hours a day, nurses answer."],
        ["No.", "You cannot park there."],
        ['He said "Stop."', "Then he left."],
        ["1. Take a ticket.", "2. Wait."],
        ["It costs $5.00.", "Children pay $2."],
        ["これは文です。", "次の文です。"],
    ],
)
def test_is_cut(parts: list[str]) -> None:
    joined = "".join(parts) if parts[0].endswith("。") else " ".join(parts)
    assert sentences(joined) == parts


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from('aB. !?"()5\n\u2026\u3002é'), max_size=80))
def test_nothing_is_lost_and_nothing_invented(text: str) -> None:
    found = sentences(text)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    assert all(sentence == sentence.strip() and sentence in text for sentence in found)
