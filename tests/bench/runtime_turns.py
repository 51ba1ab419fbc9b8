"""Turns of a 3 B model against what people do today: one at a time, and eight people at once.

Baseline: FAISS top 3 of 500-character chunks in an Alpaca prompt, `Llama(...)` called for each
question, 64 tokens out; one `Llama` stays loaded, which flatters the baseline. Ours: the same file,
process, questions and encoder; a turn decides to search, takes the evidence, decides to answer and
either names quotes (verbatim) or writes 64 tokens under the literal constraint (grounded).
"""

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from frontdesk.agents.chat.decider import ChatDecider
from frontdesk.agents.chat.writing import AnswerWriter
from frontdesk.agents.decision import Evidence, Observation
from frontdesk.agents.runtime.client import Client, serving
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.settings import OrganisationSettings
from frontdesk.agents.small.evidence import observe
from frontdesk.db.ingest.embed import GGUFEmbedder, encoder_path
from frontdesk.tools.search import Passage, SearchResult

QUESTIONS = (
    "Where do I pay for parking at the hospital?",
    "How do I get a copy of my health record?",
    "What should I bring to my first appointment?",
    "Who do I call to cancel a booking?",
    "Are visitors allowed in the evening?",
    "Can I have an interpreter at the clinic?",
    "How do I complain about a bill?",
    "Is there a shuttle between the sites?",
)
ALPACA = (
    "Below is an instruction that describes a task, paired with an input that provides further "
    "context. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{question}\n\n### Input:\n{context}\n\n### Response:\n"
)
TOKENS = 64
ORGANISATION = OrganisationSettings(
    name="Kestrel Valley Health", scope="Hospitals, clinics, parking, records and visiting."
)


@dataclass(frozen=True)
class Timing:
    """Seconds from the question to the first and the last token; what was read, kept, written."""

    first: float
    last: float
    written: int = 0
    evaluated: int = 0
    reused: int = 0


class Library:
    """The passages with their embeddings: what both sides search."""

    def __init__(self, texts: list[str], data_dir: Path) -> None:
        try:
            import faiss
        except ImportError:
            raise SystemExit("bench: the baseline needs faiss: pip install faiss-cpu") from None

        self.texts = texts
        self.embedder = GGUFEmbedder(encoder_path(data_dir))
        self.index = faiss.IndexFlatIP(384)
        self.index.add(_kept(data_dir / "passages.npy", lambda: self.embedder.embed(texts)))
        self.passages: dict[int, tuple[list[str], np.ndarray]] = {}
        for question in QUESTIONS:  # as of an ingested page, their sentences are embedded before
            self.search(question)

    def top(self, question: str) -> tuple[np.ndarray, list[int]]:
        """Return the question's embedding (384,) and the numbers of the three nearest passages."""
        vector = self.embedder.embed([question])
        _, found = self.index.search(vector, 3)
        return vector[0], [int(i) for i in found[0]]

    def search(self, question: str) -> SearchResult:
        """Return the same passages as the search tool would."""
        vector, found = self.top(question)
        for i in found:
            if i not in self.passages:
                parts = self.texts[i].replace("\n", " ").split(". ")
                sentences = [part for part in parts if part.strip()]
                self.passages[i] = sentences, self.embedder.embed(sentences)
        passages = [
            Passage(
                chunk_id=i, url=f"http://kv.example/{i}", title="Page", text=self.texts[i],
                sentences=self.passages[i][0], fetched_at=datetime.now(UTC), dense=0.5, lexical=1.0,
                score=0.5,
            )
            for i in found
        ]  # fmt: skip
        result = SearchResult(query=question, passages=passages)
        vectors = [self.passages[i][1] for i in found]
        return result.model_copy(update={"query_vector": vector, "sentence_vectors": vectors})


