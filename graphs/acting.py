"""Runs one tool for the agent; a fault becomes an observation of one plain sentence."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frontdesk.agents.decision import Decision, Evidence, Observation
from frontdesk.agents.policy.literals import AllowedLiterals, literals
from frontdesk.graphs.events import step_finished, step_started
from frontdesk.tools.errors import TOOL_ERRORS
from frontdesk.tools.search import SearchResult
from frontdesk.tools.toolbox import Toolbox
from frontdesk.tools.waits.board import Ask, KindFilter

_LOG = logging.getLogger("frontdesk")
FAULTS = {
    "search": "The website could not be searched just now.",
    "wait_times": "The live wait times could not be read just now.",
    "contact_lookup": "The directory could not be read just now.",
    "read_page": "That page could not be read just now.",
}


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QueryArguments(_Arguments):
    """What `search` and `contact_lookup` take."""

    query: str = Field(min_length=1, max_length=4000)


class WaitArguments(_Arguments):
    """What `wait_times` takes."""

    places: list[str] = Field(default=[], max_length=20)
    kind: KindFilter = "any"
    ask: Ask = "now"
    at: str | None = None
    department: str = Field(default="", max_length=200)


class PageArguments(_Arguments):
    """What `read_page` takes: a web address and what is looked for on it."""

    url: str = Field(min_length=1, max_length=4000)
    query: str = ""


class Unavailable(Exception):
    """The organisation has no such tool; the message is for the person."""


@dataclass(frozen=True)
class Asking:
    """Who asks: the thread, and every word the person wrote in it."""

    thread: str = ""
    words: Sequence[str] = ()


def act(toolbox: Toolbox, evidence: Evidence, decision: Decision, asking: Asking) -> Observation:
    """Run the decision's tool. Never raises for a bad argument or a failing tool."""
    tool, arguments = decision.step, dict(decision.arguments)
    step_started(tool, arguments)
    started = time.perf_counter()
    result, error = None, ""
    try:
        result = _TOOLS[tool](toolbox, evidence, arguments, asking)
    except ValidationError as invalid:
        fault = invalid.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        error = f"{tool} was asked wrongly: {place}: {fault['msg']}."
    except Unavailable as missing:
        error = str(missing)
    except TOOL_ERRORS as failure:
        # The reason names hosts and databases: it is for the log, not for the person.
        _LOG.warning("%s: %s", tool, failure)
        error = FAULTS[tool]
    ms = round((time.perf_counter() - started) * 1000, 2)
    step_finished(tool, ok=not error, ms=ms, error=error)
    return Observation(tool, arguments, not error, ms, result, error)


def _search(
    toolbox: Toolbox, evidence: Evidence, arguments: Mapping[str, Any], asking: Asking
) -> SearchResult:
    query = QueryArguments(**arguments).query
    for held in (evidence.search, evidence.search_with_previous):
        if held is not None and held.query == query:
            return held
    return toolbox.searcher.search(query, thread=asking.thread or None)


def _wait_times(
    toolbox: Toolbox, evidence: Evidence, arguments: Mapping[str, Any], asking: Asking
) -> Any:
    asked = WaitArguments(**arguments)
    if toolbox.waits is None:
        raise Unavailable("This organisation publishes no live wait times here.")
    return toolbox.waits.ask(asked.places, asked.kind, asked.ask, asked.at, asked.department)


def _contact_lookup(
    toolbox: Toolbox, evidence: Evidence, arguments: Mapping[str, Any], asking: Asking
) -> Any:
    query = QueryArguments(**arguments).query
    if query == evidence.question and evidence.contacts is not None:
        return evidence.contacts
    return toolbox.directory.lookup(query)


def _read_page(
    toolbox: Toolbox, evidence: Evidence, arguments: Mapping[str, Any], asking: Asking
) -> Any:
    asked = PageArguments(**arguments)
    if toolbox.reader is None:
        raise Unavailable("Reading other web pages is not set up here.")
    # A link is followed because the person gave it, never because a page or a model did.
    given = AllowedLiterals([evidence.question, *asking.words])
    links = literals(asked.url)
    if len(links) != 1 or links[0].text != asked.url or links[0] not in given:
        raise Unavailable("I can only read a page whose link you give me.")
    return toolbox.reader.read(asked.url, asked.query or evidence.question, thread=asking.thread)


_TOOLS: dict[str, Callable[[Toolbox, Evidence, Mapping[str, Any], Asking], Any]] = {
    "search": _search,
    "wait_times": _wait_times,
    "contact_lookup": _contact_lookup,
    "read_page": _read_page,
}
