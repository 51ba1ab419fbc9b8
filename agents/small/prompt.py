"""The bundled model's prompt: one function for training and serving, byte for byte.

A prompt is a list of items. An item is a marker ("<|decide|>"), a piece of the person's text, or a
`Slot`: a marker that carries evidence, fed to the model as an input embedding

    row = token_embedding[marker] + projector @ concatenate([embedding, features])

as vision-language models do with image patches (Liu et al. 2023, "Visual Instruction Tuning").
One turn, with the passes of the ReAct loop in order; the fixed part comes first:

    desk | previous? text | question text | passage passage passage | evidence | <|decide|> step ...
         | observed candidate_1 ... candidate_16 | <|decide|> step quote_3 <|end|>
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frontdesk.agents.chunking.decision import NEEDS, SHORTLIST
from frontdesk.agents.decision import STEPS, Candidate, Evidence, Observation, Vector
from frontdesk.agents.small.evidence import CANDIDATES
from frontdesk.tools.contact_lookup import ContactResult
from frontdesk.tools.search import SearchResult
from frontdesk.tools.waits.board import Ask, KindFilter

EMBEDDING = 384
FEATURES = 64
SLOT_SIZE = EMBEDDING + FEATURES
# Unit vectors have entries near 0.05: this weighs a whole embedding like a few features.
SCALE = 3.0
PASSAGES = 3
REFERENCES = ("this", "previous")
KINDS: tuple[KindFilter, ...] = ("any", "emergency", "urgent_care", "children")
ASKS: tuple[Ask, ...] = ("now", "shortest", "compare", "open", "nearest", "trend")
PLACES = ("site", "town", "region")
MATCHES = ("name", "role", "team", "site", "description")
TEXT_HEAD, TEXT_TAIL = 160, 80
LEXICAL_CAP = 30.0
QUOTES = 3


def marker(name: str) -> str:
    """Return the special token of a protocol word: marker("end") is "<|end|>"."""
    return f"<|{name}|>"


END, DECIDE = marker("end"), marker("decide")
QUOTE_MARKERS = tuple(marker(f"quote_{n}") for n in range(CANDIDATES))
# The words of the chunker's prompts (chunking_prompt.py); a model may be trained without them.
JOIN_MARKERS = tuple(marker(f"join_{n}") for n in range(SHORTLIST))
CHUNK_MARKERS: tuple[str, ...] = (
    *(marker(n) for n in ("page", "heading", "before", "sentence", "proposition")),
    *(marker(n) for n in ("stand", "place", *NEEDS, "new")),
    *JOIN_MARKERS,
)
MARKERS: tuple[str, ...] = (
    END,
    DECIDE,
    *(marker(n) for n in ("pad", "desk", "previous_turn", "question", "passage", "evidence")),
    *(marker(n) for n in ("observed", "failed", "all")),
    *(marker(name) for name in (*STEPS, *REFERENCES, *KINDS, *ASKS)),
    *QUOTE_MARKERS,
    *CHUNK_MARKERS,
)


@dataclass(frozen=True)
class Slot:
    """A marker with evidence: `values` (EMBEDDING + FEATURES,) float32."""

    marker: str
    values: Vector


Item = str | Slot

# Where each kind of slot keeps its features, so that no column means two things.
_OFFSETS = {
    "desk": 0,
    "previous_turn": 4,
    "question": 13,
    "passage": 17,
    "evidence": 21,
    "quote": 46,
}


def _slot(name: str, group: str, embedding: Vector | None, features: Sequence[float]) -> Slot:
    values = np.zeros(SLOT_SIZE, dtype=np.float32)
    if embedding is not None:
        values[:EMBEDDING] = embedding * SCALE
    start = EMBEDDING + _OFFSETS[group]
    values[start : start + len(features)] = features
    return Slot(marker(name), values)


def _one_hot(value: str, names: Sequence[str]) -> list[float]:
    return [float(value == name) for name in names]


def clip_text(text: str) -> str:
    """Return `text` as the model reads it: lower case, single spaces, a long middle cut."""
    plain = " ".join(text.lower().replace("<|", "< |").split())
    if len(plain) > TEXT_HEAD + TEXT_TAIL:
        plain = f"{plain[:TEXT_HEAD]} … {plain[-TEXT_TAIL:]}"
    return plain


def prefix(evidence: Evidence) -> list[Item]:
    """Return the part that is the same in every turn of one organisation."""
    tools = [float(evidence.waits_available)]
    return [_slot("desk", "desk", evidence.scope_vector, tools)]


def question(evidence: Evidence) -> list[Item]:
    """Return the turn up to the first decision."""
    items: list[Item] = []
    if evidence.previous:
        step = _one_hot(evidence.previous.step, STEPS)
        items += [
            _slot("previous_turn", "previous_turn", evidence.previous_vector, step),
            clip_text(evidence.previous.question),
        ]
    vector = evidence.search.query_vector if evidence.search else None
    size = len(evidence.question.split())
    items += [
        _slot(
            "question", "question", vector, [min(size, 30) / 10, float("?" in evidence.question)]
        ),
        clip_text(evidence.question),
    ]
    if evidence.search:
        items += _passages(evidence.search)
    return [*items, _slot("evidence", "evidence", None, _summary(evidence)), DECIDE]


def observed(observation: Observation, found: Sequence[Candidate]) -> list[Item]:
    """Return what the model reads of a tool's answer, up to the next decision."""
    if not observation.ok:
        return [marker("failed"), DECIDE]
    if not isinstance(observation.result, SearchResult):
        return [marker("observed"), DECIDE]
    best = max((c.dense for c in found), default=0.0)
    slots = [_candidate(n, c, best) for n, c in enumerate(found)]
    return [marker("observed"), *slots, DECIDE]


