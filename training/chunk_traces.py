"""Pages to training examples of the chunker, through the prompts and the shortlist of service.

Two tasks: what a sentence needs to stand alone, and which chunk its proposition joins. The second
is collected by chunking a page with the right answers, and now and then a wrong one, so that the
model also meets the chunks that its own mistakes make.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from frontdesk.agents.chunking.decision import (
    NEEDS,
    Draft,
    Embed,
    Needs,
    Proposition,
    Sentence,
)
from frontdesk.agents.chunking.sentences import compose, read_sentences
from frontdesk.agents.chunking.shortlist import shortlist
from frontdesk.agents.chunking.vectors import KeptVectors
from frontdesk.agents.small.chunking import sentence_vectors
from frontdesk.agents.small.chunking_prompt import place_prompt, stand_prompt
from frontdesk.agents.small.prompt import JOIN_MARKERS, marker
from frontdesk.db.ingest.chunk import Unit
from frontdesk.training.batches import Example
from frontdesk.training.chunk_labels import Section, needs_of, sections_of, without_headings
from frontdesk.training.chunk_scenes import Scene, listed, pronounised, scenes
from frontdesk.training.corpus import Organisation

MAX_WORDS = 150  # as in service: db/settings.py
STAND, PLACE = 90, 160  # examples an organisation
_KEPT = 0.4  # the share of a page's placements that is kept: neighbours are alike
_MISTAKE = 0.06
_SHUFFLED = 0.4
_KIND_HIDDEN = 0.2


def chunk_examples(
    organisation: Organisation, embed: Embed, rng: random.Random, scale: float = 1.0
) -> Iterator[Example]:
    """Yield the examples of one organisation, of both tasks."""
    pages = sections_of(organisation)
    remembered = KeptVectors(embed)
    group = f"{organisation.slug}:chunks"
    yield from _stands(pages, remembered, rng, group, int(STAND * scale))
    left = int(PLACE * scale)
    for scene in scenes(organisation, pages, remembered, rng):
        for example in _places(scene, remembered, rng, group):
            if left == 0:
                return
            if rng.random() < _KEPT:
                left -= 1
                yield example


def _stands(
    pages: list[list[Section]], embed: Embed, rng: random.Random, group: str, count: int
) -> Iterator[Example]:
    """Yield examples of what a sentence needs, each of the needs as often where it can be."""
    found: dict[Needs, list[tuple[str, Sentence]]] = {needs: [] for needs in NEEDS}
    for page in pages:
        for units in _versions(page, rng):
            for sentence in read_sentences(units):
                found[needs_of(sentence)].append((page[0].page, sentence))
    for needs, sentences in found.items():
        for title, sentence in rng.sample(sentences, min(len(sentences), count // len(NEEDS))):
            shown = replace(sentence, kind="paragraph") if rng.random() < _KIND_HIDDEN else sentence
            prompt = stand_prompt(shown, sentence_vectors(title, [shown], embed)[0])
            yield Example(tuple(prompt), (marker(needs),), group)


def _versions(page: list[Section], rng: random.Random) -> Iterator[list[Unit]]:
    """Yield the page as it is, with pronouns, and with a list; headings hidden in a third."""
    plain = [unit for section in page for unit in section.units]
    pronouns = [
        (n and rng.random() < 0.5 and pronounised(unit, rng)) or unit
        for section in page
        for n, unit in enumerate(section.units)
    ]
    lists = [
        unit
        for section in page
        for unit in (listed(section, rng) if rng.random() < 0.5 else section.units)
    ]
    for units in (plain, pronouns, lists):
        yield without_headings(units) if rng.random() < 1 / 3 else units


def _places(scene: Scene, embed: Embed, rng: random.Random, group: str) -> Iterator[Example]:
    """Chunk a scene, mostly rightly; yield what was right for each sentence."""
    sentences = read_sentences(scene.units)
    propositions = _propositions(scene.title, sentences, embed, rng)
    title = embed([scene.title])[0]
    drafts: list[Draft] = []
    for proposition in propositions:
        section = scene.sections[proposition.sentence.number]
        offered = shortlist(drafts, proposition, MAX_WORDS)
        right = _right_draft(drafts, proposition, section, scene)
        if drafts and (right is None or right in offered):
            order = rng.sample(offered, len(offered)) if rng.random() < _SHUFFLED else offered
            target = marker("new") if right is None else JOIN_MARKERS[order.index(right)]
            shown = [drafts[n] for n in order]
            prompt = place_prompt(title, proposition, shown, MAX_WORDS)
            yield Example(tuple(prompt), (target,), group)
        if rng.random() < _MISTAKE:
            right = rng.choice([*offered, None])
        _commit(drafts, proposition, right)


def _propositions(
    title: str, sentences: Sequence[Sentence], embed: Embed, rng: random.Random
) -> list[Proposition]:
    """Return the propositions, a few of them put together wrongly."""
    needs = [rng.choice(NEEDS) if rng.random() < _MISTAKE else needs_of(s) for s in sentences]
    texts = [compose(title, s, n) for s, n in zip(sentences, needs, strict=True)]
    rows = zip(sentences, texts, embed(texts), needs, strict=True)
    return [Proposition(*row) for row in rows]


def _right_draft(
    drafts: Sequence[Draft], proposition: Proposition, section: str, scene: Scene
) -> int | None:
    """Return the draft that is mostly of the section and has room, the latest of several."""
    found = None
    for number, draft in enumerate(drafts):
        names = [scene.sections[member.sentence.number] for member in draft.members]
        room = draft.words + proposition.sentence.words <= MAX_WORDS
        if room and names.count(section) * 2 > len(names):
            found = number
    return found


def _commit(drafts: list[Draft], proposition: Proposition, number: int | None) -> None:
    if number is None:
        drafts.append(Draft("", "", (proposition,)))
    else:
        draft = drafts[number]
        drafts[number] = replace(draft, members=(*draft.members, proposition))
