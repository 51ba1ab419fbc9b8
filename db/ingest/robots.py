"""robots.txt as RFC 9309 reads it: the longest rule wins, `*` and `$` mean what they look like."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

_AGENT = "frontdesk"
_LARGEST = 512 * 1024


@dataclass
class Robots:
    """What one host allows. An empty one allows everything."""

    rules: list[tuple[bool, str]] = field(default_factory=list)  # allowed?, pattern
    delay: float | None = None
    sitemaps: list[str] = field(default_factory=list)

    @classmethod
    def nothing(cls) -> "Robots":
        """Of a host whose robots.txt cannot be had now: leave it alone."""
        return cls([(False, "/")])

    @classmethod
    def parse(cls, text: str) -> "Robots":
        """Read robots.txt; the group for Frontdesk counts, else the one for everybody."""
        groups: dict[str, Robots] = {}
        sitemaps: list[str] = []
        agents: list[str] = []
        in_rules = False
        for line in text[:_LARGEST].splitlines():
            name, _, value = line.partition("#")[0].partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "sitemap" and value:
                sitemaps.append(value)
            elif name == "user-agent":
                agents = [*agents, value.lower()] if not in_rules else [value.lower()]
                in_rules = False
                groups.setdefault(value.lower(), cls())
            elif name in ("allow", "disallow", "crawl-delay"):
                in_rules = True
                for agent in agents:
                    groups[agent].add(name, value)
        chosen = next((found for agent, found in groups.items() if _AGENT in agent), None)
        robots = chosen or groups.get("*") or cls()
        return cls(robots.rules, robots.delay, sitemaps)

    def add(self, name: str, value: str) -> None:
        """Take one line of a group."""
        if name == "crawl-delay":
            if re.fullmatch(r"\d+(\.\d+)?", value):
                self.delay = float(value)
        elif value:
            self.rules.append((name == "allow", value))

    def allows(self, url: str) -> bool:
        """Whether `url` may be fetched; on a tie, the rule that allows."""
        parts = urlsplit(url)
        path = _plain(parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        matching = [(len(rule), allowed) for allowed, rule in self.rules if _matches(rule, path)]
        return max(matching)[1] if matching else True


def _matches(rule: str, path: str) -> bool:
    anchored = rule.endswith("$")
    parts = [re.escape(_plain(part)) for part in rule.removesuffix("$").split("*")]
    return re.match(".*".join(parts) + ("$" if anchored else ""), path) is not None


def _plain(path: str) -> str:
    return quote(unquote(path), safe="/?&=*:;,+@!'()~$-._")
