"""Sentences as the chunker reads them, and propositions put together from them word for word."""

from collections.abc import Sequence
from typing import Protocol

from frontdesk.agents.chunking.decision import Needs, Sentence

_IN_LISTS = ("item", "row")


class Unit(Protocol):
    """What is read of a sentence: the store's `Unit` is one."""

    @property
    def sentence(self) -> str: ...
    @property
    def block(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def heading(self) -> tuple[str, ...]: ...


def read_sentences(units: Sequence[Unit]) -> list[Sentence]:
    """Return the page's sentences, each with what it may lean on in its section."""
    found: list[Sentence] = []
    lead = before = ""
    for number, unit in enumerate(units):
        if number and unit.heading != units[number - 1].heading:
            lead = before = ""
        in_list = unit.kind in _IN_LISTS
        leans_on = lead if in_list else before
        found.append(Sentence(number, unit.sentence, unit.kind, unit.block, unit.heading, leans_on))
        before = unit.sentence
        lead = lead if in_list else unit.sentence
    return found


def heading_of(page: str, sentence: Sentence) -> str:
    """Return the heading that a sentence stands under: the nearest, or the page's title."""
    return sentence.heading[-1] if sentence.heading else page


def compose(page: str, sentence: Sentence, needs: Needs) -> str:
    """Return the sentence with what it needs before it; nothing is written that is not there."""
    if needs == "with_before" and sentence.before:
        return f"{sentence.before} {sentence.text}"
    if needs != "alone" and heading_of(page, sentence):
        return f"{heading_of(page, sentence)}: {sentence.text}"
    return sentence.text
