"""Life in danger: every listed cry is caught, and at most 2 % of the listed questions are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from frontdesk.agents.policy.emergency import emergency

FOLDER = Path(__file__).parent


def lines(name: str) -> list[str]:
    return [line for line in (FOLDER / name).read_text("utf-8").splitlines() if line.strip()]


@pytest.mark.parametrize("text", lines("emergencies.txt"))
def test_an_emergency_is_caught(text: str) -> None:
    assert emergency(text) is not None


def test_questions_are_not_emergencies() -> None:
    questions = lines("not_emergencies.txt")
    wrong = [text for text in questions if emergency(text)]
    assert len(wrong) <= 0.02 * len(questions), wrong


def test_the_lists_are_large_enough() -> None:
    assert len(lines("emergencies.txt")) >= 120
    assert len(lines("not_emergencies.txt")) >= 150


@pytest.mark.parametrize("change", [str.upper, str.title, lambda text: f"  {text}!!!  "])
def test_case_and_punctuation_do_not_matter(change: Callable[[str], str]) -> None:
    assert all(emergency(change(text)) for text in lines("emergencies.txt"))


@pytest.mark.parametrize("text", ["", " ", "?", "\x00", "a" * 20_000, "😀" * 50, "stop " * 5000])
def test_odd_text_is_taken(text: str) -> None:
    assert emergency(text) is None


def test_the_sign_says_what_was_seen() -> None:
    sign = emergency("my dad colapsed and isnt breathin")
    assert sign is not None
    assert (sign.name, sign.words) == ("breathing", "isnt breathing")
