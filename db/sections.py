"""The organisation's own pages read again whole: every section with its sentences, in order."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Section:
    """One chunk as it stands in its page: headings above it (outermost first), sentences."""

    url: str
    title: str
    language: str
    heading: list[str]
    sentences: list[str]


def read(connection: Connection) -> list[Section]:
    """Return every section of the pages that no newer version has replaced, by URL, in order."""
    with connection.cursor(row_factory=class_row(Section)) as cursor:
        return cursor.execute(
            "SELECT p.url, p.title, p.language, c.heading, c.sentences"
            " FROM chunks c JOIN pages p ON p.id = c.page_id"
            " WHERE p.thread IS NULL AND p.superseded_by IS NULL ORDER BY p.url, c.ordinal"
        ).fetchall()


def fingerprint(connection: Connection) -> str:
    """Return a fingerprint of all that the organisation's own pages say."""
    row = connection.execute(
        "SELECT md5(coalesce(string_agg(url || encode(content_hash, 'hex'), ' ' ORDER BY url), ''))"
        " FROM pages WHERE thread IS NULL"
    ).fetchone()
    return str(row[0]) if row else ""