def render(evidence: Evidence) -> list[Item]:
    """Return the whole prompt of the next decision."""
    items = [*prefix(evidence), *question(evidence)]
    for observation in evidence.observations:
        items += [marker(observation.tool), END, *observed(observation, evidence.candidates)]
    return items


def _passages(result: SearchResult) -> list[Item]:
    slots: list[Item] = []
    for passage, vectors in list(zip(result.passages, result.sentence_vectors, strict=True))[
        :PASSAGES
    ]:
        best = float((vectors @ result.query_vector).max()) if len(vectors) else 0.0
        middle = vectors.mean(axis=0) if len(vectors) else None
        slots.append(_slot("passage", "passage", middle, [passage.dense * 3, best * 3]))
    return slots


def _strengths(result: SearchResult | None) -> list[float]:
    """Return how well the store knows a query: its best passage, sentence, and their spread."""
    if result is None or not result.passages:
        return [0.0] * 4
    dense = sorted((p.dense for p in result.passages), reverse=True)
    sentences = [float((v @ result.query_vector).max()) for v in result.sentence_vectors if len(v)]
    lexical = max(p.lexical for p in result.passages)
    return [
        dense[0] * 3,
        float(np.mean(dense)) * 3,
        max(sentences, default=0.0) * 3,
        min(lexical, LEXICAL_CAP) / 10,
    ]


def _contact(result: ContactResult | None) -> list[float]:
    if result is None or not result.matches:
        return [0.0] * (3 + len(MATCHES))
    best = result.matches[0]
    runner_up = result.matches[1].score if len(result.matches) > 1 else 0.0
    return [
        best.score * 2,
        runner_up * 2,
        float(result.clear),
        *_one_hot(best.matched_on, MATCHES),
    ]


def _summary(evidence: Evidence) -> list[float]:
    """Return the numbers of the evidence slot: store, scope, directory, places."""
    scope = 0.0
    if evidence.scope_vector is not None and evidence.search is not None:
        scope = float(evidence.scope_vector @ evidence.search.query_vector) * 3
    place = evidence.places[0] if evidence.places else None
    return [
        *_strengths(evidence.search),
        *_strengths(evidence.search_with_previous),
        scope,
        *_contact(evidence.contacts),
        float(evidence.waits_available),
        min(len(evidence.places), 4) / 2,
        place.score * 2 if place else 0.0,
        *_one_hot(place.kind if place else "", PLACES),
    ]


# What kind of answer a sentence holds: "how much" wants a price, "when" a time or a date.
_KINDS_OF_LITERAL = (
    re.compile(r"[$€£]\s?\d|\d\s?(?:dollars|cents|euros)|\bfree\b|\bno (?:charge|cost|fee)", re.I),
    re.compile(r"\d\s?(?:a\.?m|p\.?m)\b|\d:\d\d|\bnoon\b|\bmidnight\b|\b24 hours\b", re.I),
    re.compile(
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|march|april|may|june"
        r"|july|august|september|october|november|december)\b|\b(?:daily|weekdays?|weekends?)\b",
        re.I,
    ),
    re.compile(r"\b\d+\s(?:\w+\s)?(?:days?|weeks?|months?|hours?|minutes?|years?)\b", re.I),
    re.compile(r"\d{3}[-. ]\d{4}"),
    re.compile(r"@|https?:|www\."),
    re.compile(
        r"\b(?:street|avenue|road|floor|room|building|level|entrance|located|drive)\b", re.I
    ),
    re.compile(r"\b(?:must|cannot|not|only|required|need)\b", re.I),
    re.compile(r"\d"),
)


def _candidate(number: int, candidate: Candidate, best: float) -> Slot:
    kinds = [float(bool(kind.search(candidate.text))) for kind in _KINDS_OF_LITERAL]
    numbers = [
        candidate.dense * 3,
        (best - candidate.dense) * 5,
        candidate.lexical * 2,
        candidate.context * 2,
        candidate.passage / 3,
        min(len(candidate.text.split()), 60) / 20,
    ]
    likely = 2.0 / (1 + number)
    return _slot(f"quote_{number}", "quote", candidate.vector, [*numbers, *kinds, likely])
