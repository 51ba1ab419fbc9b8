"""Pages to learn chunking from: real ones, and the same with what makes them easy taken away.

Headings hidden, sections in another order, sections that take turns, two pages on like topics in
one: whoever reads only headings or only the order of the sentences is wrong there.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from frontdesk.agents.chunking.decision import Embed
from frontdesk.db.ingest.chunk import Unit
from frontdesk.training.chunk_labels import Section, without_headings
from frontdesk.training.corpus import Organisation
from frontdesk.training.traces import answers

_SUBJECT = re.compile(
    r"(?!(?:no|there|if|on|in|for|at|after|before|from|when|by|with|during|what|how|it|they|this)\b)"
    r"[\w'’-]+(?: [\w'’-]+){0,4}?"
    r" (?P<verb>is|was|costs|has|opens|closes|takes|are|were|cost|have|may|must|can|cannot) ",
    re.I,
)
_ONE, _MANY = (
    frozenset("is was costs has opens closes takes".split()),
    frozenset("are were cost have".split()),
)
_PARAGRAPHS = 0.25  # of the pages without headings keep them
_LEADS = (
    "{heading}:",
    "{heading}:",
    "The following applies to {topic}:",
    "{heading} include the following:",
    "Please note:",
    "You will need:",
    "What you should know about {topic}:",
)


@dataclass(frozen=True)
class Scene:
    """A page with, for each of its sentences, the name of the section it belongs to."""

    title: str
    units: tuple[Unit, ...]
    sections: tuple[str, ...]


def scenes(
    organisation: Organisation, pages: list[list[Section]], embed: Embed, rng: random.Random
) -> list[Scene]:
    """Return the scenes of one organisation, each of its pages several times, in random order."""
    like = _like_pages(pages, embed)
    found: list[Scene] = list(_asked(organisation, pages, rng))
    for number, page in enumerate(pages):
        found.append(as_written(page, rng, hidden=0.0))
        found.append(as_written(page, rng, hidden=1.0))
        found.append(as_written(rng.sample(page, len(page)), rng, hidden=0.5))
        found.append(taking_turns(page, rng))
        merged = [*page, *pages[like[number]]]
        merged = rng.sample(merged, len(merged)) if rng.random() < 0.5 else merged
        found.append(as_written(merged, rng, hidden=0.7))
    rng.shuffle(found)
    return found


def pronounised(unit: Unit, rng: random.Random) -> Unit | None:
    """Return the sentence with its subject put as a pronoun; None when it has no plain subject."""
    match = _SUBJECT.match(unit.sentence)
    if match is None:
        return None
    verb = match["verb"].lower()
    words: tuple[str, ...] = ("It", "This") if verb in _ONE else ("They", "These")
    if verb not in _ONE | _MANY:
        words = ("It", "They", "This", "These")
    text = f"{rng.choice(words)} {unit.sentence[match.start('verb') :]}"
    return replace(unit, sentence=text)


def listed(section: Section, rng: random.Random) -> list[Unit]:
    """Return the section as a list: a line that opens it, and each sentence as an item."""
    first = section.units[0]
    heading = first.heading[-1] if first.heading else section.page
    lead = rng.choice(_LEADS).format(heading=heading, topic=heading[:1].lower() + heading[1:])
    items = [
        replace(unit, sentence=unit.sentence.rstrip("."), block=first.block + 1 + n, kind="item")
        for n, unit in enumerate(section.units)
    ]
    return [Unit(lead, first.block, "paragraph", first.heading), *items]


def as_written(page: Sequence[Section], rng: random.Random, hidden: float) -> Scene:
    """Return a page, its sections in order; headings are taken away with chance `hidden`.

    So are its paragraphs then, mostly: here a section is often one paragraph, which gives it away.
    """
    units = [unit for section in page for unit in section.units]
    names = [_name(section) for section in page for _ in section.units]
    if rng.random() < hidden:
        units = without_headings(units)
        units = units if rng.random() < _PARAGRAPHS else reblocked(units, rng)
    return Scene(page[0].page, tuple(units), tuple(names))


def taking_turns(page: Sequence[Section], rng: random.Random) -> Scene:
    """Return two or three sections of a page without headings, a few sentences of each in turn."""
    chosen = rng.sample(list(page), min(len(page), rng.choice((2, 3))))
    queues = [list(section.units) for section in chosen]
    units: list[Unit] = []
    names: list[str] = []
    while any(queues):
        number = rng.choice([n for n, queue in enumerate(queues) if queue])
        for _ in range(min(len(queues[number]), rng.choice((1, 1, 2, 3)))):
            units.append(queues[number].pop(0))
            names.append(_name(chosen[number]))
    return Scene(page[0].page, tuple(reblocked(without_headings(units), rng)), tuple(names))


def reblocked(units: Sequence[Unit], rng: random.Random) -> list[Unit]:
    """Return the units in other paragraphs: all text in one, or each sentence in its own.

    Items and rows stay what they are; where a section ends, no paragraph tells.
    """
    apart = rng.random() < 0.5
    block, found = 0, []
    for number, unit in enumerate(units):
        beside = number and unit.kind == units[number - 1].kind == "paragraph"
        block += 0 if beside and not apart else 1
        found.append(replace(unit, block=block))
    return found


def _asked(
    organisation: Organisation, pages: list[list[Section]], rng: random.Random
) -> list[Scene]:
    """Return a scene for each question that needs several quotes: together they are its answer."""
    sections = [section for page in pages for section in page]
    found: list[Scene] = []
    for question in organisation.questions:
        for step in question.steps:
            if not step.all or len(step.quotes) < 2:
                continue
            wanted = [
                unit
                for section in sections
                for unit in section.units
                if any(answers(unit.sentence, quote) for quote in step.quotes)
            ]
            others = [
                (unit, _name(section))
                for section in rng.sample(sections, min(4, len(sections)))
                for unit in section.units
                if unit not in wanted
            ]
            mixed = [*((unit, question.q) for unit in wanted), *others]
            rng.shuffle(mixed)
            units = reblocked(without_headings([unit for unit, _ in mixed]), rng)
            found.append(Scene(organisation.name, tuple(units), tuple(name for _, name in mixed)))
    return found


def _like_pages(pages: list[list[Section]], embed: Embed) -> list[int]:
    """Return for each page the number of the one most like it, by all of its words."""
    texts = [" ".join(u.sentence for section in page for u in section.units) for page in pages]
    vectors = embed(texts)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    return [int(n) for n in cosines.argmax(axis=1)]


def _name(section: Section) -> str:
    return f"{section.url}#{' > '.join(section.units[0].heading)}"
