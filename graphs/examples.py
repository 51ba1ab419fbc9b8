"""Questions that this organisation can answer now, made from its own places, pages and people."""

import re
from itertools import zip_longest
from urllib.parse import urlsplit

from frontdesk.graphs.settings import Settings
from frontdesk.tools.errors import TOOL_ERRORS
from frontdesk.tools.search import Passage
from frontdesk.tools.toolbox import Toolbox

LONGEST = 36  # characters of a page's title or a contact's name; a longer one makes no good chip
# A heading that asks a whole question: "How do I appeal?", not "1. Whose record?".
_ASKING = re.compile(r"(how|what|when|where|who|which|why|can|do|does|is|are|may)\b.{12,}\?$", re.I)
TOPICS = 8  # topics of the scope that are looked up


def example_questions(settings: Settings, toolbox: Toolbox, count: int = 5) -> list[str]:
    """Return up to `count` questions, of each kind in turn; a part that fails gives none."""
    name = settings.organisation.name
    topics = _topics(settings.organisation.scope, name)
    kinds = (_of_waits(toolbox), _of_pages(toolbox, topics, name), _of_contacts(toolbox, topics))
    mixed = [question for row in zip_longest(*kinds) for question in row if question]
    return list(dict.fromkeys(mixed))[:count]


def _topics(scope: str, name: str) -> list[str]:
    """Return the topics that the scope's sentence lists: "visiting", "parking"."""
    plain = scope.replace(name, "").strip(" .")
    parts = [part.strip() for part in re.split(r",|;|\band\b|\bof\b|\bat\b", plain)]
    return [part for part in parts if len(part) > 3][:TOPICS]


def _of_waits(toolbox: Toolbox) -> list[str]:
    if toolbox.waits is None:
        return []
    board = toolbox.waits.board()
    rows = [row for row in board.departments if row.state == "ok"] or list(board.departments)
    if not rows:
        return []
    questions = [f"How long is the wait at {rows[0].site}?"]
    if len(rows) > 1:
        questions.append("Where is the shortest wait right now?")
    return questions


def _of_pages(toolbox: Toolbox, topics: list[str], name: str) -> list[str]:
    try:
        found = [toolbox.searcher.search(topic, top_k=3).passages for topic in topics]
    except TOOL_ERRORS:
        return []
    questions: list[str] = []
    for passages in found:
        asked = (_question(passage, name) for passage in passages)
        best = next((question for question in asked if question), None)
        if best:
            questions.append(best)
    return sorted(questions, key=len)  # the plainest first: "parking", then "parking at Fernhill"


def _question(passage: Passage, name: str) -> str:
    title = re.split(r" [|–—·-] ", passage.title)[0].strip()
    heading = passage.heading[-1].strip() if passage.heading else ""
    if _ASKING.match(heading) and len(heading) <= 2 * LONGEST:
        return heading
    home = urlsplit(passage.url).path in ("", "/", "/index.html")
    if home or not 3 < len(title) <= LONGEST or name in title:
        return ""
    return title if _ASKING.match(title) else f"What should I know about {_lowered(title)}?"


def _lowered(title: str) -> str:
    """Return a title as it stands in a sentence: common words lose their capital."""
    rest = title.split()[1:]
    common = title[1:2].islower() and not any(word[:1].isupper() for word in rest)
    return title[:1].lower() + title[1:] if common else title


def _of_contacts(toolbox: Toolbox, topics: list[str]) -> list[str]:
    names: list[str] = []
    for topic in topics:
        try:
            matches = toolbox.directory.lookup(topic, limit=3).matches
        except TOOL_ERRORS:
            return []
        reachable = (m.contact for m in matches if m.contact.phone or m.contact.email)
        names += [contact.name for contact in reachable if len(contact.name) <= LONGEST][:1]
    return [f"How do I reach {name}?" for name in dict.fromkeys(names)]
