"""The bundled model as a decider: slots in, one scored step out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from langchain_core.messages import BaseMessage
from numpy.typing import NDArray

from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence
from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.engine import Sequence as EngineSequence
from frontdesk.agents.small.arguments import part_query, query, wait_arguments
from frontdesk.agents.small.cross_encoder import CrossEncoder
from frontdesk.agents.small.evidence import candidates
from frontdesk.agents.small.leaning import KNOWN_AT, NOTHING_READ, Reading, leaning
from frontdesk.agents.small.prompt import (
    ASKS,
    CHUNK_MARKERS,
    MARKERS,
    QUOTE_MARKERS,
    REFERENCES,
    Item,
    Slot,
    marker,
    render,
)
from frontdesk.agents.small.slots import read_table, slot_rows
from frontdesk.tools.waits.board import Ask, KindFilter

Rows = NDArray[np.float32]
Name = TypeVar("Name", bound=str)
NO_LEANING: Mapping[str, float] = {}
LIKELY_SEARCH = 0.2
RANK_PRIOR = 0.5
RELEVANCE = 1.5  # of the cross-encoder beside the decider, where a sentence is chosen
# Nine follow-ups of a hundred are answered by the sentence that was just shown; the reading of both
# questions together finds it far more often.
SHOWN = 3.0
SURE_QUOTE = 0.9  # else the next likeliest sentence is quoted, too
SURE_ASK = 0.9  # else a question about waits that does not tell what it asks wants them now
# A directory match below this is noise: tools/contact_lookup.py.
LIKELY = 0.4
# A clipped text has a hundred tokens; emoji cost several each, and two texts must fit the context.
TEXT_TOKENS = 256
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


class SmallModel:
    """Decides with a model trained by this project: `Decider` over an `Engine`.

    Every choice is read from the next-token scores over the markers allowed at that place, so an
    answer always parses and carries its probability. `chunks`: whether it was trained to chunk.
    """

    def __init__(
        self, engine: Engine, path: Path, adapter: str = "", reader: CrossEncoder | None = None
    ) -> None:
        self.name = path.stem
        self.adapter = adapter
        self.engine = engine
        self.reader = reader
        self.table = read_table(path)
        self.ids = {name: engine.tokenize(name, special=True) for name in MARKERS}
        broken = [name for name, ids in self.ids.items() if len(ids) != 1]
        if missing := [name for name in broken if name not in CHUNK_MARKERS]:
            raise ModelError(f"{path}: no token for {missing[0]}; train it with this version")
        self.chunks = not broken

    def decide(self, evidence: Evidence, messages: Sequence[BaseMessage] = ()) -> Decision:
        """Return the next step for `evidence`; the thread reaches the model through it."""
        pasted = _LINK.search(evidence.question)
        if pasted and not evidence.observations:
            rest = " ".join(_LINK.sub(" ", evidence.question).split())
            return Decision("read_page", {"url": pasted[0], "query": rest or pasted[0]})
        if _nobody(evidence):
            return Decision("search", {"query": evidence.question})
        decision = self._decide(evidence)
        return self._by_parts(evidence, decision) if evidence.parts else decision

    def _decide(self, evidence: Evidence) -> Decision:
        """Return the next step for the question as a whole."""
        with self.engine.open() as sequence:
            logits = sequence.extend(self.rows(render(evidence)))
            steps = self._steps(evidence)
            chances = dict(zip(steps, self._weigh(logits, steps), strict=True))
            read = self._read(evidence, float(chances.get("search", 0.0)))
            step, probability = self._choose(logits, steps, leaning(evidence, read))
            if step == "answer":
                quotes = self._quotes(sequence, evidence, read.relevances)
                return Decision("answer", {}, probability, quotes)
            if step not in TOOL_STEPS:
                return Decision(step, {}, probability)  # type: ignore[arg-type]
            arguments = self._arguments(sequence, step, evidence)
            return Decision(step, arguments, probability)  # type: ignore[arg-type]

    def _by_parts(self, evidence: Evidence, whole: Decision) -> Decision:
        """Return the step of the part that is next, where two parts of a question need two tools.

        One tool must be what the question as a whole asks for, and a part that is looked up on the
        website must be found there: else it is one question after all.
        """
        used = [observation.tool for observation in evidence.observations]
        if len(used) > 1:
            return whole
        two = [self._decide(part) for part in evidence.parts]
        tools = [decision.step for decision in two]
        known = all(
            decision.step in TOOL_STEPS and (decision.step != "search" or _confident(part))
            for decision, part in zip(two, evidence.parts, strict=True)
        )
        if not known or tools[0] == tools[1] or (used[0] if used else whole.step) not in tools:
            return whole
        following = 0 if two[0].step not in used else 1
        if two[following].step != "search":
            return two[following]
        wanted = part_query(evidence.parts[following], evidence)
        return replace(two[following], arguments={"query": wanted})

    def score(self, rows: Rows, allowed: Sequence[Name]) -> tuple[Name, float]:
        """Return the likeliest of `allowed` after the prompt `rows`, and its probability."""
        with self.engine.open() as sequence:
            return self._choose(sequence.extend(rows), allowed)

    def close(self) -> None:
        """Free the model."""
        self.engine.close()
        if self.reader:
            self.reader.close()

    def _read(self, evidence: Evidence, searching: float) -> Reading:
        """Return what the cross-encoder makes of the pass, the first one or the one after a look.

        Where the first pass is likely to end in `searching` for this very question, the sentences
        are read along: one batch for both takes less time than one for each.
        """
        if self.reader is None:
            return NOTHING_READ
        result, found = evidence.search, evidence.candidates
        if evidence.observations:
            if not (found and result):
                return NOTHING_READ
            goes_on = evidence if _goes_on(evidence) else None
            return Reading(relevances=self.reader.relevances(found, result, goes_on))
        if result and not evidence.previous and searching >= LIKELY_SEARCH:
            found = candidates(result)
        return Reading(intents=self.reader.intents(evidence, found))

    def rows(self, items: Sequence[Item]) -> Rows:
        """Return the input embeddings (positions, n_embd) of a prompt."""
        parts: list[Rows] = []
        for item in items:
            if isinstance(item, Slot):
                parts.append(slot_rows(self.table, self._id(item.marker), item.values))
            elif item in self.ids:
                parts.append(self.table.tokens[self.ids[item]])
            else:
                ids = self.engine.tokenize(item, special=False)[:TEXT_TOKENS]
                parts.append(self.table.tokens[ids])
        return np.concatenate(parts)

    def _id(self, name: str) -> int:
        return self.ids[name][0]

    def _choose(
        self, logits: Rows, allowed: Sequence[Name], leaning: Mapping[str, float] = NO_LEANING
    ) -> tuple[Name, float]:
        shares = self._weigh(logits, allowed, leaning)
        best = int(shares.argmax())
        return allowed[best], float(shares[best])

    def _weigh(
        self, logits: Rows, allowed: Sequence[str], leaning: Mapping[str, float] = NO_LEANING
    ) -> NDArray[np.float64]:
        """Return the probability of each of `allowed`, with what leans to it added to its score."""
        scores = logits[[self._id(marker(name)) for name in allowed]].astype(np.float64)
        scores += [leaning.get(name, 0.0) for name in allowed]
        weights = np.exp(scores - scores.max())
        shares: NDArray[np.float64] = weights / weights.sum()
        return shares

    def _steps(self, evidence: Evidence) -> list[str]:
        """Return the steps that make sense now: no tool twice, no answer before a look."""
        used = {observation.tool for observation in evidence.observations}
        steps = [tool for tool in ("search", "contact_lookup") if tool not in used]
        if evidence.waits_available and "wait_times" not in used:
            steps.append("wait_times")
        if evidence.observations:
            return [*steps, "answer", "not_found"]
        return [*steps, "refuse", "clarify"]

    def _quotes(
        self, sequence: EngineSequence, evidence: Evidence, read: Rows | None
    ) -> tuple[int, ...]:
        """Return the likeliest candidate, and the next one when the model is not sure of it."""
        names = QUOTE_MARKERS[: len(evidence.candidates)]
        if not names:
            return ()
        logits = sequence.extend([self._id(marker("answer"))])
        scores = logits[[self._id(name) for name in names]].astype(np.float64)
        scores -= RANK_PRIOR * np.log1p(np.arange(len(names)))
        if read is not None:
            scores += RELEVANCE * np.pad(read, (0, len(names) - len(read)), mode="minimum")
        if evidence.previous and _goes_on(evidence):
            shown = [c.text in evidence.previous.shown for c in evidence.candidates]
            scores -= SHOWN * np.array(shown[: len(names)])
        weights = np.exp(scores - scores.max())
        order = np.argsort(-weights, kind="stable")
        sure = weights[order[0]] / weights.sum() >= SURE_QUOTE
        return tuple(int(n) for n in order[: 1 if sure else 2])

    def _arguments(self, sequence: EngineSequence, step: str, evidence: Evidence) -> dict[str, Any]:
        references = REFERENCES if evidence.previous else REFERENCES[:1]
        logits = sequence.extend([self._id(marker(step))])
        if step != "wait_times":
            reference, _ = self._choose(logits, references)
            return {"query": query(step, reference, evidence)}
        reference, _ = self._choose(logits, [*references, "all"])

        def read(kind: KindFilter) -> Ask:
            sequence.extend([self._id(marker(reference))])
            ask, probability = self._choose(sequence.extend([self._id(marker(kind))]), ASKS)
            return ask if probability >= SURE_ASK else "now"

        return wait_arguments(reference, evidence, read)


def _goes_on(evidence: Evidence) -> bool:
    """Tell whether what was searched for continues the turn before."""
    result = evidence.search
    return bool(evidence.previous and result and result.query != evidence.question)


def _confident(evidence: Evidence) -> bool:
    return evidence.search is not None and evidence.search.confidence >= KNOWN_AT


def _nobody(evidence: Evidence) -> bool:
    """Tell whether the directory was asked and knew nobody: the website may."""
    used = [observation.tool for observation in evidence.observations]
    if used != ["contact_lookup"]:
        return False
    matches = getattr(evidence.observations[0].result, "matches", ())
    return not any(match.score >= LIKELY for match in matches)
