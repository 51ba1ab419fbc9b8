"""Questions read off a site's structure: sections by their headings, facts by their table rows.

A row as the store keeps it, and what it gives:

    Day: Saturday; Hours: 9 am - 1 pm       "hours on saturday (library)" -> that row
    Adult single: $2.60                     "how much is adult single"    -> that row
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from frontdesk.training.corpus import Expectation, Organisation, Question

SECTION = (
    "what should i know about {h}", "how does {h} work", "can you explain {h}", "{h} please",
    "where do i read about {h}", "what is there on {h}", "i want to know about {h}",
    "help me with {h}", "what do you say about {h}", "is there anything on {h}", "{h} information",
)  # fmt: skip
SECTION_ON_PAGE = (
    "{t}: {h}", "{h} for {t}", "what does {t} say about {h}", "{h} - {t}", "about {h} at {t}",
)  # fmt: skip
PRICE = (
    "how much is {x}", "what does {x} cost", "price of {x}", "{x} price", "cost for {x}",
    "how much do i pay for {x}", "what do you charge for {x}", "fee for {x}", "is {x} expensive",
)  # fmt: skip
HOURS = (
    "what are the hours for {x}", "{x} hours", "what time is {x}", "when is {x}", "{x} times",
    "when can i come for {x}", "opening times {x}", "how late is {x}",
)  # fmt: skip
VALUE = (
    "what is the {a} for {x}", "{a} of {x}", "{x} {a}", "{a} for {x}", "tell me the {a} of {x}",
    "which {a} does {x} have", "whats the {a} of {x}",
)  # fmt: skip
_PRICE = re.compile(r"[$€£]\s?\d|\d\s?(?:dollars|cents|euros|pounds)|\bfree\b", re.I)
_TIME = re.compile(r"\d\s?(?:a\.?m|p\.?m)\b|\d:\d\d|\bnoon\b|\bmidnight\b|\b24 hours\b", re.I)
_CONTACT = re.compile(r"\d{3}[-. ]\d{4}|@")
_HEADING = re.compile(r"^(#{1,6}) (.+)$")


@dataclass(frozen=True)
class Section:
    """What stands below one heading of a page."""

    title: str
    heading: str
    sentences: tuple[str, ...]


def headings(page: str) -> list[str]:
    """Return the headings of a page in Markdown, its title first."""
    return [match[2].strip() for line in page.splitlines() if (match := _HEADING.match(line))]


def sections(page: str) -> Iterator[Section]:
    """Yield the sections of a page in Markdown that hold any text."""
    title = heading = ""
    lines: list[str] = []
    for line in [*page.splitlines(), "# end"]:
        match = _HEADING.match(line)
        if not match:
            lines += [line.strip()] if line.strip() else []
            continue
        if lines and heading:
            yield Section(title, heading, tuple(lines))
        lines, heading = [], match[2].strip()
        title = title or heading


def ask_structure(organisation: Organisation, rng: random.Random, count: int) -> list[Question]:
    """Return at most `count` questions whose answers stand in the site, no two of one fact."""
    made = [
        question
        for page in organisation.pages.values()
        for section in sections(page)
        for question in (*_about(section, rng), *_facts(section, rng))
    ]
    rng.shuffle(made)
    return made[:count]


def _question(text: str, *quotes: str) -> Question:
    step = Expectation(step="search", quotes=quotes)
    return Question(q=text, steps=(step,), origin="generated")


def _about(section: Section, rng: random.Random) -> Iterator[Question]:
    """Yield a question about a whole section: its first sentences answer."""
    answers = [sentence for sentence in section.sentences if len(sentence.split()) > 3][:3]
    if not answers or len(section.heading.split()) > 8:
        return
    alone = section.heading == section.title
    template = rng.choice(SECTION if alone or rng.random() < 0.6 else SECTION_ON_PAGE)
    text = template.format(h=section.heading.lower(), t=section.title.lower())
    yield _question(text, *answers)


def _facts(section: Section, rng: random.Random) -> Iterator[Question]:
    for sentence in section.sentences:
        fact = _fact(sentence, section, rng)
        if fact:
            yield _question(fact, sentence)


def _fact(sentence: str, section: Section, rng: random.Random) -> str:
    """Return a question that a row answers, or "" where the sentence is no row."""
    cells = [cell.partition(": ") for cell in sentence.strip("-* ").split("; ")]
    if len(sentence) > 240 or not cells[0][1] or _CONTACT.search(sentence):
        return ""
    named = len(cells) > 1 and all(cell[1] for cell in cells)
    subject = (cells[0][2] if named else cells[0][0]).strip(". ").lower()
    if not 0 < len(subject.split()) <= 7:
        return ""
    if rng.random() < 0.6 and section.heading.lower() not in subject:
        subject = f"{subject} ({section.heading.lower()})"
    asked, value = (cells[1][0].lower(), cells[1][2]) if named else ("", cells[0][2])
    if _PRICE.search(value):
        return rng.choice(PRICE).format(x=subject)
    if _TIME.search(value):
        return rng.choice(HOURS).format(x=subject)
    return rng.choice(VALUE).format(a=asked, x=subject) if asked else ""
