"""The settings of the organisation and of its model. Read at the edge, never changed."""

from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Grounding = Literal["verbatim", "grounded", "free"]
Prompting = Literal["zero_shot", "few_shot", "step_by_step", "self_consistency", "tree_of_thought"]

EMERGENCY_NOTICE = (
    "If someone's life may be in danger, call your local emergency number now: "
    "112 in Europe, 911 in North America."
)


class Section(BaseModel):
    """One table of frontdesk.toml: frozen, and a misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OrganisationSettings(Section):
    """`[organisation]`: who answers, and about what.

    `scope` is one sentence that names the organisation's business; refusals and greetings show it.
    """

    name: str = "Frontdesk"
    scope: str = ""
    emergency_notice: str = Field(default=EMERGENCY_NOTICE, min_length=1)
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone, such as America/Edmonton") from error
        return name


class ModelSettings(Section):
    """`[model]`: who thinks.

    An empty `path` is the bundled model. With `url`, an OpenAI-compatible server answers and `name`
    is the model to ask it for. `context_tokens` is what all people together may fill (None: by the
    model and half a GiB of memory), `max_sequences` how many are answered at once while
    `max_waiting` more may wait. `prompting` is how an instruct model is
    asked (see `agents/chat/prompting.py`). `max_steps` is the most steps of one turn. `grounding`:
    "verbatim" quotes sentences; "grounded" lets an instruct model put them into its own words, with
    every literal and citation held to them; "free" leaves that to the check afterwards. `drafting`
    guesses ahead what is copied from the prompt (see docs/performance.md for when that pays).
    `reader` is the cross-encoder that reads for a model trained here: "bundled" (where a promoted
    model has its own, that one), "none", or an adapter file.
    """

    path: str = ""
    adapter: str = ""
    adapter_scale: float = Field(default=1.0, ge=0.0, le=10.0)
    reader: str = "bundled"
    grounding: Grounding = "verbatim"
    url: str = ""
    name: str = ""
    api_key: SecretStr = SecretStr("")
    threads: int | None = Field(default=None, ge=1)
    context_tokens: int | None = Field(default=None, ge=256)
    max_sequences: int = Field(default=32, ge=1, le=128)
    max_waiting: int = Field(default=128, ge=0)
    max_answer_tokens: int = Field(default=256, ge=1)
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    turn_timeout_seconds: float = Field(default=120.0, gt=0.0)
    prompting: Prompting = "zero_shot"
    drafting: bool = False
    max_steps: int = Field(default=6, ge=1, le=50)

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError(f"{url!r} does not start with https:// or http://")
        return url
