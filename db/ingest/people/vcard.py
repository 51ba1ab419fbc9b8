"""vCard 2.1, 3.0 and 4.0, read card by card so that a broken one spoils no other.

BEGIN:VCARD
VERSION:3.0
FN:Ann Lee
ORG:Example Health;Heart Clinic
TEL;TYPE=work:403-555-0100
END:VCARD
"""

from collections.abc import Iterator
from typing import Any

from frontdesk.db.ingest.people.rows import BadRow, RawRow, Row


def vcard_rows(text: str) -> Iterator[Row]:
    """Yield a row a card, with the line of its BEGIN."""
    start, card = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        mark = line.strip().lower()
        if mark == "begin:vcard":
            if card:
                yield BadRow(start, "a card without END:VCARD")
            start, card = number, [line]
        elif card:
            card.append(line)
            if mark == "end:vcard":
                yield _row(start, card)
                card = []
        elif mark:
            yield BadRow(number, f"outside of any card: {line.strip()[:60]!r}")
    if card:
        yield BadRow(start, "a card without END:VCARD")


def _row(line: int, card: list[str]) -> Row:
    # Imported here: 40 ms that only an import of this kind should pay.
    import vobject
    from vobject.base import VObjectError

    try:
        parsed = vobject.readOne("\r\n".join(card) + "\r\n", ignoreUnreadable=False)
    except (VObjectError, ValueError, TypeError, AttributeError, IndexError, LookupError) as error:
        return BadRow(line, f"not a vCard: {str(error).splitlines()[0] if str(error) else error!r}")
    if parsed is None:
        return BadRow(line, "an empty card")
    return RawRow(line, _columns(parsed.contents))


def _columns(contents: dict[str, list[Any]]) -> dict[str, str]:
    organisation = contents["org"][0].value if "org" in contents else ""
    units = organisation if isinstance(organisation, list) else str(organisation).split(";")
    marked = _first(contents, "x-public") or {
        "public": "true", "private": "false", "confidential": "false"
    }.get(_first(contents, "class").lower(), "")  # fmt: skip
    return {
        "name": _first(contents, "fn") or _given_and_surname(contents),
        "role": _first(contents, "title") or _first(contents, "role"),
        "team": str(units[-1]).strip() if units else "",
        "site": _first(contents, "x-site") or _place(contents),
        "phone": _first(contents, "tel", "work").removeprefix("tel:"),
        "email": _first(contents, "email", "work").removeprefix("mailto:"),
        "notes": _first(contents, "note"),
        "public": marked,
    }


def _first(contents: dict[str, list[Any]], key: str, kind: str = "") -> str:
    """Return the first value of a property, rather the one of a kind such as "work"."""
    lines = contents.get(key, [])
    preferred = [line for line in lines if kind in [t.lower() for t in line.params.get("TYPE", [])]]
    return str((preferred or lines)[0].value).strip() if lines else ""


def _given_and_surname(contents: dict[str, list[Any]]) -> str:
    if "n" not in contents:
        return ""
    name = contents["n"][0].value
    parts = (getattr(name, "prefix", ""), getattr(name, "given", ""), getattr(name, "family", ""))
    return " ".join(str(part) for part in parts if part)


def _place(contents: dict[str, list[Any]]) -> str:
    if "adr" not in contents:
        return ""
    address = contents["adr"][0].value
    for part in ("extended", "city"):
        if found := str(getattr(address, part, "") or "").strip():
            return found
    return ""
