"""The chunkers: small sections with their headings, and for every one: nothing lost or invented."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.db.errors import StoreError
from frontdesk.db.ingest.chunk import (
    Chunk,
    Chunker,
    DocumentChunker,
    Group,
    Unit,
    chunks_of,
    units_of,
)
from frontdesk.db.ingest.chunkers import (
    FixedChunker,
    RecursiveChunker,
    SemanticChunker,
    make_chunker,
)
from frontdesk.db.ingest.document import Block, Document, Link
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.settings import ChunkSettings


class LengthEmbedder:
    """Vectors from lengths alone: the property must hold for any meaning."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        angles = np.array([len(text) % 17 for text in texts], dtype=np.float32)
        return np.stack((np.cos(angles), np.sin(angles)), axis=1)


CHUNKERS: list[Chunker] = [
    DocumentChunker(30),
    FixedChunker(30, 0),
    RecursiveChunker(30),
    SemanticChunker(LengthEmbedder(), 30),
]

words = st.text(alphabet="abcdefgh", min_size=1, max_size=8)
phrases = st.lists(words, min_size=1, max_size=12).map(" ".join)
paragraphs = st.lists(phrases.map(lambda text: f"{text.capitalize()}."), max_size=6).map(" ".join)
blocks = st.one_of(
    st.builds(Block, st.just("heading"), phrases | st.just(""), st.integers(1, 4)),
    st.builds(Block, st.sampled_from(["paragraph", "item", "row", "code"]), paragraphs),
)
documents = st.builds(Document, phrases, st.lists(blocks, max_size=20))


@pytest.mark.parametrize("chunker", CHUNKERS, ids=lambda chunker: type(chunker).__name__)
@settings(max_examples=60, deadline=None)
@given(document=documents)
def test_the_chunks_hold_the_sentences_of_the_page(chunker: Chunker, document: Document) -> None:
    chunks = chunks_of(document, chunker)
    assert [s for chunk in chunks for s in chunk.sentences] == document.sentences()
    for ordinal, chunk in enumerate(chunks):
        assert chunk.ordinal == ordinal and chunk.sentences
        assert " ".join(chunk.text.split()) == " ".join(" ".join(chunk.sentences).split())


def test_an_empty_item_where_a_chunk_is_full_stands_in_one_chunk() -> None:
    long = " ".join(["A a a a a a a a a."] * 3)
    blocks = [Block("paragraph", long), Block("item", ""), Block("paragraph", "A a a a a.")]
    document = Document("a", blocks)
    chunks = chunks_of(document, RecursiveChunker(30))
    assert [s for chunk in chunks for s in chunk.sentences] == document.sentences()


class OddAndEven:
    """Gathers what does not stand side by side."""

    def spans(self, title: str, units: Sequence[Unit]) -> list[Group]:
        halves = [tuple(range(start, len(units), 2)) for start in (0, 1)]
        return [
            Group(half, "about", tuple(f"said {units[n].sentence}" for n in half))
            for half in halves
            if half
        ]


@settings(max_examples=60, deadline=None)
@given(document=documents)
def test_groups_hold_the_sentences_of_the_page(document: Document) -> None:
    chunks = chunks_of(document, OddAndEven())
    held = [sentence for chunk in chunks for sentence in chunk.sentences]
    assert sorted(held) == sorted(document.sentences())
    for chunk in chunks:
        assert " ".join(chunk.text.split()) == " ".join(" ".join(chunk.sentences).split())
        assert chunk.propositions == tuple(f"said {sentence}" for sentence in chunk.sentences)


def test_sentences_of_a_group_that_stood_apart_are_on_lines_of_their_own() -> None:
    text = "Parking costs $2. Dogs are welcome. It is free at night. Keep them on a lead."
    parking, dogs = chunks_of(Document("Park", [Block("paragraph", text)]), OddAndEven())
    assert parking.text == "Parking costs $2.\nIt is free at night."
    assert dogs.text == "Dogs are welcome.\nKeep them on a lead."


