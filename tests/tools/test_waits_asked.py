"""What a question's own words ask for, and the places that no feed here knows."""

import pytest

from frontdesk.tools.waits.asked import asked_plainly
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
