"""The agentic chunker on a model of random weights: what holds must hold whatever it says."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.agents.chunking.decision import (
    SHORTLIST,
    Draft,
    Placement,
    Proposition,
    Sentence,
    Usage,
)
from frontdesk.agents.chunking.sentences import read_sentences
from frontdesk.agents.errors import ModelError, ServerError
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.small.chunking import SmallChunkDecider
from frontdesk.agents.small.decider import SmallModel
from frontdesk.agents.small.prompt import CHUNK_MARKERS, MARKERS, SLOT_SIZE
from frontdesk.db.ingest.chunk import chunks_of, units_of
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.store import Store
from frontdesk.graphs.agentic_chunker import AgenticChunker
from frontdesk.graphs.chunking import build_chunking, start, steps
from frontdesk.graphs.settings import Settings

sys.path.append(str(Path(__file__).parents[1] / "agents"))  # random_model is there

from random_model import write_model

WORDS = 30
SLOTS = tuple(f"<|slot_{n}|>" for n in range(SLOT_SIZE))


def letters(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Vectors from letters alone: what must hold must hold for any meaning."""
    rows = np.zeros((len(texts), 384), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for at, character in enumerate(text):
            row[(at * 7 + ord(character)) % 384] += 1.0
        row[0] += 1.0
    unit: npt.NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.fixture(scope="module")
def decider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallChunkDecider]:
    path = tmp_path_factory.mktemp("models") / "random-small.gguf"
    write_model(path, markers=(*MARKERS, *SLOTS))
    decider = SmallChunkDecider(SmallModel(Engine(path, threads=1), path), letters, WORDS)
    yield decider
    decider.close()


words = st.text(alphabet="abcdefgh", min_size=1, max_size=8)
phrases = st.lists(words, min_size=1, max_size=12).map(" ".join)
paragraphs = st.lists(phrases.map(lambda text: f"{text.capitalize()}."), max_size=5).map(" ".join)
blocks = st.one_of(
    st.builds(Block, st.just("heading"), phrases | st.just(""), st.integers(1, 4)),
    st.builds(Block, st.sampled_from(["paragraph", "item", "row", "code"]), paragraphs),
)
documents = st.builds(Document, phrases | st.just(""), st.lists(blocks, max_size=14))


@settings(max_examples=40, deadline=None)
@given(document=documents)
def test_the_chunks_hold_the_sentences_of_the_page(
    decider: SmallChunkDecider, document: Document
) -> None:
    chunks = chunks_of(document, AgenticChunker(decider, WORDS))
    held = [sentence for chunk in chunks for sentence in chunk.sentences]
    assert sorted(held) == sorted(document.sentences())
    for chunk in chunks:
        assert " ".join(chunk.text.split()) == " ".join(" ".join(chunk.sentences).split())
        assert len(chunk.propositions) == len(chunk.sentences)
        # This model writes nothing: each proposition ends in its sentence, word for word.
        pairs = zip(chunk.propositions, chunk.sentences, strict=True)
        assert all(said.endswith(sentence) for said, sentence in pairs)
        longest = max(len(sentence.split()) for sentence in chunk.sentences)
        assert len(chunk.text.split()) <= max(WORDS, longest)


@settings(max_examples=15, deadline=None)
@given(document=documents)
def test_the_same_page_is_cut_the_same_again(
    decider: SmallChunkDecider, document: Document
) -> None:
    chunker = AgenticChunker(decider, WORDS)
    assert chunks_of(document, chunker) == chunks_of(document, chunker)


def sentences(count: int) -> list[Sentence]:
    return [Sentence(n, f"Sentence number {n} says this.", "paragraph", n) for n in range(count)]


