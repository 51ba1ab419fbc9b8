"""The assistant's graph: receive -> look -> decide <-> act -> respond.

graph = build_assistant(Settings.load("frontdesk.toml"))
asked = {"messages": [("user", "How long is the wait at Foothills?")]}
graph.invoke(asked, {"configurable": {"thread_id": "42"}})

The result holds `messages`, the answer last, and `reply` (reply.py). `stream_mode="custom"` streams
the events of events.py. `configurable.owner` says whose thread it is; a thread is its owner's only.
"""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from frontdesk.agents.decision import Decider
from frontdesk.graphs.nodes import Nodes
from frontdesk.graphs.settings import Settings
from frontdesk.graphs.state import State
from frontdesk.tools.toolbox import Toolbox

# Its input is what LangGraph takes for messages: tuples, dicts or message objects.
AssistantGraph = CompiledStateGraph[State, None, Any, Any]
# One checkpoint a turn, when it ends: a turn is one question, and asking it again costs less.
_RUN: RunnableConfig = {"configurable": {"__pregel_durability": "exit"}}


def build_assistant(
    settings: Settings,
    *,
    toolbox: Toolbox | None = None,
    decider: Decider | None = None,
    checkpointer: BaseCheckpointSaver[Any] | bool | None = None,
) -> AssistantGraph:
    """Return the compiled graph of one organisation.

    What is not given is opened from the settings and lives as long as the process. Without a
    `checkpointer`, threads are kept in the settings' database; False keeps none. Raises
    `StoreError`, `ModelError`: one line each.
    """
    if toolbox is None or decider is None or checkpointer is None:
        from frontdesk.graphs.resources import Resources

        resources = Resources(settings)
        toolbox = toolbox or resources.toolbox
        decider = decider or resources.decider
        if checkpointer is None:
            checkpointer = resources.memory.saver
    return wire(Nodes(settings, toolbox, decider), checkpointer)


def wire(nodes: Nodes, checkpointer: BaseCheckpointSaver[Any] | bool) -> AssistantGraph:
    """Connect the nodes; nothing else happens here."""
    graph: StateGraph[State, None, Any, Any] = StateGraph(State)
    graph.add_node("receive", nodes.receive)
    graph.add_node("look", nodes.look)
    graph.add_node("decide", nodes.decide)
    graph.add_node("act", nodes.act)
    graph.add_node("respond", nodes.respond)
    graph.add_edge(START, "receive")
    graph.add_conditional_edges("receive", nodes.after_receive, {"look": "look", "end": END})
    graph.add_conditional_edges(
        "look", nodes.after_look, {"decide": "decide", "respond": "respond"}
    )
    graph.add_conditional_edges("decide", nodes.after_decide, {"act": "act", "respond": "respond"})
    graph.add_edge("act", "decide")
    graph.add_edge("respond", END)
    compiled = graph.compile(checkpointer=checkpointer, name="assistant")
    return compiled.with_config(_RUN) if checkpointer else compiled
