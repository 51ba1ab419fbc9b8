"""LDIF, the export of an LDAP directory (RFC 2849).

dn: uid=ann,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Ann Lee
title: Nurse
description:: TW9uZGF5cw==      (base64)
"""

import base64
import binascii
from collections.abc import Iterator

from frontdesk.db.ingest.people.rows import BadRow, RawRow, Row

_ATTRIBUTES = {
    "name": ("displayname", "cn"),
    "role": ("title", "employeetype"),
    "team": ("department", "departmentnumber", "ou"),
    "site": ("physicaldeliveryofficename", "l", "roomnumber"),
    "phone": ("telephonenumber", "mobile", "homephone"),
    "email": ("mail", "rfc822mailbox"),
    "notes": ("description", "info"),
    "public": ("public",),
}
_CONTAINERS = {"organizationalunit", "organization", "dcobject", "domain", "country", "locality"}


def ldif_rows(text: str) -> Iterator[Row]:
    """Yield a row for every entry that is a person or a group, with the line it starts in."""
    for line, record in _records(text):
        try:
            values = _attributes(record)
        except ValueError as error:
            yield BadRow(line, str(error))
            continue
        if set(values) <= {"version"} or _CONTAINERS & {
            name.lower() for name in values.get("objectclass", [])
        }:
            continue
        change = values.get("changetype", ["add"])[0].lower()
        if "dn" not in values:
            yield BadRow(line, "an entry without `dn:`")
        elif change != "add":
            yield BadRow(line, f"changetype {change!r}: give a full export, not a list of changes")
        else:
            yield RawRow(line, _columns(values))


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield entries as unfolded lines, comments left out."""
    start, record, comment = 0, list[str](), False
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith(" ") and (record or comment):
            if not comment:
                record[-1] += line[1:]
            continue
        comment = line.startswith("#")
        if comment:
            continue
        if line.strip():
            start = start if record else number
            record.append(line)
        elif record:
            yield start, record
            record = []


def _attributes(record: list[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in record:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError(f"not `attribute: value`: {line[:60]!r}")
        name = name.split(";")[0].strip().lower()  # options such as ;lang-fr are left aside
        if value.startswith("<"):
            continue  # a file or address to fetch: never followed
        if value.startswith(":"):
            value = _decoded(name, value[1:].strip())
        values.setdefault(name, []).append(value.strip())
    return values


def _decoded(name: str, value: str) -> str:
    try:
        raw = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{name} is not base64") from error
    # Photographs and certificates are bytes; only the attributes read here must be text.
    return raw.decode("utf-8", errors="replace").replace("\0", "")


def _columns(values: dict[str, list[str]]) -> dict[str, str]:
    columns = {
        column: next((values[name][0] for name in names if name in values), "")
        for column, names in _ATTRIBUTES.items()
    }
    if not columns["name"]:
        columns["name"] = " ".join(values.get(part, [""])[0] for part in ("givenname", "sn"))
    return columns
