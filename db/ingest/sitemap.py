"""Read sitemaps: XML, an index of others, gzip, or plain lines."""

import re
import zlib
from html import unescape

_LARGEST = 64 * 1024 * 1024
_LOCATION = re.compile(
    rb"<(?!image:|video:)(?:\w+:)?loc\s*>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</"
)


def read_sitemap(body: bytes) -> tuple[list[str], list[str]]:
    """Return (URLs of pages, URLs of further sitemaps). What cannot be read is empty.

    The locations are found by pattern, not by an XML parser: broken sitemaps are common, and
    entities that expand for ever are not expanded here.
    """
    if body.startswith(b"\x1f\x8b"):
        try:
            body = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(body, _LARGEST)
        except zlib.error:
            return [], []
    head = body[:2000].lower()
    if b"<" not in head:
        lines = body.decode("utf-8", errors="replace").split()
        return [line for line in lines if line.startswith(("http://", "https://"))], []
    found = [unescape(url.decode("utf-8", errors="replace")) for url in _LOCATION.findall(body)]
    return ([], found) if b"<sitemapindex" in head or b":sitemapindex" in head else (found, [])
