"""Grounded answers: words of the model's own, each sentence marked with the source it rests on.

The model cites the sentences it was shown by their numbers, "Parking is $12 a day [2]."; people see
the numbers of the sources. What cites nothing gets the mark of the quote that it shares most words
with, and is dropped when it shares none: no source, no sentence.
"""

import re
from collections.abc import Mapping, Sequence

from frontdesk.agents.decision import Evidence
from frontdesk.agents.policy.grounding import Grounded, verbatim
from frontdesk.agents.policy.literals import AllowedLiterals, literals
from frontdesk.agents.policy.sentences import sentence_spans
from frontdesk.agents.small.evidence import words

_MARK = re.compile(r"\s*\[(\d{1,3})\]")
_LEAST_SHARED = 0.25  # of a sentence's topic words: below, no quote says what it says


class Citer:
    """Turns what a model writes about `quotes`, indices of candidates, into cited sentences.

    `texts` are what its literals may come from; `first` is the number of the first source.
    """

    def __init__(
        self, evidence: Evidence, quotes: Sequence[int], texts: Sequence[str], *, first: int = 1
    ) -> None:
        self.quoted: Grounded = verbatim(evidence, quotes, first=first)
        self.dropped = 0
        self._allowed = AllowedLiterals(texts)
        self._marks: Mapping[int, int] = {}
        self._words: dict[int, set[str]] = {}
        if evidence.search is None:
            return
        urls = [(source.url, source.heading) for source in self.quoted.sources]
        marks = {}
        for quote in quotes:
            candidate = evidence.candidates[quote]
            passage = evidence.search.passages[candidate.passage]
            place = (passage.url, " > ".join(passage.heading))
            marks[quote + 1] = first + urls.index(place)
            self._words[quote + 1] = set(words(candidate.text))
        self._marks = marks

    def sentences(self, text: str) -> list[str]:
        """Return the sentences of `text` that may be said, each with the marks of its sources."""
        found = (self.sentence(text[start:end]) for start, end in sentence_spans(text))
        return [sentence for sentence in found if sentence]

    def sentence(self, text: str) -> str:
        """Return one sentence with its marks, or "" when it may not be said."""
        numbers = [int(match[1]) for match in _MARK.finditer(text)]
        plain = " ".join(_MARK.sub("", text).split())
        if not words(plain):
            return ""
        invented = [literal for literal in literals(plain) if literal not in self._allowed]
        if invented:
            self.dropped += len(invented)
            return ""
        cited = [n for n in numbers if n in self._marks] or self._likeliest(plain)
        marks = sorted({self._marks[n] for n in cited})
        return f"{plain} {''.join(f'[{mark}]' for mark in marks)}" if marks else ""

    def _likeliest(self, plain: str) -> list[int]:
        said = set(words(plain))
        shares = {n: len(said & held) / len(said) for n, held in self._words.items()}
        best = max(shares, key=lambda n: shares[n], default=None)
        return [best] if best is not None and shares[best] >= _LEAST_SHARED else []
