"""What is right for the chunker, read from what an organisation wrote itself.

A section's sentences belong together. A list's items, a table's rows and a sentence that opens with
"It" or "These" lean on what stands before them; a bare phrase leans on its heading.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from frontdesk.agents.chunking.decision import Needs, Sentence
from frontdesk.db.ingest.chunk import Unit, units_of
from frontdesk.db.ingest.extract import extract
from frontdesk.training.corpus import Organisation

_BE = "(?:is|are|was|were|may|must|can|cannot|will|have|has|do|does|apply)"
_LEANS = re.compile(
    rf"(?:it|its|they|them|their|he|she|his|her|this|these|that|such|otherwise|however|instead|also"
    rf"|then|afterwards|here|another|the same|the latter|the former|as a result|so|other \w+ \w+"
    rf"|(?:both|those|either|neither|all|some|one|each|others?) {_BE}"
    rf"|(?:both|each|one|some|all|none|many|most) of (?:them|these|those|this)"
    rf"|(?:in|for|after|at|on|with) (?:this|that|these|those|such)\b)(?![\w-])",
    re.I,
)
# "There is", "It is not permitted to ..." and "After that date" lean on nothing.
_STANDS = re.compile(
    r"(?:it is (?:not )?(?:\w+ )?(?:to|that)\b|so that|this (?:page|section|website|site)\b)", re.I
)
_VERB = re.compile(
    r"\b(is|are|was|were|be|been|has|have|had|may|must|can|cannot|could|will|would|should|do|does|did"
    r"|\w+(?:s|ed))\b",
    re.I,
)
_PHRASE = 5  # words; shorter, or twice as long without a verb, a sentence is a phrase


@dataclass(frozen=True)
class Section:
    """The sentences under one heading of one page."""

    url: str
    page: str
    units: tuple[Unit, ...]


def sections_of(organisation: Organisation) -> list[list[Section]]:
    """Return the sections of each page, in order."""
    return [_sections(url, text) for url, text in organisation.pages.items()]


def needs_of(sentence: Sentence) -> Needs:
    """Return what `sentence` needs to be understood alone."""
    text = sentence.text
    if sentence.kind in ("item", "row"):
        return "with_before" if sentence.before.rstrip().endswith(":") else "with_heading"
    leans = _LEANS.match(text) and not _STANDS.match(text)
    if leans:
        return "with_before" if sentence.before else "with_heading"
    bare = sentence.words < _PHRASE or (sentence.words < 2 * _PHRASE and not _VERB.search(text))
    return "with_heading" if bare else "alone"


def _sections(url: str, text: str) -> list[Section]:
    document = extract(text.encode(), f"file://{url}.md", "", "")
    sections: list[list[Unit]] = []
    for unit in units_of(document):
        if not sections or sections[-1][-1].heading != unit.heading:
            sections.append([])
        sections[-1].append(unit)
    return [Section(url, document.title, tuple(units)) for units in sections]


def without_headings(units: Sequence[Unit]) -> list[Unit]:
    """Return the units of a page whose author wrote no headings."""
    return [replace(unit, heading=()) for unit in units]
