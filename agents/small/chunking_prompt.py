"""The bundled model's prompts as a chunker: one function a task, for training and serving alike.

What a sentence needs to stand alone, and which chunk its proposition joins:

    page | heading | before text | sentence text | <|stand|> with_before
    page | proposition text | join_0 join_1 ... join_7 | <|place|> join_3

Items and slots are those of prompt.py; these prompts and the desk's never meet, so their slots use
the same columns of features.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frontdesk.agents.chunking.decision import KINDS, NEEDS, Draft, Proposition, Sentence, Vector
from frontdesk.agents.small.evidence import words
from frontdesk.agents.small.prompt import (
    EMBEDDING,
    JOIN_MARKERS,
    SCALE,
    SLOT_SIZE,
    Item,
    Slot,
    clip_text,
    marker,
)

STAND, PLACE = marker("stand"), marker("place")
TEXT = 100  # characters: how a text begins says what it leans on; the vectors say the rest
# Columns of each kind of slot, among the features.
_OFFSETS = {"page": 0, "heading": 2, "before": 6, "sentence": 12, "proposition": 22, "chunk": 38}


@dataclass(frozen=True)
class SentenceVectors:
    """Unit vectors (384,) of a sentence and of what it may lean on; None where there is nothing."""

    page: Vector
    heading: Vector | None
    before: Vector | None
    sentence: Vector


def stand_prompt(sentence: Sentence, vectors: SentenceVectors) -> list[Item]:
    """Return the prompt that asks what a sentence needs to stand alone."""
    own = vectors.sentence
    items: list[Item] = [_slot("page", "page", vectors.page, [float(bool(sentence.heading))])]
    if vectors.heading is not None:
        near = _cosine(vectors.heading, own)
        items.append(_slot("heading", "heading", vectors.heading, [near * 3]))
    if vectors.before is not None:
        shared = _shared(sentence.before, sentence.text)
        opens = float(sentence.before.rstrip().endswith(":"))
        numbers = [_cosine(vectors.before, own) * 3, opens, shared * 2]
        items += [
            _slot("before", "before", vectors.before, numbers),
            clip_text(sentence.before)[-TEXT:],
        ]
    numbers = [*_kind(sentence), min(sentence.words, 40) / 10, _cosine(vectors.page, own) * 3]
    items += [_slot("sentence", "sentence", own, numbers), clip_text(sentence.text)[:TEXT]]
    return [*items, STAND]


def place_prompt(
    page: Vector, proposition: Proposition, drafts: Sequence[Draft], max_words: int
) -> list[Item]:
    """Return the prompt that asks which of the shortlisted `drafts` a proposition joins."""
    near = [_cosine(draft.centre, proposition.vector) for draft in drafts]
    best = max(near, default=0.0)
    return [
        _slot("page", "page", page, [float(bool(proposition.sentence.heading))]),
        _proposition(proposition, near),
        clip_text(proposition.sentence.text)[:TEXT],
        *(
            _draft(number, draft, proposition, best, drafts, max_words)
            for number, draft in enumerate(drafts)
        ),
        PLACE,
    ]


def _proposition(proposition: Proposition, near: Sequence[float]) -> Slot:
    ordered = [*sorted(near, reverse=True), 0.0, 0.0]
    sentence = proposition.sentence
    numbers = [
        *_kind(sentence),
        *(float(proposition.needs == needs) for needs in NEEDS),
        min(sentence.words, 40) / 10,
        ordered[0] * 3,
        (ordered[0] - ordered[1]) * 5,
        len(near) / 4,
        float(bool(sentence.before)),
    ]
    return _slot("proposition", "proposition", proposition.vector, numbers)


def _draft(
    number: int,
    draft: Draft,
    proposition: Proposition,
    best: float,
    drafts: Sequence[Draft],
    max_words: int,
) -> Slot:
    """Return the slot of a chunk: its centre, and how it stands to the proposition."""
    sentence, last = proposition.sentence, draft.last
    cosines = draft.vectors @ proposition.vector
    near = _cosine(draft.centre, proposition.vector)
    distance = sentence.number - last.number
    latest = max(other.last.number for other in drafts)
    headings = float(bool(sentence.heading))
    numbers = [
        near * 3,
        (best - near) * 5,
        float(cosines.max()) * 3,
        float(cosines[-1]) * 3,
        headings * (2 * float(last.heading == sentence.heading) - 1),
        headings * float(last.heading[:1] == sentence.heading[:1]),
        draft.words / max_words * 2,
        min(len(draft.members), 12) / 6,
        min(distance, 24) / 8,
        2.0 * float(distance == 1),
        float(last.number == latest),
        float(last.block == sentence.block),
        float(last.kind == sentence.kind),
        _shared(sentence.text, " ".join(member.sentence.text for member in draft.members)) * 2,
        2.0 / (1 + number),
    ]
    return _slot(JOIN_MARKERS[number][2:-2], "chunk", draft.centre, numbers)


def _slot(name: str, group: str, embedding: Vector, features: Sequence[float]) -> Slot:
    values = np.zeros(SLOT_SIZE, dtype=np.float32)
    values[:EMBEDDING] = embedding * SCALE
    start = EMBEDDING + _OFFSETS[group]
    values[start : start + len(features)] = features
    return Slot(marker(name), values)


def _kind(sentence: Sentence) -> list[float]:
    return [float(sentence.kind == kind) for kind in KINDS]


def _cosine(one: Vector, other: Vector) -> float:
    return float(one @ other)


def _shared(text: str, other: str) -> float:
    """Return the share of the topic words of `text` that `other` holds."""
    wanted = set(words(text))
    return len(wanted & set(words(other))) / len(wanted) if wanted else 0.0
