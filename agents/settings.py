"""The settings of the organisation and of its model."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

GroundingMode = Literal["verbatim", "grounded", "free"]


class OrganisationSettings(BaseModel):
    """Whose front desk this is, what it is for, and what it says when a life is in danger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "Front desk"
    scope: str = ""
    emergency_notice: str = (
        "If a life may be in danger, call your local emergency number now (911 in North America, "
        "112 in Europe)."
    )
    timezone: str = "UTC"


class ModelSettings(BaseModel):
    """Which model answers, and how much of the machine it may use.

    `path` is a GGUF file or `hf:owner/repo:file`; empty is the bundled model. `url` names an
    OpenAI-compatible server instead. `context_tokens` and `threads` of 0 are chosen by the machine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = ""
    adapter: str = ""
    adapter_scale: float = 1.0
    grounding: GroundingMode = "verbatim"
    url: str = ""
    name: str = ""  # what a server calls the model
    api_key_variable: str = "OPENAI_API_KEY"  # the environment variable that holds the key
    context_tokens: int = Field(default=0, ge=0)
    threads: int = Field(default=0, ge=0)
    max_sequences: int = Field(default=32, ge=1, le=128)
    max_waiting: int = Field(default=128, ge=0)
    max_answer_tokens: int = Field(default=256, ge=1)
    temperature: float = Field(default=0.0, ge=0.0)
    turn_timeout_seconds: float = Field(default=120.0, gt=0)
