"""Finds the right person or team in the organisation's directory, from a whole question.

    Directory(store, embedder).lookup("whats dr smiths number")
    Directory.fixed(contacts, embedder).lookup("who handles parking refunds")

Rows that are not public exist only for staff: they are never loaded for anybody else.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

from frontdesk.db import contacts as table
from frontdesk.db.contacts import Contact, ContactsError, Vector
from frontdesk.tools.contacts.index import DirectoryIndex
from frontdesk.tools.contacts.people import match_names
from frontdesk.tools.contacts.query import read_question
from frontdesk.tools.contacts.rank import (
    LIKELY,
    ContactMatch,
    by_literal,
    is_clear,
    nearest_team,
    needs_meaning,
    ranked,
    worth_saying,
)
from frontdesk.tools.contacts.text import answer
from frontdesk.tools.contacts.topics import TopicReader

if TYPE_CHECKING:  # an engine for embeddings is heavy, and a fixed directory needs no database
    from frontdesk.db.ingest.embed import Embedder
    from frontdesk.db.store import Store

__all__ = ["Contact", "ContactMatch", "ContactResult", "ContactsError", "Directory"]

LONGEST_QUESTION = 2000


class ContactResult(BaseModel):
    """What a lookup found, best first. `clear` says that the first one is the only one."""

    model_config = ConfigDict(frozen=True)

    matches: list[ContactMatch] = []
    clear: bool = False
    text: str = ""


class Directory:
    """The directory as the tool reads it: a copy in memory, renewed when the table changes."""

    def __init__(
        self,
        store: Store | None,
        embedder: Embedder | None = None,
        *,
        switchboard: str = "",
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._switchboard = switchboard
        self._lock = threading.Lock()
        self._fixed: Sequence[Contact] = ()
        self._copies: dict[bool, tuple[int, DirectoryIndex]] = {}

    @classmethod
    def fixed(
        cls,
        contacts: Sequence[Contact],
        embedder: Embedder | None = None,
        *,
        switchboard: str = "",
    ) -> Self:
        """Return a directory of these contacts, without a database."""
        directory = cls(None, embedder, switchboard=switchboard)
        directory._fixed = tuple(contacts)
        return directory

    def lookup(
        self,
        query: str,
        *,
        staff: bool = False,
        limit: int = 5,
        query_vector: Vector | None = None,
    ) -> ContactResult:
        """Find a person or team by name, role, team, site or what they do, typos forgiven.

        `query` may be the whole question; `query_vector` (384,) saves embedding it again. Private
        rows are seen only with `staff`. Raises `ContactsError` when the database cannot be read.
        """
        index = self._index(staff)
        query = query[:LONGEST_QUESTION]
        matches = by_literal(index, query)
        if not matches:
            question = read_question(query, index.people.ids, index.people.together)
            reader = TopicReader(index, question)
            names = match_names(index, question, reader)
            vector = None
            if needs_meaning(question, names):
                vector = self._vector(index, query, staff, query_vector)
            matches = ranked(reader, question, names, vector)
        return self._result(index, matches, limit)

    def _result(
        self, index: DirectoryIndex, matches: list[ContactMatch], limit: int
    ) -> ContactResult:
        clear = is_clear(matches)
        shown = worth_saying(matches)[:limit]
        text = answer(
            [match.contact for match in shown],
            clear=clear,
            sure=bool(shown) and shown[0].score >= LIKELY,
            offer=nearest_team(matches) or self._switchboard or index.switchboard,
        )
        return ContactResult(matches=matches[:limit], clear=clear, text=text)

    def _index(self, staff: bool) -> DirectoryIndex:
        """Return the rows that this person may see, read again when the table has changed."""
        if self._store is None:
            return self._fixed_index(staff)
        with self._store.connection() as connection:
            version = table.version(connection)
            kept = self._copies.get(staff)
            if kept is not None and kept[0] == version:
                return kept[1]
        with self._lock, self._store.connection() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            version = table.version(connection)
            kept = self._copies.get(staff)
            if kept is None or kept[0] != version:
                rows = table.read(connection, staff=staff)
                kept = (version, DirectoryIndex([contact for _, contact in rows]))
                self._copies[staff] = kept
        return kept[1]

    def _fixed_index(self, staff: bool) -> DirectoryIndex:
        with self._lock:
            kept = self._copies.get(staff)
            if kept is None:
                kept = (0, DirectoryIndex([c for c in self._fixed if c.public or staff]))
                self._copies[staff] = kept
        return kept[1]

    def _vector(
        self, index: DirectoryIndex, query: str, staff: bool, given: Vector | None
    ) -> Vector | None:
        """Return the embedding of the question, with the index ready to be compared to it."""
        if self._embedder is None or not index.contacts:
            return None
        with self._lock:
            if not index.has_vectors:
                index.set_vectors(self._description_vectors(index, staff))
        if given is not None:
            return given
        vector: Vector = self._embedder.embed([query])[0]
        return vector

    def _description_vectors(self, index: DirectoryIndex, staff: bool) -> dict[str, Vector]:
        if self._store is not None:
            with self._store.connection() as connection:
                return table.read_vectors(connection, staff=staff)
        texts = [text for text in index.description_rows if text]
        if not texts or self._embedder is None:
            return {}
        return dict(zip(texts, self._embedder.embed(texts), strict=True))
