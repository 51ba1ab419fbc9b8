"""The bundled model as a decider: slots in, one scored step out."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from langchain_core.messages import BaseMessage
from numpy.typing import NDArray

from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence
from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.engine import Sequence as EngineSequence
from frontdesk.agents.small.cross_encoder import CrossEncoder
from frontdesk.agents.small.evidence import candidates, follow_up_query
from frontdesk.agents.small.leaning import NOTHING_READ, SURE_PLACE, Reading, leaning, timed
from frontdesk.agents.small.prompt import (
    ASKS,
    CHUNK_MARKERS,
    KINDS,
    MARKERS,
    QUOTE_MARKERS,
    REFERENCES,
    Item,
    Slot,
    marker,
    render,
)
from frontdesk.agents.small.slots import read_table, slot_rows
from frontdesk.tools.waits.asked import asked_plainly, kind_plainly, kinds_said
from frontdesk.tools.waits.board import KindFilter

Rows = NDArray[np.float32]
Name = TypeVar("Name", bound=str)
NO_LEANING: Mapping[str, float] = {}
LIKELY_SEARCH = 0.2
RANK_PRIOR = 0.5
RELEVANCE = 1.5  # of the cross-encoder beside the decider, where a sentence is chosen
SURE_QUOTE = 0.6
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
            relevances = self.reader.relevances(found, result) if found and result else None
            return Reading(relevances=relevances)
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
        weights = np.exp(scores - scores.max())
        order = np.argsort(-weights, kind="stable")
        sure = weights[order[0]] / weights.sum() >= SURE_QUOTE
        return tuple(int(n) for n in order[: 1 if sure else 2])

    def _arguments(self, sequence: EngineSequence, step: str, evidence: Evidence) -> dict[str, Any]:
        references = REFERENCES if evidence.previous else REFERENCES[:1]
        logits = sequence.extend([self._id(marker(step))])
        if step != "wait_times":
            reference, _ = self._choose(logits, references)
            return {"query": _query(step, reference, evidence)}
        reference, _ = self._choose(logits, [*references, "all"])
        logits = sequence.extend([self._id(marker(reference))])
        kind, _ = self._choose(logits, KINDS)
        logits = sequence.extend([self._id(marker(kind))])
        # Where the words leave no doubt, they go before the model's reading of them.
        ask = asked_plainly(evidence.question) or self._choose(logits, ASKS)[0]
        kind = kind_plainly(evidence.question, ask) or _said_kind(kind, reference, evidence)
        arguments = {"places": _places(reference, evidence), "kind": kind, "ask": ask}
        return arguments | ({"at": evidence.question} if ask == "open" and timed(evidence) else {})


def _nobody(evidence: Evidence) -> bool:
    """Tell whether the directory was asked and knew nobody: the website may."""
    used = [observation.tool for observation in evidence.observations]
    if used != ["contact_lookup"]:
        return False
    matches = getattr(evidence.observations[0].result, "matches", ())
    return not any(match.score >= LIKELY for match in matches)


def _query(step: str, reference: str, evidence: Evidence) -> str:
    """Return what to look up: the question, or the question read with the turn before it."""
    previous = evidence.previous
    if reference == "this" or previous is None:
        return evidence.question
    if step == "contact_lookup" and previous.step == "contact_lookup":
        return str(previous.arguments.get("query", previous.question))
    return follow_up_query(evidence.question, previous)


def _said_kind(kind: KindFilter, reference: str, evidence: Evidence) -> KindFilter:
    """Return the model's kind only where the person's words can mean it, else the turn before's."""
    if kind in kinds_said(evidence.question):
        return kind
    if reference == "previous" and evidence.previous and not kinds_said(evidence.question):
        before: KindFilter = evidence.previous.arguments.get("kind", "any")
        return before
    return "any"


def _places(reference: str, evidence: Evidence) -> list[str]:
    """Return the places meant: each span of the question gives its best match.

    What the question names itself goes before what the turn before was about, and a place that the
    feed does not know is asked for by its name, so that the answer can say so.
    """
    sure = any(match.score >= SURE_PLACE for match in evidence.places)
    if reference == "previous" and evidence.previous and not sure:
        return list(evidence.previous.arguments.get("places", []))
    if not evidence.places:
        return [evidence.elsewhere] if evidence.elsewhere else []
    if reference == "all":
        return []
    best: dict[str, str] = {}
    for match in evidence.places:
        best.setdefault(match.span.lower(), match.name)
    return list(dict.fromkeys(best.values()))
