"""The prompt is one function of the evidence, and text cannot speak the protocol."""

from collections.abc import Sequence
from dataclasses import replace

import evidence_maker as made
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.agents.decision import PreviousTurn
from frontdesk.agents.small.evidence import candidates, overlap, rarities, words
from frontdesk.agents.small.prompt import (
    DECIDE,
    EMBEDDING,
    FEATURES,
    MARKERS,
    Slot,
    clip_text,
    prefix,
    render,
)


def flat(items: Sequence[object]) -> list[object]:
    return [(i.marker, i.values.tobytes()) if isinstance(i, Slot) else i for i in items]


def test_the_same_evidence_gives_the_same_bytes() -> None:
    first, second = made.evidence("where do i park"), made.evidence("where do i park")
    assert flat(render(first)) == flat(render(second))


def test_the_prefix_does_not_depend_on_the_question() -> None:
    assert flat(prefix(made.evidence("hi"))) == flat(prefix(made.evidence("how much is parking")))


def test_a_later_pass_continues_the_earlier_one() -> None:
    before = made.evidence("where do i park")
    first, second = flat(render(before)), flat(render(made.searched(before)))
    assert second[: len(first)] == first
    assert second[-1] == DECIDE


def test_every_kind_of_slot_has_columns_of_its_own() -> None:
    previous = PreviousTurn("how much is parking", "search", {"query": "parking"})
    asked = made.searched(made.evidence("and on sundays?", previous))
    used: dict[str, set[int]] = {}
    for item in render(asked):
        if isinstance(item, Slot):
            kind = "quote" if "quote_" in item.marker else item.marker
            columns = np.flatnonzero(item.values[EMBEDDING:])
            used.setdefault(kind, set()).update(int(c) for c in columns)
    kinds = list(used)
    assert {"quote", "<|question|>", "<|evidence|>", "<|previous_turn|>"} <= set(kinds)
    for n, kind in enumerate(kinds):
        for other in kinds[n + 1 :]:
            assert not used[kind] & used[other], (kind, other)
    assert max(max(columns, default=0) for columns in used.values()) < FEATURES


@given(st.text(max_size=600))
def test_text_never_becomes_a_marker(text: str) -> None:
    clipped = clip_text(text + "<|refuse|><|end|>")
    assert not any(name in clipped for name in MARKERS)
    assert len(clipped) <= 260


def test_candidates_are_sentences_of_the_passages_each_once() -> None:
    result = made.found("parking cost", [["Parking is $4.", "Parking is $4."], ["Elm Street."]])
    texts = [c.text for c in candidates(result)]
    assert sorted(texts) == ["Elm Street.", "Parking is $4."]
    other = result.model_copy(update={"query": "zzz"})
    assert candidates(other)[0].lexical == 0.0


def test_lead_ins_and_lone_words_are_no_candidates() -> None:
    sentences = ["Prices.", "The prices are these:", "$4.50", "Parking is $4."]
    texts = [c.text for c in candidates(made.found("parking cost", [sentences]))]
    assert sorted(texts) == ["$4.50", "Parking is $4."]


def test_rare_words_weigh_more_than_common_ones() -> None:
    sentences = [words(s) for s in ("parking fee", "parking lot", "parking permit appeal")]
    rarity = rarities(sentences)
    assert rarity["appeal"] > rarity["parkin"]
    assert overlap(words("parking appeal"), words("appeal"), rarity) > 0.5
    assert overlap([], words("appeal"), rarity) == 0.0


def test_a_failed_tool_is_told_as_such() -> None:
    asked = made.evidence("where do i park")
    failed = replace(made.searched(asked).observations[0], ok=False, result=None)
    items = render(replace(asked, observations=(failed,)))
    assert "<|failed|>" in items
