"""What a trained retriever asks for: a line in frontdesk.toml and a command, never done unasked.

Chunks have to be embedded anew before anything is found by it, so promotion does not switch it on.
"""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = "bi-encoder.safetensors"
COMMAND = "frontdesk ingest"


class Offer(BaseModel):
    """A retriever that finds better than the one in service, on `questions` that were held out.

    `before` and `after` are its measures by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path
    questions: int
    before: dict[str, float]
    after: dict[str, float]

    @property
    def line(self) -> str:
        """The line for the table [search] of frontdesk.toml."""
        quoted = json.dumps(str(self.file), ensure_ascii=False)  # TOML quotes as JSON does
        return f"encoder = {quoted}"

    def told(self) -> str:
        """Return what to do, in one line."""
        return (
            f"to find passages by it: under [search] in frontdesk.toml {self.line}, then {COMMAND}"
        )


def read_offer(folder: Path) -> Offer | None:
    """Return the offer of a finished stage; None where its retriever was not better."""
    metrics = json.loads((folder / "record.json").read_text("utf-8"))["metrics"]
    if not metrics["better"]:
        return None
    return Offer(
        file=(folder / FILE).absolute(),
        questions=metrics["held out"],
        before=metrics["before"],
        after=metrics["after"],
    )
