"""An answer in the terminal: the steps as they happen, the text as it comes, then its sources."""

import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from frontdesk.graphs.events import Event

DOING = {
    "search": "Searching the website",
    "wait_times": "Reading the live waits",
    "contact_lookup": "Looking in the directory",
    "read_page": "Reading the page",
}


def show(events: Iterable["Event"]) -> dict[str, Any]:
    """Print a turn while it happens and return its reply. Steps go to stderr, text to stdout."""
    from rich.console import Console

    out, notes = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False)
    reply: dict[str, Any] = {}
    for event in events:
        if event["type"] == "waiting":
            notes.print(f"· Busy: {event['before']} waiting before you", style="dim", markup=False)
        elif event["type"] == "step" and event["state"] == "started":
            notes.print(f"· {step_line(event)}", style="dim", markup=False)
        elif event["type"] == "text":
            out.print(printable(event["text"]), end="", markup=False)
            sys.stdout.flush()
        elif event["type"] == "done":
            reply = event["reply"]
    out.print()
    _sources(out, reply.get("sources", []))
    return reply


def step_line(event: Mapping[str, Any]) -> str:
    """Return a step in words: "Searching the website: parking refunds"."""
    arguments = event.get("arguments", {})
    said = arguments.get("query") or arguments.get("url") or ", ".join(arguments.get("places", []))
    doing = DOING.get(event["tool"], event["tool"])
    return printable(f"{doing}: {said}" if said else doing).replace("\n", " ")[:120]


def printable(text: str) -> str:
    """Return `text` without control characters: a web page must not steer the terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))


def _sources(out: "Console", sources: Iterable[Mapping[str, Any]]) -> None:
    from rich.text import Text

    for source in sources:
        heading = f" › {source['heading']}" if source.get("heading") else ""
        day = str(source.get("fetched_at") or "")[:10]
        title = printable(source["title"] + heading)
        out.print(Text.assemble((f"[{source['n']}] ", "bold"), title))
        out.print(Text(printable(f"    {source['url']}  ({day})"), style="dim"))
