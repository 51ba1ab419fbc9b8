"""Read a web page: its main content as blocks, its links, its language and dates.

Everything around the content (menus, footers, cookie notices) is left out. What is inside keeps
its words: a linked word stays in its sentence, a `tel:` or `mailto:` target that the words do not
show is written after them, a table row becomes "Header: value; Header: value".
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
from lxml import etree

from frontdesk.db.errors import ExtractError
from frontdesk.db.ingest.charset import charset_of
from frontdesk.db.ingest.dates import page_date
from frontdesk.db.ingest.document import Block, Document
from frontdesk.db.ingest.furniture import content_root, is_furniture
from frontdesk.db.ingest.html_blocks import BlockWriter, clean
from frontdesk.db.ingest.language import detect

_SITE_NAME = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+")


def parse(body: bytes, charset: str = "") -> Any:
    """Parse HTML of any quality; `charset` is the one that the HTTP header named.

    Raises `ExtractError` when nothing is there.
    """
    text = body.decode(_charset(body, charset), errors="replace").lstrip("\ufeff")
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=False)
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise ExtractError("the page is empty or not HTML") from error
    return root


def read_html(body: bytes, url: str, charset: str = "") -> Document:
    """Extract a page. Raises `ExtractError` when there is nothing to read."""
    root = parse(body, charset)
    base = _base(root, url)
    robots = _meta(root, "robots").lower()
    links = tuple(_links(root, base))
    title = _title(root)
    published = page_date(root)
    canonical = root.xpath("string(//link[@rel='canonical']/@href)").strip()
    declared = (root.get("lang") or root.xpath("string(/html/@lang)") or "").strip().lower()
    walker = BlockWriter(base)
    walker.walk(content_root(root))
    blocks = _without_title(walker.finish(), title)
    text = " ".join(block.text for block in blocks[:40])
    return Document(
        title=title,
        blocks=blocks,
        language=declared[:2] if declared[:2].isalpha() else detect(text),
        published_on=published,
        canonical=urljoin(base, canonical) if canonical else None,
        links=links,
        images=tuple(walker.images),
        index="noindex" not in robots and "none" not in robots,
        follow="nofollow" not in robots and "none" not in robots,
    )


def _charset(body: bytes, header: str) -> str:
    """The charset of the byte order mark, the header or the meta tag, else what decodes."""
    found = re.search(rb"<meta[^>]+charset=[\"']?\s*([\w-]+)", body[:4096], re.IGNORECASE)
    return charset_of(body, (header, found.group(1).decode("ascii") if found else ""))


def _base(root: Any, url: str) -> str:
    return urljoin(url, str(root.xpath("string(//base/@href)")).strip())


def _meta(root: Any, name: str) -> str:
    return str(root.xpath("string(//meta[@name=$name]/@content)", name=name))


def _links(root: Any, base: str) -> Iterator[str]:
    """Every http link of the page, menus included, once, without fragments."""
    seen: set[str] = set()
    for element in root.iter("a", "area"):
        if "nofollow" in (element.get("rel") or ""):
            continue
        try:
            url = urljoin(base, (element.get("href") or "").strip()).partition("#")[0]
            scheme = urlsplit(url).scheme
        except ValueError:
            continue
        if scheme in ("http", "https") and url not in seen:
            seen.add(url)
            yield url


def _title(root: Any) -> str:
    """The first h1 of the content; else the title tag without the site's name."""
    for heading in root.iter("h1"):
        text = clean(heading.text_content())
        if text and not any(is_furniture(parent) for parent in heading.iterancestors()):
            return text
    text = clean(root.xpath("string(//title)"))
    return _SITE_NAME.split(text)[0].strip() or clean(_meta(root, "og:title"))


def _without_title(blocks: list[Block], title: str) -> list[Block]:
    """Drop the heading that is the title: every chunk carries it anyway."""
    return [
        Block("heading", "", block.level)
        if block.kind == "heading" and block.text == title and block.level == 1
        else block
        for block in blocks
    ]
