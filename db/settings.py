"""The settings of the store and of what feeds it. Read at the edge, passed down, never changed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Chunker = Literal["document", "fixed", "recursive", "semantic", "agentic"]
MEGABYTE = 1024 * 1024


class Section(BaseModel):
    """One table of frontdesk.toml: frozen, and a misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Section):
    """`[database]`: an empty `url` means the embedded PostgreSQL under the data folder."""

    url: str = Field(default="", repr=False)  # may hold a password
    pool_size: int = Field(default=8, ge=1, le=200)
    connect_timeout_seconds: float = Field(default=10.0, gt=0)


class SiteSettings(Section):
    """`[site]`: what may be crawled, and how gently.

    `allow` and `deny` are shell-style patterns on the whole URL; with an empty `allow`, the hosts
    of `start_urls` are allowed. `trusted_hosts` are exact `host:port` pairs on a private network.
    `render_javascript`: "auto" renders pages that hold scripts and next to no text. `ocr`: "auto"
    reads scanned pages and picture files when the extra is installed, "always" also the pictures
    that a site links to. `vision_url` is an OpenAI-compatible server that
    describes images; empty: images are known by their alternative text and caption alone.
    """

    start_urls: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    max_pages: int = Field(default=5000, ge=1)
    max_depth: int = Field(default=12, ge=0)
    max_bytes: int = Field(default=2048 * MEGABYTE, ge=1)  # of one run
    max_page_bytes: int = Field(default=25 * MEGABYTE, ge=1)
    max_seconds: float = Field(default=6 * 3600.0, gt=0)  # of one run
    concurrency: int = Field(default=4, ge=1, le=64)
    delay_seconds: float = Field(default=0.0, ge=0)  # between two requests to one host
    timeout_seconds: float = Field(default=20.0, gt=0)
    retries: int = Field(default=2, ge=0, le=10)
    respect_robots: bool = True
    render_javascript: Literal["auto", "always", "never"] = "auto"
    ocr: Literal["auto", "always", "never"] = "auto"
    vision_url: str = ""
    vision_model: str = ""
    vision_key: SecretStr = SecretStr("")
    grace_runs: int = Field(default=1, ge=0)  # runs that a vanished page survives

    @field_validator("trusted_hosts")
    @classmethod
    def _host_and_port(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            name, _, port = host.rpartition(":")
            if not name or not port.isdigit() or "/" in host or "@" in host:
                raise ValueError(f"{host!r} is not host:port, such as intranet.example:8443")
        return hosts


class ChunkSettings(Section):
    """`[chunks]`: the chunker and its sizes, counted in words."""

    chunker: Chunker = "document"
    max_words: int = Field(default=150, ge=10)
    overlap_words: int = Field(default=20, ge=0)
    semantic_buffer: int = Field(default=1, ge=0)
    semantic_percentile: float = Field(default=90.0, gt=0, lt=100)


class SearchSettings(Section):
    """`[search]`: how a question is compared with the chunks.

    Below `exact_below` chunks each of them is compared; from there on an HNSW index is built at the
    end of an ingestion (`m`, `ef_construction`) and asked (`ef_search`). It is never dropped.
    `build_memory_mb` 0: what the graph needs, at most half of what this machine has free.
    `reranker` names a sentence-transformers cross-encoder, or a folder with one. `encoder` is the
    bi-encoder.safetensors that chunks are found by; empty: the bundled encoder.
    """

    exact_below: int = Field(default=10_000, ge=0)
    m: int = Field(default=16, ge=4, le=100)
    ef_construction: int = Field(default=64, ge=8, le=1000)
    ef_search: int = Field(default=120, ge=100, le=1000)  # candidates: never fewer than are taken
    build_memory_mb: int = Field(default=0, ge=0)
    reranker: str = ""
    encoder: str = ""

    @model_validator(mode="after")
    def _graph_can_be_built(self) -> "SearchSettings":
        if self.ef_construction < 2 * self.m:
            raise ValueError(
                f"ef_construction {self.ef_construction} is less than twice m {self.m}"
            )
        return self
