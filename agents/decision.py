"""One decision of a turn: what was looked up, and the step chosen from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np
from langchain_core.messages import BaseMessage
from numpy.typing import NDArray

from frontdesk.tools.contact_lookup import ContactResult
from frontdesk.tools.search import SearchResult
from frontdesk.tools.wait_times import PlaceMatch

Vector = NDArray[np.float32]
Step = Literal[
    "search",
    "wait_times",
    "contact_lookup",
    "read_page",
    "answer",
    "not_found",
    "refuse",
    "clarify",
]
STEPS: tuple[Step, ...] = get_args(Step)
TOOL_STEPS: frozenset[str] = frozenset({"search", "wait_times", "contact_lookup", "read_page"})


@dataclass(frozen=True)
class Decision:
    """The step chosen, with its arguments and the probability the model gave it.

    `quotes` holds indices into `Evidence.candidates`, best first, when `step` is "answer" and the
    answer comes from the site; it is empty when the answer is rendered from a tool's result.
    """

    step: Step
    arguments: dict[str, Any] = field(default_factory=dict)
    probability: float = 1.0
    quotes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A sentence that may be quoted: `search.passages[passage].sentences[sentence]`.

    `vector` (384,) is its embedding, `dense` its cosine to the query, `lexical` and `context` the
    share of the query's topic words that it holds, alone and with its headings, 0 to 1.
    """

    text: str
    passage: int
    sentence: int
    vector: Vector
    dense: float
    lexical: float
    context: float
    score: float


@dataclass(frozen=True)
class Observation:
    """What a tool answered in this turn; `result` is its typed result, None when it failed."""

    tool: str
    arguments: dict[str, Any]
    ok: bool
    ms: float
    result: Any = None
    error: str = ""


@dataclass(frozen=True)
class PreviousTurn:
    """The turn before this one in the thread: its question and the first tool it used.

    `shown` holds the sentences of the site that it quoted.
    """

    question: str
    step: Step
    arguments: dict[str, Any] = field(default_factory=dict)
    shown: Sequence[str] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything known about a question when the model is asked for the next step."""

    question: str
    previous: PreviousTurn | None = None
    search: SearchResult | None = None
    search_with_previous: SearchResult | None = None
    previous_vector: Vector | None = None
    scope: str = ""
    scope_vector: Vector | None = None
    contacts: ContactResult | None = None
    contacts_with_previous: ContactResult | None = None  # where the turn before asked for a contact
    places: Sequence[PlaceMatch] = ()
    previous_places: Sequence[PlaceMatch] = ()  # of the turn before, where no tool was asked of any
    department: str = ""  # of the feed that the question names
    sibling: str = ""  # the place that a few words mean beside the one asked for before
    elsewhere: str = ""  # a place that is named and that the feed does not know
    waits_available: bool = False
    candidates: Sequence[Candidate] = ()
    observations: Sequence[Observation] = ()
    parts: Sequence["Evidence"] = ()  # of each half of a question that may ask two things

    def sentences(self, quotes: Sequence[int]) -> list[str]:
        """Return the texts of the candidates at `quotes`; an index past them has none."""
        return [self.candidates[n].text for n in quotes if 0 <= n < len(self.candidates)]

    @property
    def of_department(self) -> dict[str, str]:
        """The argument of `wait_times` that names a department, where the question names one."""
        return {"department": self.department} if self.department else {}


class Decider(Protocol):
    """Chooses the next step of a turn."""

    @property
    def name(self) -> str:
        """The model's name, as shown to people."""

    def decide(self, evidence: Evidence, messages: Sequence[BaseMessage]) -> Decision:
        """Return the next step for `evidence`; `messages` is the thread so far, oldest first."""


@runtime_checkable
class Writer(Protocol):
    """A decider that can also put an answer into its own words."""

    def write(self, evidence: Evidence, decision: Decision, texts: Sequence[str]) -> Iterator[str]:
        """Yield the answer in pieces, citing the shown sentences as [n].

        It rests on the sentences that `decision` quotes; literals may come from `texts`, too.
        """