def _kept(file: Path, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return the array in `file`, made and written when it is not there."""
    if not file.is_file():
        np.save(file, make())
    array: np.ndarray = np.load(file)
    return array


class Straight(ChatDecider):
    """A decider that always searches, then answers: a random model's own choices time nothing."""

    def steps(self, evidence: Evidence) -> list[str]:
        """Return the one step of a turn that needs retrieval."""
        return ["answer"] if evidence.observations else ["search"]


def open_decider(engine: Engine, *, drafting: bool = False) -> Straight:
    """Return a decider that writes `TOKENS` tokens; a random model hardly ever ends before."""
    writer = AnswerWriter(engine, TOKENS, drafting=drafting)
    return Straight(engine, "3b", ORGANISATION, writer=writer)


def baseline_turn(llm: Any, library: Library, question: str) -> Timing:
    """Time one turn of `Llama(...)` with stuffed passages."""
    started = time.perf_counter()
    _, found = library.top(question)
    context = "\n".join(library.texts[i] for i in found)
    prompt = ALPACA.format(question=question, context=context)
    first, written = 0.0, 0
    for _ in llm(prompt, max_tokens=TOKENS, temperature=0.0, stream=True):
        first = first or time.perf_counter() - started
        written += 1
    last = time.perf_counter() - started
    return Timing(first, last, written, len(llm.tokenize(prompt.encode())))


def verbatim_turn(decider: ChatDecider, library: Library, question: str) -> Timing:
    """Time one turn that decides, searches and names its quotes."""
    started, client = time.perf_counter(), Client()
    with serving(client):
        evidence = _decided(decider, library, question)
        decider.decide(evidence)
    # The quotes are known together: the answer's first words and its last appear at once.
    done = time.perf_counter() - started
    return Timing(done, done, 0, client.evaluated, client.reused)


def grounded_turn(decider: ChatDecider, library: Library, question: str) -> Timing:
    """Time one turn that decides, searches, names its quotes and writes 64 tokens about them."""
    started, client, first, text = time.perf_counter(), Client(), 0.0, ""
    with serving(client):
        evidence = _decided(decider, library, question)
        decision = decider.decide(evidence)
        before = client.evaluated
        for piece in decider.write(evidence, decision, [question]):
            first = first or time.perf_counter() - started
            text += piece
    last = time.perf_counter() - started
    return Timing(first, last, client.evaluated - before, client.evaluated, client.reused)


def _decided(decider: ChatDecider, library: Library, question: str) -> Evidence:
    search = library.search(question)
    evidence = Evidence(question, search=search)
    decider.decide(evidence)
    return observe(evidence, Observation("search", {"query": question}, True, 0.0, search))


def together(turn: Callable[[str], Timing], people: int) -> dict[str, float]:
    """Time `people` who ask different questions at the same moment."""
    questions = [f"{QUESTIONS[i % len(QUESTIONS)]}{' Please.' * (i // 8)}" for i in range(people)]
    started = time.perf_counter()
    with ThreadPoolExecutor(people) as pool:
        lasts = [timing.last for timing in pool.map(turn, questions)]
    seconds = time.perf_counter() - started
    return {
        "people": people,
        "turns_a_minute": 60 * people / seconds,
        "median_seconds": statistics.median(lasts),
        "slowest_seconds": max(lasts),
        "slowest_to_median": max(lasts) / statistics.median(lasts),
    }


def summary(timings: Sequence[Timing]) -> dict[str, float]:
    """Return the medians of `timings`, and how many there are."""
    names = ("first", "last", "written", "evaluated", "reused")
    medians = {name: statistics.median(getattr(t, name) for t in timings) for name in names}
    return {"turns": len(timings), **medians}


def turns(model: Path, library: Library, count: int, threads: int) -> dict[str, object]:
    """Measure single turns: each side in turn, so that what else the machine does slows all alike.

    Questions are asked once of each side: the engine would remember them.
    """
    from llama_cpp import Llama

    llm = Llama(str(model), n_ctx=2048, n_threads=threads, verbose=False)
    base, verbatim, grounded = [], [], []
    with Engine(model, threads=threads) as engine:
        decider = open_decider(engine)
        # The first turn of each side reads what all turns share.
        baseline_turn(llm, library, "Good morning")
        verbatim_turn(decider, library, "Good morning")
        for question, other in zip(QUESTIONS[:count], QUESTIONS[-count:], strict=True):
            base.append(baseline_turn(llm, library, question))
            verbatim.append(verbatim_turn(decider, library, question))
            grounded.append(grounded_turn(decider, library, other))
    llm.close()
    shares = [ours.first / theirs.first for ours, theirs in zip(verbatim, base, strict=True)]
    return {
        "baseline": summary(base),
        "verbatim": summary(verbatim),
        "grounded": summary(grounded),
        "verbatim_first_shares": shares,
    }


def crowd(
    model: Path, library: Library, sizes: Sequence[int], threads: int
) -> list[dict[str, float]]:
    """Measure people at once, quoting; each size on a fresh memory."""
    rows = []
    for people in sizes:
        with Engine(model, threads=threads) as engine:
            decider = open_decider(engine)
            verbatim_turn(decider, library, "Good morning")
            rows.append(together(lambda q, d=decider: verbatim_turn(d, library, q), people))  # type: ignore[misc]
    return rows


__all__ = ["QUESTIONS", "Library", "Timing", "crowd", "turns"]
