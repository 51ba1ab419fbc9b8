"""What a question's own words ask for, and the places that no feed here knows."""

import pytest

from frontdesk.tools.waits.asked import asked_of_waits, asked_plainly
from frontdesk.tools.waits.elsewhere import named_elsewhere

OWN = "Hospitals, urgent care and current wait times of Kestrel Valley Health."


@pytest.mark.parametrize(
    ("question", "ask"),
    [
        ("Will Quayside be open at nine tonight?", "open"),
        ("is it still open", "open"),
        ("is the wait at the general getting any better", "trend"),
        ("has it gone down", "trend"),
        ("is that longer than usual", "trend"),
        ("which is nearest to Corrigan", "nearest"),
        ("where is the shortest wait", "shortest"),
        ("compare quayside and northlight", "compare"),
        ("Is urgent care faster than emergency?", "compare"),
        ("hows the wait at foothils rn", None),
        ("quayside or northlight", None),
        ("what is the shortest wait near the closest station", None),
        ("how long is the line when the gates open", None),
        ("", None),
    ],
)
def test_what_is_plainly_asked(question: str, ask: str | None) -> None:
    assert asked_plainly(question) == ask


@pytest.mark.parametrize(
    ("question", "named", "ask"),
    [
        ("which window has the fewest people", 0, "shortest"),
        ("any er under an hour right now", 0, "shortest"),
        ("ok so which one should i go to", 0, "shortest"),
        ("is the queue at quayside shrinking", 1, "trend"),
        ("is it quicker than an hour ago", 0, "trend"),
        ("quayside still taking people?", 1, "open"),
        ("what's open near quayside", 1, "nearest"),
        ("quayside or northlight", 2, "compare"),
        ("wait at quayside, and parking at northlight", 2, None),
        ("quayside or northlight, still open?", 2, "open"),
        ("is the wait longer than an hour", 0, None),
        ("how long at quayside", 1, None),
        ("", 0, None),
    ],
)
def test_what_is_asked_of_waits(question: str, named: int, ask: str | None) -> None:
    assert asked_of_waits(question, named) == ask


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How long is the wait at Foothills Medical Centre?", "Foothills Medical Centre"),
        ("how busy is the er in Calgary right now", "Calgary"),
        ("wait at the Larkspur clinic, please", "Larkspur clinic"),
        ("waits in xanthopolis", "xanthopolis"),
        ("where is the shortest wait in Kestrel Valley", ""),
        ("how long is the wait at the emergency", ""),
        ("how long at the moment", ""),
        ("who is open at nine tonight", ""),
        ("are you open in December", ""),
        ("how long will i wait", ""),
        ("WAIT AT THE HOSPITAL", ""),
        ("", ""),
    ],
)
def test_a_place_that_is_named_elsewhere(question: str, name: str) -> None:
    assert named_elsewhere(question, OWN) == name
