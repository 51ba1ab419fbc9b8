"""URLs as the crawler compares them, and which of them belong to the site."""

import fnmatch
import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from frontdesk.db.settings import SiteSettings

_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|msclkid|mc_cid|mc_eid|_ga|phpsessid|jsessionid|sessionid|sid)$",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 2000
_NOT_TEXT = re.compile(
    r"\.(jpe?g|png|gif|svg|webp|ico|bmp|tiff?|mp[34]|m4[av]|avi|mov|webm|wav|ogg|zip|gz|tgz|rar|7z"
    r"|exe|dmg|msi|iso|css|js|mjs|woff2?|ttf|eot|xlsx?|pptx?|doc|ics|rss|atom|xml|json)$",
    re.IGNORECASE,
)

_MONTH = re.compile(r"(?<!\d)(20\d\d|21\d\d|2999|9999)[-/](?:0?[1-9]|1[0-2])(?!\d)")
_PICTURE = re.compile(r"\.(jpe?g|png|webp|tiff?)$", re.IGNORECASE)


def normal(url: str) -> str:
    """Write `url` in the one way that it is stored: no fragment, no tracking, no default port.

    Raises `ValueError` when it is not a URL.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".").lower()
    if ":" in host:
        host = f"[{host}]"
    if parts.port and parts.port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{parts.port}"
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._%") or "/"
    path = re.sub(r";jsessionid=[^/]*", "", path, flags=re.IGNORECASE)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    query = parts.query
    if any(_TRACKING.match(name) for name, _ in pairs):
        query = urlencode([pair for pair in pairs if not _TRACKING.match(pair[0])])
    return urlunsplit((parts.scheme.lower(), host, _without_dots(path), query, ""))


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[max(1, len(kept) - 1) :]
        elif part != ".":
            kept.append(part)
    return "/".join(kept) if path.startswith("/") else path


def host_of(url: str) -> str:
    """The host and port that politeness counts by."""
    return urlsplit(url).netloc.lower()


class Scope:
    """Which URLs a run may visit: the start URLs' hosts, narrowed by `allow` and `deny`."""

    def __init__(
        self, starts: Iterable[str], settings: SiteSettings, *, images: bool = False
    ) -> None:
        self._starts = set(starts)
        self._hosts = {site_of(url) for url in self._starts}
        self._allow = [pattern for pattern in settings.allow]
        self._deny = [pattern for pattern in settings.deny]
        self._images = images  # whether pictures that are linked are read

    @property
    def sites(self) -> list[str]:
        """The sites that this run reads, as `site_of` names them."""
        named = {site_of(pattern) for pattern in self._allow if "*" not in host_of(pattern)}
        return sorted(self._hosts | named - {""})

    def refusal(self, url: str) -> str | None:
        """Say why `url` is not visited; None when it is."""
        if any(fnmatch.fnmatchcase(url, pattern) for pattern in self._deny):
            return "denied by [site] deny"
        if url in self._starts:
            return None
        inside = any(fnmatch.fnmatchcase(url, pattern) for pattern in self._allow)
        if not inside and (self._allow or site_of(url) not in self._hosts):
            return "outside the site"
        if len(url) > _LONGEST:
            return "the URL is too long"
        parts = urlsplit(url)
        picture = self._images and _PICTURE.search(parts.path)
        if _NOT_TEXT.search(parts.path) and not picture:
            return "not a kind of document that is read"
        if _is_trap(parts.path, parts.query):
            return "looks like an endless series of pages"
        return None


def site_of(url: str) -> str:
    """The site that a URL belongs to: its host and port, with or without "www."."""
    return host_of(url).removeprefix("www.")


def _is_trap(path: str, query: str) -> bool:
    """Paths that repeat themselves, and queries that combine endlessly."""
    folders = [part for part in path.split("/") if part]
    if len(folders) > 15 or any(folders.count(part) > 3 for part in folders):
        return True
    if len(parse_qsl(query, keep_blank_values=True)) > 6:
        return True
    next_year = date.today().year + 1
    dates = _MONTH.findall(f"{path}?{query}")  # a calendar has pages for ever; nothing is on them
    return any(int(year) > next_year for year in dates)
