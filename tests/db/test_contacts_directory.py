"""The directory over the real table: renewed when it changes, private rows never loaded."""

import threading
from pathlib import Path

import psycopg
import pytest

from frontdesk.db import contacts as table
from frontdesk.db.ingest.contacts import import_contacts
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.store import Store
from frontdesk.tools.contact_lookup import Contact, Directory

CONTACTS = [
    Contact(name="Ann Lee", role="Nurse", team="Heart Clinic", phone="403-555-0101"),
    Contact(name="Eve Roy", role="Hostage Negotiator", team="Security", public=False),
]


def fill(store: Store) -> None:
    with store.connection() as connection:
        table.add(connection, CONTACTS)


def names(directory: Directory, query: str, *, staff: bool = False) -> list[str]:
    return [match.contact.name for match in directory.lookup(query, staff=staff).matches]


def test_a_change_is_seen_at_once(store: Store) -> None:
    fill(store)
    directory = Directory(store)
    assert names(directory, "ann lee") == ["Ann Lee"]
    with store.connection() as connection:
        connection.execute("UPDATE contacts SET public = false")
    assert names(directory, "ann lee") == []
    with store.connection() as connection:
        connection.execute("DELETE FROM contacts")
    assert names(directory, "ann lee", staff=True) == []


def test_private_rows_are_for_staff(store: Store, embedder: GGUFEmbedder, tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text(
        "name,role,team,public\nAnn Lee,Nurse,Heart Clinic,yes\n"
        "Eve Roy,Hostage Negotiator,Security,no\n"
    )
    import_contacts(store, file, embedder=embedder)
    directory = Directory(store, embedder)
    for query in ("eve roy", "hostage negotiator", "who frees kidnapped people", "security"):
        assert "Eve Roy" not in directory.lookup(query).model_dump_json()
        assert names(directory, query, staff=True)[0] == "Eve Roy"
        assert "Eve Roy" not in directory.lookup(query).model_dump_json()


def test_many_askers_share_one_copy(store: Store) -> None:
    fill(store)
    directory = Directory(store)
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(names(directory, "ann lee")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["Ann Lee"]] * 16


def test_a_nameless_row_cannot_be_stored(store: Store) -> None:
    with store.connection() as connection:
        with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
            connection.execute("INSERT INTO contacts (name) VALUES ('')")
