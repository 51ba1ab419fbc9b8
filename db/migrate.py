"""Bring the schema up to date: `migrations/NNNN_name.sql`, once each, in order, all or nothing."""

from importlib.resources import files
from typing import Any

import psycopg

from frontdesk.db.errors import StoreError

_LOCK = 0x46524F4E54  # any constant: several processes may open a new database at once


def migrations() -> list[tuple[int, str, str]]:
    """Return (number, name, SQL) of every migration, in order."""
    found = []
    for entry in files("frontdesk.db.migrations").iterdir():
        stem, _, kind = entry.name.rpartition(".")
        number, _, name = stem.partition("_")
        if kind == "sql" and number.isdigit():
            found.append((int(number), name, entry.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(connection: psycopg.Connection[Any]) -> list[str]:
    """Apply what is missing and return the names applied. `connection` must be autocommit.

    Raises `StoreError` when a migration fails; what it did is rolled back.
    """
    known = migrations()
    if _applied(connection) >= {number for number, _, _ in known}:
        return []
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz DEFAULT now())"
        )
        applied = _applied(connection)
        missing = [entry for entry in known if entry[0] not in applied]
        for number, name, sql in missing:
            _apply(connection, number, name, sql)
        return [name for _, name, _ in missing]
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _applied(connection: psycopg.Connection[Any]) -> set[int]:
    try:
        return {row[0] for row in connection.execute("SELECT number FROM schema_migrations")}
    except psycopg.errors.UndefinedTable:
        return set()


def _apply(connection: psycopg.Connection[Any], number: int, name: str, sql: str) -> None:
    try:
        with connection.transaction():
            connection.execute(sql.encode())  # bytes: a migration is trusted and has no parameters
            connection.execute(
                "INSERT INTO schema_migrations (number, name) VALUES (%s, %s)", [number, name]
            )
    except psycopg.errors.UndefinedFile as error:
        raise StoreError(
            "the database has no pgvector extension; install it there, or leave [database] url"
            " empty for the embedded server"
        ) from error
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise StoreError(f"migration {number:04d}_{name} failed ({reason})") from error
