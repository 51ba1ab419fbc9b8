"""The runs table: models that were promoted, their scores, and which one serves."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict

from frontdesk.db.errors import FrontdeskDataError

Connection = psycopg.Connection[Any]


class NoRun(FrontdeskDataError):
    """There is no promoted model to act on."""


class Run(BaseModel):
    """A promoted model. `model`, `adapter`, `reader` are files under the data folder's `models/`.

    Without a `reader` the one of the settings reads. `parent` is what served before it; None stands
    for the bundled model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    id: int = 0
    name: str
    run: str
    model: str
    adapter: str = ""
    reader: str | None = None
    data_hash: str
    scores: dict[str, Any]
    parent: int | None = None
    in_service: bool = False
    created_at: datetime | None = None


def promote(connection: Connection, run: Run) -> Run:
    """Add the model and put it in service, in the place of what serves now; return it."""
    lock(connection)
    before = in_service(connection)
    connection.execute("UPDATE runs SET in_service = false WHERE in_service")
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        added = cursor.execute(
            "INSERT INTO runs"
            " (name, run, model, adapter, reader, data_hash, scores, parent, in_service)"
            " VALUES (%(name)s, %(run)s, %(model)s, %(adapter)s, %(reader)s, %(data_hash)s,"
            " %(scores)s, %(parent)s, true) RETURNING *",
            {
                **run.model_dump(exclude={"scores"}),
                "scores": Jsonb(run.scores),
                "parent": before.id if before else None,
            },
        ).fetchone()
    assert added is not None
    return added


def rollback(connection: Connection) -> tuple[Run, Run | None]:
    """Put what served before back in service; return (what leaves, what serves now).

    None stands for the bundled model. Raises `NoRun` when that one serves already.
    """
    lock(connection)
    leaving = in_service(connection)
    if leaving is None:
        raise NoRun("the bundled model is in service; there is nothing to roll back")
    connection.execute("UPDATE runs SET in_service = false WHERE in_service")
    connection.execute("UPDATE runs SET in_service = true WHERE id = %s", [leaving.parent])
    return leaving, in_service(connection)


def in_service(connection: Connection) -> Run | None:
    """Return the promoted model that serves; None: the bundled one does."""
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute("SELECT * FROM runs WHERE in_service").fetchone()


def everything(connection: Connection) -> list[Run]:
    """Return every promoted model, the newest first."""
    with connection.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute("SELECT * FROM runs ORDER BY id DESC").fetchall()


def lock(connection: Connection) -> None:
    """Keep other promotions out until the transaction ends."""
    connection.execute("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE")
