"""Two questions in one."""

import pytest

from frontdesk.agents.small.parts import parts


@pytest.mark.parametrize(
    ("question", "two"),
    [
        ("wait at elm and where do i park", ("wait at elm", "where do i park")),
        ("elm queue + price for a kid", ("elm queue", "price for a kid")),
        ("is elm open? what days normally", ("is elm open", "what days normally")),
        ("wait at elm now, what does it cost", ("wait at elm now", "what does it cost")),
        ("who runs billing, and also when do you close", ("who runs billing", "when do you close")),
        ("bed and breakfast", ()),
        ("how long at elm", ()),
        ("how long at elm?", ()),
        ("", ()),
    ],
)
def test_the_two_parts(question: str, two: tuple[str, ...]) -> None:
    assert parts(question) == two
