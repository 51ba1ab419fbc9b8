"""Find the old versions among the pages, so that the current one wins."""

import re
from typing import Any
from urllib.parse import urldefrag

import psycopg

Connection = psycopg.Connection[Any]

# A page that speaks of itself: "This policy is no longer in force. It was replaced by ...".
_SAYS_SO = (
    r"\mthis (page|policy|document|version|guideline|guidance|form|leaflet|notice|procedure|plan)\M"
    r"[^.]{0,40}\m(no longer (in force|current|valid|in effect)|superseded|been replaced|archived"
    r"|was replaced|is replaced|out of date|withdrawn)\M"
)
_TITLE = r"\m(superseded|archived|withdrawn|obsolete)\M"


def mark(connection: Connection) -> int:
    """Set `superseded_by` on every page that says it is replaced; return how many do.

    The newer page is the one that the statement links to, if it is here; else the mark is empty
    but not NULL.
    """
    rows = connection.execute(
        "SELECT p.id, p.url, c.text, c.links FROM pages p JOIN chunks c ON c.page_id = p.id"
        " WHERE p.thread IS NULL AND c.ordinal = 0 AND (c.text ~* %s OR p.title ~* %s)",
        [_SAYS_SO, _TITLE],
    ).fetchall()
    here = {
        row[0]
        for row in connection.execute(
            "SELECT url FROM pages WHERE thread IS NULL AND url = ANY(%s)",
            [[urldefrag(url).url for row in rows for _, url in row[3]]],
        )
    }
    connection.execute("UPDATE pages SET superseded_by = NULL WHERE superseded_by IS NOT NULL")
    for page, own, text, links in rows:
        target = _target(own, text, [(words, urldefrag(url).url) for words, url in links], here)
        connection.execute("UPDATE pages SET superseded_by = %s WHERE id = %s", [target, page])
    return len(rows)


def _target(own: str, text: str, links: list[tuple[str, str]], here: set[str]) -> str:
    """The first link after the statement that leads to another page kept here."""
    statement = re.search(r"replaced|superseded|no longer|archived|withdrawn", text, re.IGNORECASE)
    begin = statement.start() if statement else 0
    after = [url for words, url in links if text.find(words, begin) >= 0]
    return next((url for url in after if url in here and url != own), "")
