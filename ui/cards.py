"""What the app shows beside an answer, as HTML: steps, sources, contacts, the table of waits.

Everything that comes from a page, a feed or a directory is text: it is escaped, and an address
becomes a link only when it is http, https, tel or mailto.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from frontdesk.ui.wait_states import KINDS, METRICS, age, ordered, shown

if TYPE_CHECKING:
    from frontdesk.graphs.parts import Contact, Department

DONE = {
    "search": "Searched the website",
    "wait_times": "Read the live waits",
    "contact_lookup": "Looked in the directory",
    "read_page": "Read the page",
}
_MARK = re.compile(r"\[(\d{1,2})\]")
_DIAL = re.compile(r"^[+()\d\s.\-–/]*")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def answer(text: str, *, writing: bool = False, urgent: bool = False) -> str:
    """Return an answer's text; the marks of its sources become small numbers.

    `urgent` makes it an alert: a life may be in danger.
    """
    body = _MARK.sub(r'<sup class="fd-mark" aria-label="source \1">\1</sup>', escape(text.strip()))
    caret = '<span class="fd-caret" aria-hidden="true"></span>' if writing else ""
    kind = 'fd-answer fd-urgent" role="alert' if urgent else "fd-answer"
    return f'<div class="{kind}">{body}{caret}</div>'


def question(text: str) -> str:
    """Return what the person asked."""
    return f'<div class="fd-question">{escape(text)}</div>'


def steps(taken: Sequence[Mapping[str, Any]]) -> str:
    """Return the tool calls of a turn as compact lines; one without `ok` is going on."""
    if not taken:
        return ""
    lines = "".join(_step(step) for step in taken)
    return f'<ul class="fd-steps" aria-label="What was looked up">{lines}</ul>'


def _step(step: Mapping[str, Any]) -> str:
    arguments = step.get("arguments") or {}
    said = arguments.get("query") or arguments.get("url") or ", ".join(arguments.get("places", []))
    running = step.get("ok") is None
    mark = "◌" if running else "✓" if step["ok"] else "✗"
    name = DONE.get(step["tool"], step["tool"])
    ms = round(step.get("ms") or 0)
    took = f'<span class="fd-ms">{ms} ms</span>' if ms and not running else ""
    about = f'<span class="fd-about">{escape(str(said)[:90])}</span>' if said else ""
    kind = "running" if running else "ok" if step["ok"] else "bad"
    return f'<li class="fd-step {kind}"><b>{mark}</b> {escape(name)} {about}{took}</li>'


def sources(found: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> str:
    """Return the pages of an answer as cards; each opens its page in a new tab."""
    cards = "".join(_source(source, zone) for source in found)
    return f'<section class="fd-cards" aria-label="Sources">{cards}</section>' if found else ""


def _source(source: Mapping[str, Any], zone: ZoneInfo) -> str:
    title = escape(str(source.get("title") or source.get("url") or ""))
    heading = escape(str(source.get("heading") or ""))
    quote = escape(str(source.get("quote") or ""))
    inner = (
        f'<span class="fd-n">{int(source["n"])}</span><span class="fd-title">{title}</span>'
        + (f'<span class="fd-heading">{heading}</span>' if heading else "")
        + (f'<q class="fd-quote">{quote}</q>' if quote else "")
        + f'<span class="fd-meta">{escape(_host(source.get("url")))}'
        f"{_fetched(source.get('fetched_at'), zone)}</span>"
    )
    url = link(source.get("url"))
    if not url:
        return f'<div class="fd-card fd-source">{inner}</div>'
    opened = f'href="{url}" target="_blank" rel="noopener noreferrer"'
    return f'<a class="fd-card fd-source" {opened}>{inner}</a>'


def contacts(found: Iterable["Contact"]) -> str:
    """Return people and teams as cards with links to call and to write."""
    cards = "".join(_contact(contact) for contact in found)
    return f'<section class="fd-cards" aria-label="Contacts">{cards}</section>' if cards else ""


def _contact(contact: "Contact") -> str:
    roles = (contact.role, contact.team if contact.team != contact.name else "", contact.site)
    role = " · ".join(escape(part) for part in dict.fromkeys(roles) if part)
    ways = ""
    if contact.phone:
        ways += f'<a class="fd-way" href="{dial(contact.phone)}">☎ {escape(contact.phone)}</a>'
    if contact.email:
        mail = escape(f"mailto:{contact.email}", quote=True)
        ways += f'<a class="fd-way" href="{mail}">✉ {escape(contact.email)}</a>'
    notes = f'<span class="fd-meta">{escape(contact.notes)}</span>' if contact.notes else ""
    return (
        f'<div class="fd-card fd-contact"><span class="fd-title">{escape(contact.name)}</span>'
        f'<span class="fd-heading">{role}</span><span class="fd-ways">{ways}</span>{notes}</div>'
    )


def waits(
    rows: Iterable["Department"],
    fetched_at: datetime | None,
    age_seconds: float | None,
    zone: ZoneInfo,
    *,
    url: str = "",
    unfolded: int = 1000,
) -> str:
    """Return departments as a table, with the time of the reading and its age.

    Rows past `unfolded` are folded away under a line that opens them.
    """
    listed = ordered(rows)
    table = _table(listed[:unfolded])
    if len(listed) > unfolded:
        rest = _table(listed[unfolded:])
        table += f"<details><summary>{len(listed) - unfolded} more</summary>{rest}</details>"
    read = _read(fetched_at, age_seconds, zone)
    meaning = "; ".join(dict.fromkeys(METRICS[row.metric] for row in listed if row.state == "ok"))
    official = link(url)
    opened = f'<a href="{official}" target="_blank" rel="noopener">Official page</a>'
    foot = " · ".join(
        part for part in (read, escape(meaning.capitalize()), opened if official else "") if part
    )
    return f'<figure class="fd-waits">{table}<figcaption>{foot}</figcaption></figure>'


def _read(fetched_at: datetime | None, age_seconds: float | None, zone: ZoneInfo) -> str:
    """Return when a reading was fetched, with its day once it is an old one."""
    if fetched_at is None:
        return ""
    local = fetched_at.astimezone(zone)
    day = f"{local.day} {_MONTHS[local.month - 1]} " if (age_seconds or 0) > 12 * 3600 else ""
    return f"Fetched {day}{local:%H:%M}, {age(age_seconds)}"


def _table(rows: Iterable["Department"]) -> str:
    body = "".join(_wait(row) for row in rows)
    return (
        '<table><thead><tr><th scope="col">Wait</th><th scope="col">Where</th>'
        f'<th scope="col">Kind</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _wait(row: "Department") -> str:
    wait = shown(row)
    site = escape(row.site)
    page = link(row.url)
    if page:
        site = f'<a href="{page}" target="_blank" rel="noopener noreferrer">{site}</a>'
    where = " · ".join(dict.fromkeys(part for part in (row.town, row.region) if part))
    kind = row.department if row.department.casefold() not in row.site.casefold() else ""
    mark = f'<b aria-hidden="true">{wait.mark}</b>'
    return (
        f'<tr><td class="fd-wait {wait.tone}">{mark} {escape(wait.text)}</td>'
        f'<td>{site}<span class="fd-where">{escape(where)}</span></td>'
        f"<td>{escape(kind or KINDS[row.kind])}</td></tr>"
    )


def link(url: object) -> str:
    """Return `url` escaped for an attribute, "" unless it is an http or https address."""
    said = str(url or "").strip()
    safe = said.lower().startswith(("http://", "https://")) and not re.search(r"[\s<>\"]", said)
    return escape(said, quote=True) if safe else ""


def dial(phone: str) -> str:
    """Return the tel: address of a phone number as it is written; an extension is dialled after."""
    number = re.sub(r"[^\d+]", "", _DIAL.match(phone).group())  # type: ignore[union-attr]
    extension = re.search(r"(?:ext\.?|x|#)\s*(\d+)", phone, re.IGNORECASE)
    return f"tel:{number}" + (f",{extension.group(1)}" if extension else "")


def _host(url: object) -> str:
    return re.sub(r"^\w+://(www\.)?", "", str(url or "")).partition("/")[0]


def _fetched(moment: object, zone: ZoneInfo) -> str:
    try:
        read = datetime.fromisoformat(str(moment)).astimezone(zone)
    except ValueError:
        return ""
    return f" · read {read.day} {_MONTHS[read.month - 1]} {read.year}"
