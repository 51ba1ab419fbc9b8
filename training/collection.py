"""What `collect` brings together: organisations, each with the part it plays in the run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from frontdesk.db.ingest.embed import Embedder
from frontdesk.graphs.settings import Settings
from frontdesk.tools.feeds.department import Department
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.corpus import Organisation

Role = Literal["own", "taught", "held_out", "test"]


class Member(BaseModel):
    """One organisation of a run.

    "own" is the one that is trained for, from its store; "taught" ones are handwritten and trained
    on for generality; "held_out" ones are only asked about: to stop by, where there are "test" ones
    to judge by. `departments` are the own feed's rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: Organisation
    role: Role
    departments: list[Department] = []

    @property
    def slug(self) -> str:
        """The organisation's short name."""
        return self.organisation.slug


def write_members(path: Path, members: Sequence[Member]) -> None:
    """Write the members, one a line."""
    path.write_text("".join(f"{member.model_dump_json()}\n" for member in members), "utf-8")


def read_members(path: Path) -> list[Member]:
    """Return the members that `write_members` wrote."""
    lines = path.read_text("utf-8").splitlines()
    return [Member.model_validate_json(line) for line in lines]


@contextmanager
def open_member(
    member: Member, settings: Settings, desks: Path, embedder: Embedder
) -> Iterator[Toolbox]:
    """Yield the tools of a member: on its own store, or on one made under `desks`."""
    from frontdesk.training.desks import open_desk
    from frontdesk.training.own import open_own

    if member.role == "own":
        with open_own(settings, member, embedder) as toolbox:
            yield toolbox
    else:
        with open_desk(member.organisation, desks, embedder) as toolbox:
            yield toolbox
