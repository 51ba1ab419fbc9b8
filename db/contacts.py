"""The contacts table: people and teams, and the embeddings of what they do."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from frontdesk.db.errors import FrontdeskDataError

FIELDS = ("name", "role", "team", "site", "phone", "email", "notes")
TEAM_WORDS = frozenset(
    "office desk service services line hotline switchboard reception department dept team unit"
    " clinic centre center program programme ward bureau hospital laboratory lab library registry"
    " pharmacy accueil equipe secretariat urgences".split()
)
Vector = NDArray[np.float32]
Connection = psycopg.Connection[Any]


class ContactsError(FrontdeskDataError):
    """A contact file cannot be read, or would do harm."""


class Contact(BaseModel):
    """One person or team. `public` is False where only staff may know of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: str = ""
    team: str = ""
    site: str = ""
    phone: str = ""
    email: str = ""
    notes: str = ""
    public: bool = True

    @property
    def is_team(self) -> bool:
        """Whether the row stands for a team or a desk rather than for a person."""
        name, role = self.name.casefold(), self.role.casefold().split()
        return (
            name == self.team.casefold()
            or not TEAM_WORDS.isdisjoint(name.split())
            or (0 < len(role) < 3 and role[-1] in TEAM_WORDS)
        )

    @property
    def description(self) -> str:
        """What the row does, in one line: the text that is embedded.

        Without the site, which its words find as well, and which would give a nurse of forty
        sites forty embeddings.
        """
        parts = (self.name if self.is_team else "", self.role, self.team, self.notes)
        return ", ".join(dict.fromkeys(part for part in parts if part))


def version(connection: Connection) -> int:
    """Return a number that grows with every change to the directory."""
    row = connection.execute("SELECT version FROM contacts_version").fetchone()
    return int(row[0]) if row else 0


def read(connection: Connection, *, staff: bool) -> list[tuple[int, Contact]]:
    """Return the rows with their numbers, oldest first; private ones only for `staff`."""
    rows = connection.execute(
        "SELECT id, name, role, team, site, phone, email, notes, public"
        " FROM contacts WHERE public OR %s ORDER BY id",
        [staff],
    )
    names = (*FIELDS, "public")
    return [
        (number, Contact.model_construct(**dict(zip(names, values, strict=True))))
        for number, *values in rows
    ]


def read_vectors(connection: Connection, *, staff: bool) -> dict[str, Vector]:
    """Return the embedding (384,) of every description that a visible row carries."""
    rows = connection.execute(
        "SELECT description, vector FROM contact_descriptions d WHERE EXISTS (SELECT FROM contacts"
        " WHERE contacts.description = d.description AND (public OR %s))",
        [staff],
    )
    return {text: np.frombuffer(raw, "<f2").astype(np.float32) for text, raw in rows}


def add(connection: Connection, contacts: Iterable[Contact]) -> None:
    """Insert rows."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO contacts (name, role, team, site, phone, email, notes, public,"
            " description) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [_values(contact) for contact in contacts],
        )


def change(connection: Connection, contacts: Mapping[int, Contact]) -> None:
    """Overwrite the rows of these numbers."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE contacts SET name = %s, role = %s, team = %s, site = %s, phone = %s,"
            " email = %s, notes = %s, public = %s, description = %s, updated_at = now()"
            " WHERE id = %s",
            [(*_values(contact), number) for number, contact in contacts.items()],
        )


def remove(connection: Connection, numbers: Iterable[int]) -> None:
    """Delete the rows of these numbers, and the embeddings that no row carries any more."""
    connection.execute("DELETE FROM contacts WHERE id = ANY(%s)", [list(numbers)])
    connection.execute(
        "DELETE FROM contact_descriptions d WHERE NOT EXISTS"
        " (SELECT FROM contacts WHERE contacts.description = d.description)"
    )


def unembedded(connection: Connection, descriptions: Iterable[str]) -> list[str]:
    """Return those of the descriptions that no embedding is kept for, in alphabetical order."""
    wanted = sorted(text for text in set(descriptions) if text)
    rows = connection.execute(
        "SELECT description FROM contact_descriptions WHERE description = ANY(%s)", [wanted]
    )
    known = {text for (text,) in rows}
    return [text for text in wanted if text not in known]


def lock(connection: Connection) -> None:
    """Keep other imports out until the transaction ends; lookups go on."""
    connection.execute("LOCK TABLE contacts IN SHARE ROW EXCLUSIVE MODE")


def add_vectors(connection: Connection, vectors: Mapping[str, Vector]) -> None:
    """Keep the embedding (384,) of each description that a row carries."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO contact_descriptions VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(text, vector.astype("<f2").tobytes()) for text, vector in vectors.items()],
        )


def _values(contact: Contact) -> tuple[str | bool, ...]:
    fields = tuple(getattr(contact, name) for name in FIELDS)
    return (*fields, contact.public, contact.description)
