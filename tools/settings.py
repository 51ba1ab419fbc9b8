"""The settings of the tools. Read at the edge, passed down, never changed."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

SHORTEST_TOKEN = 12
AdapterName = Literal["", "ahs", "bc", "hk", "json"]


class Section(BaseModel):
    """One table of frontdesk.toml: frozen, and a misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class WaitTimesSettings(Section):
    """`[wait_times]`: the live feed; an empty `adapter` means that there is none.

    A reading is shared by everybody for `refresh_seconds`, shown with its age until
    `max_age_minutes`, then withheld; so is a row that the feed itself dates older than
    `max_source_age_minutes`. `page_url` is the official page for people (by default the
    feed's origin). `mapping` belongs to the `json` adapter (see `tools/feeds/mapped.py`).
    History is kept for `keep_days`; what is usual rests on up to 84 of them.
    `aliases` are other names of a site or town ("Foothills" = "Foothills Medical Centre"), and
    `towns` holds [latitude, longitude] of towns without a site of their own.
    """

    adapter: AdapterName = ""
    url: str = ""
    page_url: str = ""
    max_age_minutes: float = Field(default=15.0, gt=0)
    refresh_seconds: float = Field(default=180.0, gt=0)
    max_source_age_minutes: float = Field(default=120.0, gt=0)
    timeout_seconds: float = Field(default=6.0, gt=0)
    patience_seconds: float = Field(default=0.5, ge=0)  # wait for a newer reading than the one kept
    max_backoff_seconds: float = Field(default=1800.0, gt=0)
    max_bytes: int = Field(default=4 * 1024 * 1024, ge=1)
    keep_days: float = Field(default=400.0, ge=1, le=36_500)
    mapping: dict[str, Any] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    towns: dict[str, tuple[float, float]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> "WaitTimesSettings":
        if self.adapter and not self.url:
            raise ValueError(f'adapter "{self.adapter}" has no url: set [wait_times] url')
        if self.url and not self.adapter:
            raise ValueError("a url but no adapter: set [wait_times] adapter (ahs, bc, hk, json)")
        if self.adapter == "json" and not self.mapping:
            raise ValueError('adapter "json" has no mapping: set [wait_times.mapping]')
        return self

    @field_validator("url", "page_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if url and not url.startswith(("https://", "http://")):
            raise ValueError(f"{url!r} does not start with https:// or http://")
        return url


class ContactsSettings(Section):
    """`[contacts]`: the directory, and whom to offer when nobody is found.

    `switchboard` is shown as it is written, such as "the switchboard, 555 0100". Whoever types
    `staff_token` on the Directory page sees the rows that are not public; empty: nobody does.
    """

    file: Path | None = None
    switchboard: str = ""
    default_region: str = "CA"  # for phone numbers written without a country code
    staff_token: SecretStr = SecretStr("")

    @field_validator("staff_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if 0 < len(token.get_secret_value().strip()) < SHORTEST_TOKEN:
            raise ValueError(f"shorter than {SHORTEST_TOKEN} characters, so it can be guessed")
        return SecretStr(token.get_secret_value().strip())