@settings(max_examples=60, deadline=None)
@given(document=documents, overlap=st.integers(0, 40))
def test_overlap_repeats_but_loses_nothing(document: Document, overlap: int) -> None:
    units = units_of(document)
    spans = FixedChunker(30, overlap).spans("", units) if units else []
    covered = [i for start, end in spans for i in range(start, end)]
    assert sorted(set(covered)) == list(range(len(units)))
    assert all(a < b for (a, _), (b, _) in zip(spans, spans[1:], strict=False))


def document_of(*parts: Block) -> Document:
    return Document("Parking", parts)


def cut(document: Document, max_words: int = 150) -> list[Chunk]:
    return chunks_of(document, DocumentChunker(max_words))


def test_a_section_is_a_chunk_under_its_headings() -> None:
    chunks = cut(
        document_of(
            Block("paragraph", "Everyone pays."),
            Block("heading", "Rates", 2),
            Block("paragraph", "It costs $2. Or $14 a day."),
            Block("heading", "Passes", 3),
            Block("row", "Pass: week; Price: $40"),
            Block("heading", "", 3),
            Block("paragraph", "Rates rise in May."),
            Block("heading", "Refunds", 2),
            Block("item", "Ask. At P1."),
        )
    )
    assert [(chunk.heading, chunk.sentences) for chunk in chunks] == [
        ((), ("Everyone pays.",)),
        (("Rates",), ("It costs $2.", "Or $14 a day.")),
        (("Rates", "Passes"), ("Pass: week; Price: $40",)),
        (("Rates",), ("Rates rise in May.",)),
        (("Refunds",), ("Ask. At P1.",)),
    ]


def test_a_long_section_is_cut_between_blocks_into_like_parts() -> None:
    parts = [Block("paragraph", f"Paragraph {n} says little. It ends.") for n in range(12)]
    sizes = [len(chunk.text.split()) for chunk in cut(document_of(*parts), 30)]
    assert sum(sizes) == 72 and max(sizes) <= 30 and min(sizes) >= 18


def test_a_list_stays_with_the_line_that_opens_it() -> None:
    filler = Block("paragraph", "word " * 24 + "end.")
    items = [Block("item", f"card number {n}") for n in range(6)]
    chunks = cut(document_of(filler, Block("paragraph", "Bring these:"), *items), 30)
    assert ("Bring these:", "card number 0") == chunks[1].sentences[:2]


def test_links_go_with_the_chunk_that_shows_them() -> None:
    link = Link("fees", "https://x.example/fees")
    chunks = cut(
        document_of(
            Block("paragraph", "See the fees.", links=(link,)),
            Block("heading", "Other", 2),
            Block("paragraph", "Nothing here."),
        )
    )
    assert [chunk.links for chunk in chunks] == [(link,), ()]


def test_semantic_chunks_follow_the_subject(embedder: GGUFEmbedder) -> None:
    parking = ["Parking costs two dollars.", "The car park is open all night.", "Cars can charge."]
    babies = ["Newborn babies stay with mothers.", "Midwives help with breastfeeding."]
    text = " ".join(parking + babies)
    chunker = SemanticChunker(embedder, 150, 0, 75.0)
    chunks = chunks_of(document_of(Block("paragraph", text)), chunker)
    assert [chunk.sentences for chunk in chunks] == [tuple(parking), tuple(babies)]


def test_chunkers_are_chosen_by_name() -> None:
    kinds = {
        "document": DocumentChunker,
        "fixed": FixedChunker,
        "recursive": RecursiveChunker,
        "semantic": SemanticChunker,
    }
    for name, kind in kinds.items():
        found = make_chunker(ChunkSettings.model_validate({"chunker": name}), LengthEmbedder())
        assert isinstance(found, kind)
    with pytest.raises(StoreError, match="agentic"):
        make_chunker(ChunkSettings(chunker="agentic"), LengthEmbedder())
