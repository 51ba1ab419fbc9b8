"""A grounded answer as it is written: a sentence is checked, then shown, then the next begins."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from frontdesk.agents.decision import Decision, Evidence, Writer
from frontdesk.agents.policy.citing import Citer
from frontdesk.agents.policy.grounding import Grounded
from frontdesk.agents.policy.sentences import sentence_spans
from frontdesk.agents.runtime.client import serving
from frontdesk.graphs import events
from frontdesk.graphs.state import Turn


@dataclass
class Writing:
    """The model's words about what `decision` quotes; `texts` are what literals may come from."""

    writer: Writer
    evidence: Evidence
    decision: Decision
    texts: Sequence[str]
    turn: Turn

    def __call__(self, first: int, alone: bool) -> tuple[Grounded, int]:
        """Write; show sentences as they come when they stand `alone` in the answer.

        Returns the answer, its sources numbered from `first`, and how many literals it lost.
        """
        quotes = self.decision.quotes
        named = [self.evidence.candidates[n].text for n in quotes]
        citer = Citer(self.evidence, quotes, [*self.texts, *named], first=first)
        sources = citer.quoted.sources
        said: list[str] = []
        held = ""
        with serving(self.turn.client):
            for piece in self.writer.write(self.evidence, self.decision, self.texts):
                held += piece
                spans = sentence_spans(held)
                for start, end in spans[:-1]:
                    self._say(citer, held[start:end], said, show=alone)
                held = held[spans[-1][0] :] if spans else held
        self._say(citer, held, said, show=alone)
        return Grounded(text=" ".join(said), sources=sources), citer.dropped

    def _say(self, citer: Citer, text: str, said: list[str], *, show: bool) -> None:
        for sentence in citer.sentences(text):
            if show:
                self._show(citer, sentence, begins=not said)
            said.append(sentence)

    def _show(self, citer: Citer, sentence: str, *, begins: bool) -> None:
        turn = self.turn
        if begins:
            events.sources_found([s.model_dump(mode="json") for s in citer.quoted.sources])
        turn.first_text = turn.first_text or time.perf_counter()
        shown = sentence if begins else f" {sentence}"
        events.text_said(shown)
        turn.shown += shown
