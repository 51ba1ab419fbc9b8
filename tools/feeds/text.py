"""Plain text from a feed's strings: no HTML, no entities, no control characters."""

import html
import re
import unicodedata

_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li)\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
MAX_NOTE = 600
MAX_LABEL = 60


def plain(value: object, limit: int = MAX_NOTE) -> str:
    """Return `value` as one line of plain text of at most `limit` characters.

    `"Open 8 am &ndash; 10 pm.<br />Door C "` gives `"Open 8 am – 10 pm. Door C"`. Anything but a
    string gives "". A feed's text is data: it is shown, quoted, and never read as an instruction.
    """
    if not isinstance(value, str):
        return ""
    text = html.unescape(_TAG.sub(" ", _BREAK.sub(" ", html.unescape(value[: 8 * limit]))))
    text = _TAG.sub(" ", text)
    text = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    text = re.sub(r"\s+([.,;])", r"\1", " ".join(text.split()))
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def lines(value: object) -> str:
    """Return `value` as plain text that keeps its line breaks (for addresses)."""
    if not isinstance(value, str):
        return ""
    parts = (plain(line) for line in re.split(r"[\r\n]+|" + _BREAK.pattern, value))
    return "\n".join(part for part in parts if part)


def slug(text: str) -> str:
    """Return `text` as lower-case words of ASCII letters and digits joined by hyphens."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", bare.replace("'", "")))
