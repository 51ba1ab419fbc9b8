"""What the chunker learns from: labels that the page itself gives, prompts as they are served."""

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from frontdesk.agents.chunking.decision import NEEDS, SHORTLIST, Sentence
from frontdesk.agents.small.prompt import JOIN_MARKERS, Slot, marker
from frontdesk.training.batches import LENGTHS, Example, SlotTable, encode
from frontdesk.training.chunk_labels import needs_of, sections_of
from frontdesk.training.chunk_scenes import listed, pronounised, reblocked, scenes, taking_turns
from frontdesk.training.chunk_traces import PLACE, STAND, chunk_examples
from frontdesk.training.corpus import CORPORA, read_organisation
from frontdesk.training.tokenizer import train_tokenizer

ORGANISATION = read_organisation(CORPORA / "osmere-clinics")


def letters(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Unit vectors from letters alone."""
    rows = np.zeros((len(texts), 384), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for at, character in enumerate(text):
            row[(at * 7 + ord(character)) % 384] += 1.0
    unit: npt.NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return list(chunk_examples(ORGANISATION, letters, random.Random(3)))


def test_both_tasks_have_their_share(examples: list[Example]) -> None:
    targets = Counter(example.target[0] for example in examples)
    stands = {marker(needs): targets[marker(needs)] for needs in NEEDS}
    assert set(stands.values()) == {STAND // len(NEEDS)}
    assert len(examples) == STAND + PLACE
    assert targets[marker("new")] > PLACE / 10
    assert {example.group for example in examples} == {"osmere-clinics:chunks"}


def test_the_right_chunk_is_among_those_shown(examples: list[Example]) -> None:
    for example in examples:
        shown = [i.marker for i in example.items if isinstance(i, Slot) and "join" in i.marker]
        assert shown == list(JOIN_MARKERS[: len(shown)]) and len(shown) <= SHORTLIST
        if example.target[0] in JOIN_MARKERS:
            assert example.target[0] in shown
        assert example.items[-1] == marker("place" if shown else "stand")


def test_chance_repeats(examples: list[Example]) -> None:
    again = list(chunk_examples(ORGANISATION, letters, random.Random(3)))
    assert [e.target for e in again] == [e.target for e in examples]


def test_prompts_are_short_enough_to_train_on(examples: list[Example]) -> None:
    tokenizer = train_tokenizer(list(ORGANISATION.pages.values()), 2000)
    table = SlotTable(tokenizer.get_vocab_size())
    encoded = [encode(example, tokenizer, table) for example in examples]
    assert max(len(e.prompt) + 1 for e in encoded) <= LENGTHS[-1]


@pytest.mark.parametrize(
    ("text", "kind", "before", "needs"),
    [
        ("It is free at night.", "paragraph", "Parking costs $2.", "with_before"),
        ("It is free at night.", "paragraph", "", "with_heading"),
        ("Both are on the first floor.", "paragraph", "There are two labs.", "with_before"),
        ("Both parents may stay.", "paragraph", "A nurse is there.", "with_heading"),
        ("It is not permitted to smoke here.", "paragraph", "Parking costs $2.", "alone"),
        ("Parking is free at night for staff.", "paragraph", "Parking costs $2.", "alone"),
        ("a card", "item", "Bring these:", "with_before"),
        ("a card", "item", "", "with_heading"),
        ("Pass: week; Price: $40", "row", "The rates are reviewed in May.", "with_heading"),
    ],
)
def test_what_a_sentence_needs(text: str, kind: str, before: str, needs: str) -> None:
    assert needs_of(Sentence(1, text, kind, 1, ("Heading",), before)) == needs


def test_what_is_made_harder_keeps_its_sections() -> None:
    rng = random.Random(5)
    pages = sections_of(ORGANISATION)
    known = {unit.sentence for page in pages for section in page for unit in section.units}
    for scene in scenes(ORGANISATION, pages, letters, rng):
        assert len(scene.units) == len(scene.sections)
        assert {unit.sentence for unit in scene.units} <= known
    turns = taking_turns(pages[1], rng)
    assert len(set(turns.sections)) > 1 and all(not unit.heading for unit in turns.units)
    section = pages[0][1]
    lead, *items = listed(section, rng)
    assert lead.sentence.endswith(":") and {item.kind for item in items} == {"item"}
    assert [i.sentence for i in items] == [u.sentence.rstrip(".") for u in section.units]
    said = [pronounised(unit, rng) for page in pages for s in page for unit in s.units]
    begun = Counter(unit.sentence.split()[0] for unit in said if unit is not None)
    assert set(begun) <= {"It", "They", "This", "These"} and begun.total() > 20


def test_no_paragraph_tells_where_a_section_ends() -> None:
    units = [unit for section in sections_of(ORGANISATION)[0] for unit in section.units]
    assert {unit.kind for unit in units} == {"paragraph"}
    counts = {len({u.block for u in reblocked(units, random.Random(n))}) for n in range(8)}
    assert counts == {1, len(units)}
