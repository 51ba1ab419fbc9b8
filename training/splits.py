"""Who may be trained on and who only asked: split by entity, by phrasing and by organisation.

A question of the organisation goes to

    train        when neither what it asks about nor how it is asked is held out
    test         when both are
    validation   when one of them is

so a test question shares neither its people, places and pages nor its wording with training.
Whole organisations are held out by the recipe (`collect.hold_out`, `collect.tests`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from itertools import groupby
from typing import Literal

from frontdesk.training import phrases, structure
from frontdesk.training.corpus import Organisation, Question
from frontdesk.training.traces import tokens

Split = Literal["train", "validation", "test", "preferences"]


@dataclass(frozen=True)
class Splitter:
    """Splits the questions of one organisation; `entities` are those that are held out."""

    organisation: Organisation
    entities: frozenset[str]
    phrasings: float
    seed: int

    @classmethod
    def of(
        cls, organisation: Organisation, *, entities: float, phrasings: float, seed: int
    ) -> "Splitter":
        """Hold out a share of each kind of entity, at least one, and a share of the phrasings."""
        known = sorted(_all_entities(organisation))
        held: list[str] = []
        for _, kind in groupby(known, key=lambda name: name.split(":")[0]):
            ranked = sorted(kind, key=lambda name: _draw(name, seed))
            held += ranked[: max(1, round(len(ranked) * entities))] if entities else []
        return cls(organisation, frozenset(held), phrasings, seed)

    def split(self, question: Question) -> Literal["train", "validation", "test"]:
        """Return where a question belongs."""
        about = [name in self.entities for name in self.about(question)] if self.entities else []
        ways = phrasings_of(question) if self.phrasings else []
        asked = [self.holds(way) for way in ways]
        if not any(about) and not any(asked):
            return "train"
        return "test" if all(asked) and all(about) else "validation"

    def holds(self, phrasing: str) -> bool:
        """Tell whether a way of asking is held out."""
        return _draw(phrasing, self.seed) < self.phrasings

    def about(self, question: Question) -> set[str]:
        """Return the places, people and pages that a question and the one before it ask about."""
        before = self.about(question.history) if question.history else set()
        return before | set(self._about(question))

    def _about(self, question: Question) -> Iterator[str]:
        for step in question.steps:
            yield from (f"place:{name}" for name in step.places)
            if step.contact:
                yield f"contact:{step.contact}"
            yield from (f"page:{url}" for quote in step.quotes for url in self._pages(quote))
            if step.why == "topic":
                yield from (f"page:{url}" for url in self._headed(question.q.lower()))

    def _pages(self, quote: str) -> list[str]:
        """Return the first page that says it, or that holds all its words in one line."""
        pages = self.organisation.pages.items()
        said = [url for url, text in pages if quote in text]
        if said:
            return said[:1]
        wanted = tokens(quote)
        return [url for url, lines in self._lines.items() if any(not wanted - n for n in lines)][:1]

    @cached_property
    def _lines(self) -> dict[str, list[Counter[str]]]:
        pages = self.organisation.pages.items()
        return {url: [tokens(line) for line in text.splitlines()] for url, text in pages}

    @cached_property
    def _headings(self) -> list[tuple[str, str]]:
        """Every heading, in small letters, with its page."""
        return [
            (heading.lower(), url)
            for url, page in self.organisation.pages.items()
            for heading in structure.headings(page)
        ]

    def _headed(self, text: str) -> list[str]:
        """Return the pages with the longest heading that stands in `text`."""
        found = [(len(heading), url) for heading, url in self._headings if heading in text]
        return [url for length, url in found if length == max(found)[0]]


def phrasings_of(question: Question) -> list[str]:
    """Return how a question, and the one before it, are asked: their templates, or their words."""
    before = phrasings_of(question.history) if question.history else []
    return [*before, phrasing(question.q)]


@cache
def phrasing(text: str) -> str:
    """Return the template that `text` was made from, the one with most words of its own."""
    plain = _stripped(text.lower())
    fitting = [template for template, form in _forms() if form.fullmatch(plain)]
    return max(fitting, key=_own_words, default=" ".join(re.findall(r"\w+", plain)))


def _own_words(template: str) -> tuple[int, str]:
    return len(re.sub(r"\{\w\}", "", template)), template


@cache
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    """Return every template with the expression that finds what was made from it."""
    forms = []
    for template in sorted(set(_templates())):
        if _own_words(template)[0] < 3:
            continue  # it would fit everything
        pieces = re.split(r"\{\w\}", template.lower())
        forms.append((template, re.compile(".+?".join(map(re.escape, pieces)))))
    return forms


def _templates() -> Iterator[str]:
    for module in (phrases, structure):
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, tuple | dict) and "NAMES" not in name:
                yield from _strings(value.values() if isinstance(value, dict) else value)


def _strings(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, tuple):
            yield from _strings(value[:1] if len(value) == 2 else value)
        elif isinstance(value, str) and len(value) > 2 and value not in _AROUND:
            yield value


_AROUND = frozenset((*phrases.OPENERS, *phrases.CLOSERS))


def _stripped(text: str) -> str:
    """Return `text` without what `synthesise` puts before and after a template."""
    for opener in sorted(filter(None, phrases.OPENERS), key=len, reverse=True):
        if text.startswith(opener):
            text = text.removeprefix(opener)
            break
    for closer in sorted(filter(None, phrases.CLOSERS), key=len, reverse=True):
        if text.endswith(closer):
            text = text.removesuffix(closer)
            break
    return text.strip()


def _all_entities(organisation: Organisation) -> Iterator[str]:
    yield from (f"contact:{row['name']}" for row in organisation.contacts)
    yield from (f"page:{url}" for url in organisation.pages)
    names = {row[key] for row in organisation.places for key in ("name", "town", "region")}
    yield from (f"place:{name}" for name in names if name)


def _draw(name: str, seed: int) -> float:
    """Return a number from 0 to 1 that is always the same for a name."""
    digest = sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
