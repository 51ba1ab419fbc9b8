"""The agentic chunker's graph: propose -> place <-> commit over the sentences of one page.

    graph = build_chunking(decider, max_words=150)
    graph.invoke(start("Parking", sentences))["drafts"]

`propose` turns the next few sentences into propositions; `place` asks which of the nearest chunks
the next one joins; `commit` puts it there, or opens a chunk with it. The work grows with the page's
length and not with its square: `place` shows the model at most eight chunks. Whatever a decider
says, each sentence ends up in exactly one chunk. After G. Kamradt, "5 Levels Of Text Splitting".
"""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from frontdesk.agents.chunking.decision import (
    ChunkDecider,
    Draft,
    Placement,
    Proposition,
    Sentence,
)
from frontdesk.agents.chunking.shortlist import shortlist

WINDOW = 16  # sentences proposed in one go: few calls, and no more of a page held than needed


class ChunkingState(TypedDict):
    """One page on its way: `propositions` of its first sentences, `placed` of them in `drafts`."""

    page: str
    sentences: Sequence[Sentence]
    propositions: list[Proposition]
    placed: int
    placement: Placement | None
    drafts: list[Draft]


ChunkingGraph = CompiledStateGraph[ChunkingState, None, Any, Any]


def start(page: str, sentences: Sequence[Sentence]) -> ChunkingState:
    """Return the state of a page, by its title and sentences, of which nothing is done."""
    return ChunkingState(
        page=page, sentences=sentences, propositions=[], placed=0, placement=None, drafts=[]
    )


def steps(sentences: Sequence[Sentence]) -> RunnableConfig:
    """Return the configuration with the steps that a page of so many sentences takes."""
    return {"recursion_limit": 3 * len(sentences) + 5}


def build_chunking(decider: ChunkDecider, max_words: int) -> ChunkingGraph:
    """Return the compiled graph; no chunk grows past `max_words`, but for one long sentence."""
    nodes = _Nodes(decider, max_words)
    graph: StateGraph[ChunkingState, None, Any, Any] = StateGraph(ChunkingState)
    graph.add_node("propose", nodes.propose)
    graph.add_node("place", nodes.place)
    graph.add_node("commit", nodes.commit)
    ways: dict[Hashable, str] = {"propose": "propose", "place": "place", "end": END}
    graph.add_conditional_edges(START, nodes.onward, ways)
    graph.add_edge("propose", "place")
    graph.add_edge("place", "commit")
    graph.add_conditional_edges("commit", nodes.onward, ways)
    return graph.compile(name="chunking")


class _Nodes:
    """The steps of the graph, over one decider."""

    def __init__(self, decider: ChunkDecider, max_words: int) -> None:
        self._decider = decider
        self._max_words = max_words

    def onward(self, state: ChunkingState) -> str:
        """Say what comes next."""
        if state["placed"] < len(state["propositions"]):
            return "place"
        return "propose" if state["placed"] < len(state["sentences"]) else "end"

    def propose(self, state: ChunkingState) -> dict[str, Any]:
        """Make the next sentences stand alone."""
        known = state["propositions"]
        window = state["sentences"][len(known) : len(known) + WINDOW]
        return {"propositions": [*known, *self._decider.propose(state["page"], window)]}

    def place(self, state: ChunkingState) -> dict[str, Any]:
        """Ask where the next proposition goes; the answer names a chunk of the page."""
        proposition, drafts = state["propositions"][state["placed"]], state["drafts"]
        offered = shortlist(drafts, proposition, self._max_words)
        shown = [drafts[number] for number in offered]
        found = self._decider.place(state["page"], proposition, shown)
        chosen = None if found.draft is None else offered[found.draft]
        return {"placement": replace(found, draft=chosen)}

    def commit(self, state: ChunkingState) -> dict[str, Any]:
        """Put the proposition where it was placed."""
        proposition, placement = state["propositions"][state["placed"]], state["placement"]
        assert placement is not None
        drafts = list(state["drafts"])
        if placement.draft is None:
            drafts.append(Draft(placement.title, placement.summary, (proposition,)))
        else:
            members = (*drafts[placement.draft].members, proposition)
            drafts[placement.draft] = Draft(placement.title, placement.summary, members)
        return {"drafts": drafts, "placed": state["placed"] + 1}
