"""The date that a page gives itself: last changed or reviewed, else published."""

import json
import re
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from dateutil import parser as dateparser

_META = (
    "dcterms.modified",
    "last-modified",
    "article:modified_time",
    "og:updated_time",
    "dcterms.issued",
    "article:published_time",
    "date",
)
_SAYS = re.compile(
    r"\b(?:last\s+)?(?:updated|reviewed|modified|revised|published|effective)(?:\s+on)?\s*:?\s*"
    r"(\d{4}-\d{2}-\d{2}|\d{1,2}\s+[A-Za-z]{3,9}\.?,?\s+\d{4}|[A-Za-z]{3,9}\.?\s+\d{1,2},?\s+\d{4})",
    re.IGNORECASE,
)


def page_date(root: Any) -> date | None:
    """Read the date of an HTML page from its metadata, else from its words."""
    for name in _META:
        found = parse_date(
            root.xpath(
                "string(//meta[@name=$n or @property=$n or @http-equiv=$n]/@content)", n=name
            )
        )
        if found:
            return found
    for script in root.xpath("//script[@type='application/ld+json']/text()"):
        found = _json_date(script)
        if found:
            return found
    said = stated_date(" ".join(root.text_content().split()))
    return said or parse_date(root.xpath("string(//time/@datetime)"))


def stated_date(text: str) -> date | None:
    """Find "Last reviewed: 3 March 2026" and its like; the last one in the text counts."""
    found = [parse_date(match) for match in _SAYS.findall(text)]
    return next((value for value in reversed(found) if value), None)


def served_date(url: str, content_type: str, last_modified: str | None) -> date | None:
    """The date that a server or a disk gives a document which states none.

    A web page's is the moment it was put together, so it counts for other kinds only.
    """
    page = urlsplit(url).path.lower().endswith((".html", ".htm", ".xhtml", ".md", ".markdown"))
    if not last_modified or page or "html" in content_type or "markdown" in content_type:
        return None
    try:
        return parsedate_to_datetime(last_modified).date()
    except (ValueError, TypeError):
        return None


def parse_date(text: str) -> date | None:
    """Read one date in ISO 8601 or in English words; None when it is neither or out of range."""
    if not text.strip():
        return None
    try:
        value = dateparser.parse(text.strip()).date()
    except (ValueError, OverflowError):
        return None
    return value if 1990 <= value.year <= 2100 else None


def _json_date(text: str) -> date | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    items = data if isinstance(data, list) else [data]
    for key in ("dateModified", "datePublished"):
        for item in items:
            found = parse_date(str(item.get(key) or "")) if isinstance(item, dict) else None
            if found:
                return found
    return None
