"""Tell a page's content from its furniture: menus, footers, cookie notices, share buttons."""

import re
from typing import Any

import lxml.html

_TAGS = frozenset(
    "script style noscript template svg canvas iframe object embed audio video nav input select"
    " option textarea dialog map".split()
)
_ROLES = frozenset("navigation banner contentinfo search dialog alertdialog menu menubar".split())
# Words of a class or an id. The first kind is furniture wherever it stands; the second only when
# it holds mostly links, since a cafeteria has a menu and a study has related work.
_ALWAYS = frozenset(
    "cookie cookies consent gdpr breadcrumb breadcrumbs crumbs skip skiplink".split()
)
_IF_LINKS = frozenset(
    "menu navbar navigation nav sidebar share sharing social related pagination pager toolbar"
    " footer tags toc promo newsletter subscribe".split()
)
_PANEL = frozenset("accordion collapse collapsible panel tab tabpanel expand expander".split())
_UNSEEN = frozenset(("sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"))
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ENOUGH = 200  # characters that a content area holds at least


def is_furniture(element: Any) -> bool:
    """Whether this element, with all in it, is not content."""
    if not isinstance(element.tag, str):
        return True
    tag = element.tag.lower()
    if tag in _TAGS or element.get("role", "") in _ROLES:
        return True
    if tag == "button":
        heads_panel = element.get("aria-controls") or element.get("aria-expanded")
        return not heads_panel and element.getparent().tag not in ("h2", "h3", "h4", "h5", "h6")
    if tag in ("html", "body", "main", "article"):
        return False
    if _hidden(element):
        return True
    words = _words(element)
    if words & _ALWAYS:
        return True
    if tag in ("footer", "header", "aside") or words & _IF_LINKS:
        return link_density(element) > 0.6 or _outside_content(element, tag)
    return False


def link_density(element: Any) -> float:
    """The share of the text that is inside links, 0 to 1."""
    text = len("".join(element.itertext()).strip())
    linked = sum(len("".join(link.itertext()).strip()) for link in element.iter("a"))
    return linked / text if text else 0.0


def content_root(root: Any) -> Any:
    """Find the element that holds the content; pages without landmarks are left to trafilatura."""
    for path in ("//main | //*[@role='main']", "//article", "//*[@id='content' or @id='main']"):
        found = [area for area in root.xpath(path) if _size(area) >= _ENOUGH]
        outer = [area for area in found if not any(p in found for p in area.iterancestors())]
        if len(outer) == 1 or (outer and path != "//article"):
            return max(outer, key=_size)
    body = root.find("body")
    if body is None:
        return root
    landmarks = root.xpath("//main | //article | //nav | //footer | //*[@role]")
    return body if landmarks or _size(body) < 5 * _ENOUGH else _by_density(root, body)


def _by_density(root: Any, body: Any) -> Any:
    import trafilatura  # half a second: only for pages that say nothing about their parts

    html = lxml.html.tostring(root, encoding="unicode")
    found = trafilatura.extract(
        html, output_format="html", include_links=True, include_tables=True, favor_recall=True
    )
    if not found or len(found) < _ENOUGH:
        return body
    return lxml.html.document_fromstring(found)


def _size(element: Any) -> int:
    return len(element.text_content().strip())


def _hidden(element: Any) -> bool:
    """Hidden for good; a closed accordion or tab is hidden too, but a person can open it."""
    unseen = (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_INVISIBLE.search(element.get("style") or ""))
        or bool(_UNSEEN & set((element.get("class") or "").lower().split()))
    )
    if not unseen:
        return False
    if element.get("role") in ("tabpanel", "region") or _words(element) & _PANEL:
        return False
    name = element.get("id")
    controlled = name and element.getroottree().xpath("//*[@aria-controls=$name]", name=name)
    return not controlled


def _outside_content(element: Any, tag: str) -> bool:
    """Whether a header, footer or aside belongs to the page and not to its article."""
    if tag not in ("footer", "header", "aside"):
        return False
    return not any(parent.tag in ("main", "article") for parent in element.iterancestors())


def _words(element: Any) -> set[str]:
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    return set(re.split(r"[^a-z]+", name.lower()))
