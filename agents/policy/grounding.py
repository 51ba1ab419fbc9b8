"""Verbatim grounding: an answer from the site is made of its sentences, each with its source.

The model names candidates; this puts them in page order, joins neighbours, and marks each group
with the number of the passage it stands in, as in "A day pass is $14.25. [1]".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from frontdesk.agents.decision import Candidate, Evidence
from frontdesk.agents.small.evidence import candidates
from frontdesk.tools.contact_lookup import Contact
from frontdesk.tools.search import Passage, SearchResult

# A table row as it is stored: "Day: Saturday; Hours: 9 am - 1 pm".
_ROW = re.compile(r"[^:;.]{1,60}: [^;]*; [^:;]{1,60}: ")
_BARE_WORDS = 4  # a quote this short without a full stop says nothing without its heading


class Source(BaseModel):
    """Where a statement stands. `n` is its mark in the answer, `fetched_at` is ISO 8601."""

    model_config = ConfigDict(frozen=True)

    n: int
    title: str
    url: str
    heading: str = ""
    quote: str = ""
    fetched_at: str = ""


class Grounded(BaseModel):
    """An answer and its sources, in the order of their marks."""

    model_config = ConfigDict(frozen=True)

    text: str
    sources: tuple[Source, ...] = ()


def verbatim(evidence: Evidence, quotes: Sequence[int], *, first: int = 1) -> Grounded:
    """Return the chosen candidates as an answer; sources are numbered from `first`.

    Indices outside `evidence.candidates` are left out.
    """
    if evidence.search is None:
        return Grounded(text="")
    chosen = [evidence.candidates[n] for n in quotes if 0 <= n < len(evidence.candidates)]
    paragraphs: list[str] = []
    sources: list[Source] = []
    for passage, indices in _by_passage(evidence.search, chosen):
        n = first + len(sources)
        groups = [" ".join(passage.sentences[i].strip() for i in run) for run in _runs(indices)]
        said = [f"{_in_context(passage, group)} [{n}]" for group in groups]
        separator = "\n" if any(_ROW.match(group) for group in groups) else " "
        paragraphs.append(separator.join(said))
        sources.append(
            Source(
                n=n,
                title=passage.title,
                url=passage.url,
                heading=" > ".join(passage.heading),
                quote=" … ".join(groups),
                fetched_at=iso(passage.fetched_at),
            )
        )
    return Grounded(text="\n\n".join(paragraphs), sources=tuple(sources))


def naming(evidence: Evidence, contact: Contact, *, first: int = 1) -> Grounded:
    """Return the best sentence of the site that gives this contact's phone or e-mail, if any does.

    Whoever asks "who do I call about parking" sees the page that says so beside the directory.
    """
    if evidence.search is None:
        return Grounded(text="")
    found = candidates(evidence.search)
    for n, candidate in enumerate(found):
        if _gives(candidate.text, contact):
            return verbatim(replace(evidence, candidates=found), [n], first=first)
    return Grounded(text="")


def _gives(sentence: str, contact: Contact) -> bool:
    number = re.sub(r"\D", "", re.split(r"ext|x", contact.phone, maxsplit=1)[0])[-10:]
    if len(number) >= 7 and number in re.sub(r"\D", "", sentence):
        return True
    return bool(contact.email) and contact.email.lower() in sentence.lower()


def observed_texts(evidence: Evidence) -> list[str]:
    """Return every text that this turn's tools answered, from which literals may be repeated."""
    texts: list[str] = []
    for search in (evidence.search, evidence.search_with_previous):
        for passage in search.passages if search else ():
            texts += [passage.title, *passage.heading, passage.url, *passage.sentences]
    for observation in evidence.observations:
        if observation.error:
            texts.append(observation.error)
        if not isinstance(observation.result, SearchResult):
            texts.append(str(getattr(observation.result, "text", "") or ""))
    return texts


def iso(moment: datetime | None) -> str:
    """Return a time as ISO 8601 to the second, or ""."""
    return moment.isoformat(timespec="seconds") if moment else ""


def _by_passage(
    search: SearchResult, chosen: Sequence[Candidate]
) -> Iterator[tuple[Passage, list[int]]]:
    """Yield each quoted passage with its sentences: best page first, then in page order."""
    pages = list(dict.fromkeys(search.passages[c.passage].url for c in chosen))
    ranks = sorted(
        {candidate.passage for candidate in chosen},
        key=lambda n: (pages.index(search.passages[n].url), search.passages[n].chunk_id),
    )
    for rank in ranks:
        yield search.passages[rank], sorted({c.sentence for c in chosen if c.passage == rank})


def _runs(indices: Sequence[int]) -> list[list[int]]:
    """Return the runs of neighbouring numbers: [2, 3, 6] is [2, 3] and [6]."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _in_context(passage: Passage, quote: str) -> str:
    """Put the heading before a quote that cannot stand alone: a table row, a bare phrase."""
    heading = (passage.heading[-1] if passage.heading else passage.title).strip()
    bare = len(quote.split()) <= _BARE_WORDS and not quote.rstrip().endswith((".", "!", "?"))
    if heading and (bare or _ROW.match(quote)) and heading.casefold() not in quote.casefold():
        return f"{heading.rstrip(':')}: {quote}"
    return quote
