"""The agentic chunker as the store's ingestion takes it: pages in, groups of their sentences out.

with open_chunker(settings, encoder.embed) as chunker:
    ingest(store, sources, settings, embedder=encoder, chunker=chunker)
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from frontdesk.agents.chunking.decision import ChunkDecider, Draft, Embed
from frontdesk.agents.chunking.opening import open_chunk_decider
from frontdesk.agents.chunking.sentences import heading_of, read_sentences
from frontdesk.agents.errors import ModelError
from frontdesk.db.errors import ChunkError
from frontdesk.db.ingest.chunk import Group, Unit
from frontdesk.db.ingest.report import ChunkingCost
from frontdesk.graphs.chunking import build_chunking, start, steps
from frontdesk.graphs.settings import Settings


class AgenticChunker:
    """Level 5: a model gathers what belongs together. Thread safe.

    `cost` grows while pages are cut; `spans` raises `ChunkError` when the model fails.
    """

    def __init__(self, decider: ChunkDecider, max_words: int = 150) -> None:
        self._decider = decider
        self._graph = build_chunking(decider, max_words)
        self.cost = ChunkingCost(model=decider.name)

    def spans(self, title: str, units: Sequence[Unit]) -> list[Group]:
        """Return the page's units in groups, in the order in which the groups begin."""
        sentences = read_sentences(units)
        drafts: Sequence[Draft] = ()
        page = self._graph.stream(start(title, sentences), steps(sentences), stream_mode="values")
        try:
            for state in page:
                drafts = state["drafts"]
                self._count()  # a person may be watching
        except ModelError as error:
            raise ChunkError(str(error)) from error
        return [_group(title, draft) for draft in drafts]

    def _count(self) -> None:
        usage = self._decider.usage
        self.cost.calls, self.cost.tokens = usage.calls, usage.tokens
        self.cost.seconds = round(usage.seconds, 3)


@contextmanager
def open_chunker(settings: Settings, embed: Embed) -> Iterator[AgenticChunker]:
    """Open the agentic chunker on the model that the settings name. Raises `ModelError`."""
    words = settings.chunks.max_words
    decider = open_chunk_decider(settings.model, settings.data_dir, embed, words)
    try:
        yield AgenticChunker(decider, words)
    finally:
        decider.close()


def _group(page: str, draft: Draft) -> Group:
    """Return the draft's sentences, with its name where a model wrote one that the page has not."""
    headings = {page, *(heading_of(page, member.sentence) for member in draft.members)}
    own = {member.text for member in draft.members}
    named = [draft.title] * (draft.title not in headings) + [draft.summary] * (
        draft.summary not in own
    )
    return Group(
        tuple(member.sentence.number for member in draft.members),
        ": ".join(named),
        tuple(member.text for member in draft.members),
    )
