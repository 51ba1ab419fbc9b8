"""The pages table: every document as it was last fetched."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Page:
    """One document. `thread` is None for the organisation's own, else the conversation's id."""

    url: str
    source: str  # the site, or the file or folder that was named
    title: str
    body_hash: bytes
    content_hash: bytes
    fetched_at: datetime
    recipe: str = ""
    thread: str | None = None
    language: str = ""
    content_type: str = ""
    published_on: date | None = None
    links: Sequence[str] = ()
    etag: str | None = None
    last_modified: str | None = None
    expires_at: datetime | None = None

    @property
    def section(self) -> str:
        """The first folder of the URL's path, such as "services"; of a file, below its source."""
        path = urlsplit(self.url).path
        if self.url.startswith("file:"):
            path = path.removeprefix(urlsplit(self.source).path)
        folders = unquote(path).strip("/").split("/")
        return folders[0] if len(folders) > 1 else ""


@dataclass(frozen=True)
class KnownPage:
    """What the crawler needs to know of a page to ask for it conditionally."""

    id: int
    url: str
    body_hash: bytes
    content_hash: bytes
    etag: str | None
    last_modified: str | None
    links: list[str]
    recipe: str
    missing_runs: int


@dataclass(frozen=True)
class Confirmation:
    """A page that was found unchanged `at` a time; None: nothing new is known."""

    url: str
    at: datetime
    etag: str | None = None
    last_modified: str | None = None
    body_hash: bytes | None = None


def known(connection: Connection, sources: Sequence[str]) -> dict[str, KnownPage]:
    """Return the pages of these sites or folders, by URL."""
    with connection.cursor(row_factory=class_row(KnownPage)) as cursor:
        rows = cursor.execute(
            "SELECT id, url, body_hash, content_hash, etag, last_modified, links, recipe,"
            " missing_runs"
            " FROM pages WHERE source = ANY(%s) AND thread IS NULL",
            [list(sources)],
        ).fetchall()
    return {row.url: row for row in rows}


def save(connection: Connection, page: Page) -> int:
    """Insert the page, or replace what was known of it, and return its id."""
    row = connection.execute(
        "INSERT INTO pages (thread, url, source, title, section, language, content_type,"
        " published_on, links, etag, last_modified, body_hash, content_hash, fetched_at,"
        " checked_at, expires_at, recipe)"
        " VALUES (%(thread)s, %(url)s, %(source)s, %(title)s, %(section)s,"
        " %(language)s, %(content_type)s, %(published_on)s, %(links)s, %(etag)s, %(last_modified)s,"
        " %(body_hash)s, %(content_hash)s, %(fetched_at)s, %(fetched_at)s, %(expires_at)s,"
        " %(recipe)s)"
        " ON CONFLICT (thread, url) DO UPDATE SET source = excluded.source,"
        " title = excluded.title, section = excluded.section, language = excluded.language,"
        " content_type = excluded.content_type, published_on = excluded.published_on,"
        " links = excluded.links, etag = excluded.etag, last_modified = excluded.last_modified,"
        " body_hash = excluded.body_hash, content_hash = excluded.content_hash,"
        " fetched_at = excluded.fetched_at, checked_at = excluded.checked_at,"
        " expires_at = excluded.expires_at, recipe = excluded.recipe,"
        " missing_runs = 0, superseded_by = NULL"
        " RETURNING id",
        {
            "thread": page.thread,
            "url": page.url,
            "source": page.source,
            "title": page.title,
            "section": page.section,
            "language": page.language,
            "content_type": page.content_type,
            "published_on": page.published_on,
            "links": list(page.links),
            "etag": page.etag,
            "last_modified": page.last_modified,
            "body_hash": page.body_hash,
            "content_hash": page.content_hash,
            "fetched_at": page.fetched_at,
            "expires_at": page.expires_at,
            "recipe": page.recipe,
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def confirm(connection: Connection, confirmations: Sequence[Confirmation]) -> None:
    """Note that these pages are unchanged; what a confirmation gives replaces what was known."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE pages SET checked_at = %(at)s, fetched_at = %(at)s, missing_runs = 0,"
            " etag = coalesce(%(etag)s, etag),"
            " last_modified = coalesce(%(last_modified)s, last_modified),"
            " body_hash = coalesce(%(body_hash)s, body_hash)"
            " WHERE url = %(url)s AND thread IS NULL",
            [asdict(confirmation) for confirmation in confirmations],
        )


def miss(connection: Connection, urls: Sequence[str], grace_runs: int) -> list[str]:
    """Count a run that did not find these pages; remove and return those out of grace."""
    connection.execute(
        "UPDATE pages SET missing_runs = missing_runs + 1 WHERE url = ANY(%s) AND thread IS NULL",
        [list(urls)],
    )
    rows = connection.execute(
        "DELETE FROM pages WHERE url = ANY(%s) AND thread IS NULL AND missing_runs > %s"
        " RETURNING url",
        [list(urls), grace_runs],
    ).fetchall()
    return [row[0] for row in rows]


def remove(connection: Connection, urls: Sequence[str]) -> int:
    """Remove these pages with their chunks and return how many there were."""
    return connection.execute(
        "DELETE FROM pages WHERE url = ANY(%s) AND thread IS NULL", [list(urls)]
    ).rowcount


def fetched_at(connection: Connection, url: str, thread: str) -> datetime | None:
    """When this conversation read the page; None when it has not, or it has expired."""
    row = connection.execute(
        "SELECT fetched_at FROM pages WHERE url = %s AND thread = %s AND expires_at > now()",
        [url, thread],
    ).fetchone()
    return row[0] if row else None


def remove_thread(connection: Connection, thread: str) -> int:
    """Remove all that was read for a conversation."""
    return connection.execute("DELETE FROM pages WHERE thread = %s", [thread]).rowcount


def remove_expired(connection: Connection, now: datetime) -> int:
    """Remove the pages read for a conversation whose time is over."""
    return connection.execute("DELETE FROM pages WHERE expires_at <= %s", [now]).rowcount


def count(connection: Connection) -> int:
    """How many pages of the organisation's own there are."""
    row = connection.execute("SELECT count(*) FROM pages WHERE thread IS NULL").fetchone()
    return int(row[0]) if row else 0
