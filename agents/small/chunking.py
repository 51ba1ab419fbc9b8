"""The bundled model as the agentic chunker's decider: it chooses, and writes no text.

What a sentence needs to stand alone is one choice; the proposition is then put together from the
page, word for word. Which chunk it joins is another. A chunk is named by its heading and by its
most central sentence.
"""

import time
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from frontdesk.agents.chunking.decision import (
    NEEDS,
    Draft,
    Embed,
    Placement,
    Proposition,
    Sentence,
    Usage,
)
from frontdesk.agents.chunking.sentences import compose, heading_of
from frontdesk.agents.chunking.vectors import KeptVectors
from frontdesk.agents.errors import ModelError
from frontdesk.agents.small.chunking_prompt import SentenceVectors, place_prompt, stand_prompt
from frontdesk.agents.small.decider import SmallModel
from frontdesk.agents.small.prompt import EMBEDDING, Item

NEW = "new"
Choice = TypeVar("Choice", bound=str)


class SmallChunkDecider:
    """Decides with a model trained by this project. Raises `ModelError` when it cannot chunk."""

    def __init__(self, model: SmallModel, embed: Embed, max_words: int) -> None:
        if not model.chunks:
            raise ModelError(
                f"{model.name}: this model was not trained to chunk; set [model] path to one that"
                " was, or to an instruct model, or choose another [chunks] chunker: document"
            )
        self._model = model
        self._embed = KeptVectors(embed)
        self._max_words = max_words
        self.usage = Usage()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    def propose(self, page: str, sentences: Sequence[Sentence]) -> list[Proposition]:
        """Return one proposition a sentence, put together from the page."""
        vectors = sentence_vectors(page, sentences, self._embed)
        needs = [
            self._choose(stand_prompt(sentence, own), NEEDS)[0]
            for sentence, own in zip(sentences, vectors, strict=True)
        ]
        texts = [compose(page, s, n) for s, n in zip(sentences, needs, strict=True)]
        rows = zip(sentences, texts, self._embed(texts), needs, strict=True)
        return [Proposition(*row) for row in rows]

    def place(self, page: str, proposition: Proposition, drafts: Sequence[Draft]) -> Placement:
        """Return the draft that the proposition joins, with its name once it has."""
        sentence = proposition.sentence
        chosen, probability = NEW, 1.0
        if drafts:
            title = self._embed([page])[0]
            prompt = place_prompt(title, proposition, drafts, self._max_words)
            names = [NEW, *(f"join_{number}" for number in range(len(drafts)))]
            chosen, probability = self._choose(prompt, names)
        if chosen == NEW:
            return Placement(None, heading_of(page, sentence), proposition.text, probability)
        number = int(chosen.removeprefix("join_"))
        draft = drafts[number]
        return Placement(number, draft.title, _central(draft, proposition), probability)

    def close(self) -> None:
        """Free the model."""
        self._model.close()

    def _choose(self, prompt: Sequence[Item], allowed: Sequence[Choice]) -> tuple[Choice, float]:
        rows = self._model.rows(prompt)
        began = time.monotonic()
        chosen = self._model.score(rows, allowed)
        self.usage.add(1, len(rows), time.monotonic() - began)
        return chosen


def sentence_vectors(
    page: str, sentences: Sequence[Sentence], embed: Embed
) -> list[SentenceVectors]:
    """Embed each sentence and what it may lean on, all of them together."""
    headings = [s.heading[-1] if s.heading else "" for s in sentences]
    texts = [page, *headings, *(t for s in sentences for t in (s.text, s.before))]
    distinct = [text for text in dict.fromkeys(texts) if text.strip()]
    rows = dict(zip(distinct, embed(distinct), strict=True)) if distinct else {}
    nothing = np.zeros(EMBEDDING, np.float32)
    return [
        SentenceVectors(
            rows.get(page, nothing),
            rows.get(heading),
            rows.get(s.before),
            rows.get(s.text, nothing),
        )
        for s, heading in zip(sentences, headings, strict=True)
    ]


def _central(draft: Draft, proposition: Proposition) -> str:
    """Return the text nearest to the middle of the draft with `proposition` in it."""
    members = (*draft.members, proposition)
    vectors = np.stack([member.vector for member in members])
    return members[int((vectors @ vectors.mean(axis=0)).argmax())].text
