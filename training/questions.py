"""The questions of one organisation: written, generated, changing the topic, from public sets."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from frontdesk.training.corpus import Expectation, Organisation, Question
from frontdesk.training.synthesise import generate, public_sets
from frontdesk.training.traces import noisy

PUBLIC_PER_DESK = {"off_topic": 150, "chat": 12, "harm": 24, "injection": 16}
KINDS = ("written", "generated", "turns", "public")


@dataclass(frozen=True)
class Mix:
    """Which questions: `copies` noisy ones of a written question, `scale` for the rest.

    `public` is the folder of the public sets; without them there are none of that kind. Badly typed
    are `noise` of the generated ones, and three quarters as many of the rest.
    """

    public: Path | None = None
    copies: int = 1
    scale: float = 1.0
    kinds: tuple[str, ...] = KINDS
    noise: float = 0.4


def desk_questions(organisation: Organisation, mix: Mix, rng: random.Random) -> Iterator[Question]:
    """Yield the questions of one organisation, kind by kind."""
    kinds = {
        "written": _written(organisation, mix, rng),
        "generated": _generated(organisation, mix, rng),
        "turns": _turns(organisation, mix, rng),
        "public": _public(mix, rng),
    }
    for kind in mix.kinds:
        yield from kinds[kind]


def _written(organisation: Organisation, mix: Mix, rng: random.Random) -> Iterator[Question]:
    for question in organisation.questions:
        yield question
        for _ in range(mix.copies):
            yield noisy(question, rng)


def _generated(organisation: Organisation, mix: Mix, rng: random.Random) -> Iterator[Question]:
    for question in generate(organisation, rng, mix.scale):
        yield noisy(question, rng) if rng.random() < mix.noise else question


def _turns(organisation: Organisation, mix: Mix, rng: random.Random) -> Iterator[Question]:
    """Yield questions that change the topic of a thread: the turn before means nothing."""
    asked = [*organisation.questions, *generate(organisation, rng, 0.3 * mix.scale)]
    before = [q for q in asked if q.history is None]
    for question in asked:
        if question.history is None and question.steps[0].step != "clarify" and rng.random() < 0.6:
            other = question.model_copy(update={"history": rng.choice(before)})
            yield noisy(other, rng) if rng.random() < 0.75 * mix.noise else other


def _public(mix: Mix, rng: random.Random) -> Iterator[Question]:
    public = public_texts(mix.public)
    for kind, count in PUBLIC_PER_DESK.items():
        texts = public.get(kind, [])
        for text in rng.sample(texts, min(len(texts), int(count * mix.scale))):
            yield _outsider(text, kind, rng, 0.75 * mix.noise)


def public_texts(folder: Path | None) -> dict[str, list[str]]:
    """Return the texts of the public sets, by what they are; none without a folder."""
    texts: dict[str, list[str]] = {}
    for text, kind in public_sets(folder) if folder else ():
        texts.setdefault(kind, []).append(text)
    return texts


def _outsider(text: str, kind: str, rng: random.Random, noise: float) -> Question:
    step = Expectation.model_validate(
        {"step": "clarify" if kind == "chat" else "refuse", "why": kind}
    )
    question = Question(q=" ".join(text.split())[:600], steps=(step,), origin="public")
    return noisy(question, rng) if rng.random() < noise else question
