"""The reply to one question: what `frontdesk ask --json` prints. Its keys are a contract."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from frontdesk.agents.policy.grounding import Source

Outcome = Literal["answered", "refused", "not_found", "emergency", "clarify", "error"]


class StepTaken(BaseModel):
    """A tool call of the turn; `ms` is what it took."""

    model_config = ConfigDict(frozen=True)

    tool: str
    arguments: dict[str, Any] = {}
    ok: bool = True
    ms: float = 0.0


class Timings(BaseModel):
    """Milliseconds from the question to the first words and to the end of the turn."""

    model_config = ConfigDict(frozen=True)

    first_token_ms: float = 0.0
    total_ms: float = 0.0


class TokensRead(BaseModel):
    """What the model read for a turn, and what it did not have to because it was kept."""

    model_config = ConfigDict(frozen=True)

    evaluated: int = 0
    reused: int = 0


class Reply(BaseModel):
    """One turn's result; frozen.

    `literals` are the numbers, addresses and times that the answer holds, `dropped_literals` how
    many were taken out of it because no observation holds them. `route_probability` belongs to the
    first decision.
    """

    model_config = ConfigDict(frozen=True)

    id: str | None = None
    thread: str | None = None
    answer: str = ""
    outcome: Outcome = "answered"
    steps: tuple[StepTaken, ...] = ()
    sources: tuple[Source, ...] = ()
    literals: tuple[str, ...] = ()
    dropped_literals: int = 0
    route_probability: float = 1.0
    timings: Timings = Timings()
    tokens: TokensRead = TokensRead()
    model: str = ""
    adapter: str = ""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values, in the order of the contract."""
        return self.model_dump(mode="json")