class Stubborn:
    """A decider that keeps to one answer, and notes how many chunks it was shown."""

    name = "stubborn"

    def __init__(self, answer: int | None) -> None:
        self.answer = answer
        self.shown: list[int] = []
        self.usage = Usage()

    def propose(self, page: str, sentences: Sequence[Sentence]) -> list[Proposition]:
        vectors = letters([sentence.text for sentence in sentences])
        return [Proposition(s, s.text, v) for s, v in zip(sentences, vectors, strict=True)]

    def place(self, page: str, proposition: Proposition, drafts: Sequence[Draft]) -> Placement:
        self.shown.append(len(drafts))
        joins = self.answer if drafts else None
        return Placement(joins, "title", "summary")


def drafts_of(decider: Stubborn, count: int) -> list[Draft]:
    page = sentences(count)
    graph = build_chunking(decider, WORDS)
    found: list[Draft] = graph.invoke(start("Page", page), steps(page))["drafts"]
    return found


def test_however_many_chunks_there_are_only_the_nearest_are_shown() -> None:
    decider = Stubborn(None)
    assert len(drafts_of(decider, 60)) == 60
    assert max(decider.shown) == SHORTLIST and decider.shown[-1] == SHORTLIST


def test_a_full_chunk_takes_no_more() -> None:
    drafts = drafts_of(Stubborn(0), 40)  # of five words each: six fit
    assert [draft.words for draft in drafts] == [WORDS] * 6 + [20]


def test_what_a_sentence_leans_on() -> None:
    document = Document(
        "Visiting",
        [
            Block("paragraph", "Everyone may visit. Come by day."),
            Block("heading", "What to bring", 2),
            Block("paragraph", "Bring these:"),
            Block("item", "a card"),
            Block("item", "a mask"),
            Block("paragraph", "They are checked."),
        ],
    )
    leans = [(s.text, s.before) for s in read_sentences(units_of(document))]
    assert leans == [
        ("Everyone may visit.", ""),
        ("Come by day.", "Everyone may visit."),
        ("Bring these:", ""),
        ("a card", "Bring these:"),
        ("a mask", "Bring these:"),
        ("They are checked.", "a mask"),
    ]


def test_what_it_costs_is_counted(decider: SmallChunkDecider) -> None:
    chunker = AgenticChunker(decider, WORDS)
    before = decider.usage.calls
    text = "Parking costs two dollars. It is free at night. Dogs are welcome."
    chunks_of(Document("Parking", [Block("paragraph", text)]), chunker)
    # Three say what they need; the first has no chunk to join, so that nobody is asked about it.
    assert chunker.cost.calls - before == 5
    assert chunker.cost.tokens > 5 and chunker.cost.seconds > 0
    assert chunker.cost.model == "random-small"


class Failing(Stubborn):
    """A decider whose model goes away at the second sentence."""

    def place(self, page: str, proposition: Proposition, drafts: Sequence[Draft]) -> Placement:
        if drafts:
            raise ServerError("no model server answers")
        return super().place(page, proposition, drafts)


def test_a_model_that_fails_fails_the_page_and_says_why(
    store: Store, embedder: GGUFEmbedder, tmp_path: Path
) -> None:
    (tmp_path / "parking.md").write_text("# Parking\n\nIt costs two dollars. It is free at night.")
    (tmp_path / "dogs.md").write_text("# Dogs\n\nDogs are welcome.")
    chunker = AgenticChunker(Failing(None), WORDS)
    report = ingest(store, [str(tmp_path)], Settings(), embedder=embedder, chunker=chunker)
    (problem,) = report.failed
    assert problem.url.endswith("parking.md")
    assert problem.reason == "cannot be cut: no model server answers"
    assert report.stored == 1


def test_a_model_without_the_markers_says_so(tmp_path: Path) -> None:
    path = tmp_path / "desk-only.gguf"
    known = tuple(name for name in MARKERS if name not in CHUNK_MARKERS)
    write_model(path, markers=(*known, *SLOTS))
    model = SmallModel(Engine(path, threads=1), path)
    with pytest.raises(ModelError, match="desk-only: this model was not trained to chunk"):
        SmallChunkDecider(model, letters, WORDS)
    model.close()
