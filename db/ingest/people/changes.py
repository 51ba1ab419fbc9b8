"""Which row of a file is which row of the directory, although neither carries a number.

Rows are paired by what identifies them, the surest first: equal in all, then the same e-mail
address, then the same name with one more thing in common, then a name that only one row bears.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from frontdesk.db.contacts import Contact
from frontdesk.db.ingest.people.rows import BadRow

Key = Callable[[Contact], Hashable]


@dataclass
class Changes:
    """`changed` holds (number, line, before, after), `added` (line, contact)."""

    added: list[tuple[int, Contact]] = field(default_factory=list)
    changed: list[tuple[int, int, Contact, Contact]] = field(default_factory=list)
    removed: list[tuple[int, Contact]] = field(default_factory=list)
    unchanged: int = 0


def _name(contact: Contact) -> str:
    return " ".join(contact.name.casefold().split())


def _pair(contact: Contact, other: str) -> Hashable:
    value = getattr(contact, other)
    return (_name(contact), other, value.casefold()) if value else None


_KEYS: tuple[Key, ...] = (
    lambda contact: contact,
    lambda contact: _pair(contact, "email"),
    lambda contact: contact.email.casefold() or None,
    lambda contact: _pair(contact, "phone"),
    lambda contact: _pair(contact, "role"),
    lambda contact: _pair(contact, "team"),
    lambda contact: _pair(contact, "site"),
    _name,
)


def compare(
    stored: Sequence[tuple[int, Contact]],
    good: Sequence[tuple[int, Contact]],
    bad: Sequence[BadRow],
    *,
    merge: bool,
) -> Changes:
    """Return what makes the directory equal to the good rows; `merge` removes nothing.

    A stored row that a bad row stands for (the same name or e-mail) is kept as it is.
    """
    changes = Changes()
    left_stored, left_good = dict(stored), dict(good)
    for key in _KEYS:
        for number, line in _only_pairs(left_stored, left_good, key):
            before, after = left_stored.pop(number), left_good.pop(line)
            if before == after:
                changes.unchanged += 1
            else:
                changes.changed.append((number, line, before, after))
    changes.changed.sort(key=lambda change: change[1])
    changes.added = sorted(left_good.items())
    spared = {
        value.strip().casefold()
        for row in bad
        for value in ((row.values or {}).get("name", ""), (row.values or {}).get("email", ""))
        if value.strip()
    }
    for number, contact in left_stored.items():
        if merge or not spared.isdisjoint({_name(contact), contact.email.casefold()}):
            changes.unchanged += 1
        else:
            changes.removed.append((number, contact))
    return changes


def _only_pairs(
    stored: dict[int, Contact], good: dict[int, Contact], key: Key
) -> list[tuple[int, int]]:
    """Return (number, line) of the rows that alone share a key on either side."""
    ours, theirs = _single(stored, key), _single(good, key)
    return [(ours[value], line) for value, line in theirs.items() if value in ours]


def _single(rows: dict[int, Contact], key: Key) -> dict[Hashable, int]:
    found: dict[Hashable, list[int]] = {}
    for number, contact in rows.items():
        if (value := key(contact)) is not None:
            found.setdefault(value, []).append(number)
    return {value: numbers[0] for value, numbers in found.items() if len(numbers) == 1}
