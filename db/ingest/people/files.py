"""Contact files as rows of raw text: CSV, vCard and LDIF, each row with its line number.

    name,role,team,site,phone,email,notes,public        a CSV file's first line
    BEGIN:VCARD / FN:Ann Lee / TEL:403-555-0100 / END:VCARD
    dn: uid=ann,ou=staff / cn: Ann Lee / telephoneNumber: 403-555-0100

A row that cannot be read becomes a `BadRow` and the reading goes on; only a file that is no
contact file at all raises `ContactsError`.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from frontdesk.db.contacts import FIELDS, ContactsError
from frontdesk.db.ingest.people.ldif import ldif_rows
from frontdesk.db.ingest.people.rows import BadRow, RawRow, Row
from frontdesk.db.ingest.people.vcard import vcard_rows

MAX_BYTES = 256 * 1024 * 1024
MAX_RECORD_LINES = 200  # a quoted note may run over several lines
COLUMNS = (*FIELDS, "public")
_ALIASES = {
    "full name": "name", "display name": "name", "nom": "name", "contact": "name",
    "title": "role", "job title": "role", "position": "role", "titre": "role", "poste": "role",
    "department": "team", "dept": "team", "unit": "team", "equipe": "team", "équipe": "team",
    "location": "site", "building": "site", "office": "site", "lieu": "site",
    "telephone": "phone", "tel": "phone", "phone number": "phone", "téléphone": "phone",
    "e-mail": "email", "mail": "email", "email address": "email", "courriel": "email",
    "note": "notes", "description": "notes", "remarques": "notes", "is public": "public",
}  # fmt: skip


@dataclass(frozen=True)
class ContactFile:
    """The rows of a file in its order, and what its reader should know of it."""

    rows: tuple[Row, ...]
    warnings: tuple[str, ...]


def read_contact_file(path: Path) -> ContactFile:
    """Read a CSV, vCard or LDIF file, told apart by name, else by content.

    Raises `ContactsError` when the file cannot be read or is none of these.
    """
    text, warnings = _text(path)
    start = text.lstrip()[:40].lower()
    suffix = path.suffix.lower()
    if suffix in (".vcf", ".vcard") or start.startswith("begin:vcard"):
        rows: Iterator[Row] = vcard_rows(text)
        kind = "vCard"
    elif suffix in (".ldif", ".ldf") or start.startswith(("dn:", "version:")):
        rows, kind = ldif_rows(text), "LDIF"
    else:
        header, rows = _csv_rows(text, path.name)
        kind = "CSV"
        unknown = [name for name in header if name and name not in COLUMNS]
        if unknown:
            warnings.append(f"columns not used: {', '.join(unknown)}")
    found = tuple(rows)
    if not found:
        raise ContactsError(f"{path.name} holds no contacts: no rows in it were read as {kind}")
    return ContactFile(found, tuple(warnings))


def _text(path: Path) -> tuple[str, list[str]]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ContactsError(f"{path.name} is larger than {MAX_BYTES} bytes; split it")
        raw = path.read_bytes()
    except OSError as error:
        raise ContactsError(f"{path} cannot be read: {error.strerror}") from error
    if not raw.strip():
        raise ContactsError(f"{path.name} is empty; a CSV file starts with {','.join(COLUMNS)}")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace"), []
    if b"\0" in raw:
        raise ContactsError(f"{path.name} is not a text file; give a CSV, vCard or LDIF file")
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), ["not UTF-8: read as Windows-1252"]


def _csv_rows(text: str, name: str) -> tuple[list[str], Iterator[Row]]:
    lines = text.splitlines(keepends=True)
    at = next((number for number, line in enumerate(lines) if line.strip()), 0)
    delimiter = max(",;\t", key=lines[at].count)
    header = [_column(cell) for cell in next(csv.reader([lines[at]], delimiter=delimiter))]
    if "name" not in header:
        raise ContactsError(
            f"{name} has no column `name` in line {at + 1}; the columns are {','.join(COLUMNS)}"
        )
    twice = next((column for column in COLUMNS if header.count(column) > 1), None)
    if twice:
        raise ContactsError(f"{name} has two columns `{twice}` in line {at + 1}; keep one")
    return header, _csv_records(lines, at + 1, header, delimiter)


def _csv_records(lines: list[str], at: int, header: list[str], delimiter: str) -> Iterator[Row]:
    """Yield a row a record; a quote left open costs its own line, not the rest of the file."""
    while at < len(lines):
        if not lines[at].strip().strip(delimiter):
            at += 1
            continue
        end = at + 1
        record = lines[at]
        while _open_quote(record, delimiter) and end < len(lines) and end - at < MAX_RECORD_LINES:
            record += lines[end]
            end += 1
        row = _csv_row(record, at + 1, header, delimiter)
        yield row
        at = at + 1 if isinstance(row, BadRow) else end


def _csv_row(record: str, line: int, header: list[str], delimiter: str) -> Row:
    if _open_quote(record, delimiter):
        return BadRow(line, "a quotation mark is not closed")
    try:
        cells = next(csv.reader(record.splitlines(keepends=True), delimiter=delimiter))
    except (csv.Error, StopIteration) as error:
        return BadRow(line, f"not CSV: {error}")
    if len(cells) != len(header):
        reason = f"{len(cells)} cells where the first line has {len(header)}"
        at = header.index("name")
        return BadRow(line, reason, {"name": cells[at]} if at < len(cells) else None)
    return RawRow(line, {key: cell for key, cell in zip(header, cells, strict=True) if key})


def _open_quote(record: str, delimiter: str) -> bool:
    """Whether a quoted cell is still open; a quote inside a plain cell (6" pipe) opens none."""
    if record.count('"') % 2 == 0:
        return False
    return re.search(rf'(?:^|{re.escape(delimiter)})\s*"', record, re.MULTILINE) is not None


def _column(cell: str) -> str:
    name = cell.strip().lower().replace("_", " ")
    return _ALIASES.get(name, name)
