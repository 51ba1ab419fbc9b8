"""Imports a contact file: what it adds, changes and removes, in one transaction.

    import_contacts(store, Path("contacts.csv"), embedder=embedder, dry_run=True).summary()
    -> "2 added, 1 changed, 0 removed, 1 rejected, 257 unchanged (nothing written: a dry run)"

The file is the directory: rows that it no longer holds are removed, unless `merge` is asked for.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from frontdesk.db import contacts as table
from frontdesk.db.contacts import Contact, ContactsError
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.people.changes import Changes, compare
from frontdesk.db.ingest.people.check import check
from frontdesk.db.ingest.people.files import read_contact_file
from frontdesk.db.ingest.people.rows import BadRow
from frontdesk.db.store import Connection, Store

__all__ = ["Added", "Changed", "ImportReport", "Rejected", "Removed", "import_contacts"]

GUARDED_ROWS = 20  # a directory smaller than this may be replaced without a word


class Added(BaseModel):
    """A row that the directory did not hold."""

    line: int
    name: str


class Changed(BaseModel):
    """A row that differs from the directory's: `fields` holds (before, after)."""

    line: int
    name: str
    fields: dict[str, tuple[str, str]]


class Removed(BaseModel):
    """A row of the directory that the file does not hold."""

    name: str
    role: str
    team: str


class Rejected(BaseModel):
    """A row of the file that was left out, and why."""

    line: int
    reason: str


class ImportReport(BaseModel):
    """What an import did, or with `dry_run` would do."""

    model_config = ConfigDict(frozen=True)

    added: list[Added]
    changed: list[Changed]
    removed: list[Removed]
    rejected: list[Rejected]
    unchanged: int
    warnings: list[str] = []
    dry_run: bool = False

    def summary(self) -> str:
        """Return the counts in one line."""
        counts = (
            f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed,"
            f" {len(self.rejected)} rejected, {self.unchanged} unchanged"
        )
        return f"{counts} (nothing written: a dry run)" if self.dry_run else counts


def import_contacts(
    store: Store,
    path: Path,
    *,
    embedder: Embedder | None = None,
    dry_run: bool = False,
    merge: bool = False,
    force: bool = False,
    unmarked_public: bool = False,
    region: str = "CA",
) -> ImportReport:
    """Make the directory equal to the good rows of a CSV, vCard or LDIF file.

    A rejected row leaves the row that it stands for as it was. `merge` removes nothing; `force`
    lets more than half of the directory be removed; rows that do not say whether they are public
    are private unless `unmarked_public`; `region` is the country of numbers without a code.
    Without `embedder`, rows are found by their words but not by their meaning.
    Raises `ContactsError` (nothing is written) and `StoreError`.
    """
    good, bad, warnings = _read(path, region, unmarked_public)
    vectors = {}
    if embedder is not None and not dry_run:
        with store.connection() as connection:
            texts = table.unembedded(connection, {contact.description for _, contact in good})
        vectors = dict(zip(texts, embedder.embed(texts), strict=True)) if texts else {}
    with store.connection() as connection:
        table.lock(connection)
        changes = compare(table.read(connection, staff=True), good, bad, merge=merge)
        _guard(changes, force=force or dry_run)
        if not dry_run:
            _write(connection, changes)
            table.add_vectors(connection, vectors)
    return _report(changes, bad, warnings, dry_run)


def _read(
    path: Path, region: str, unmarked_public: bool
) -> tuple[list[tuple[int, Contact]], list[BadRow], list[str]]:
    file = read_contact_file(path)
    good: list[tuple[int, Contact]] = []
    bad: list[BadRow] = []
    seen: dict[Contact, int] = {}
    unmarked = 0
    for row in file.rows:
        checked = (
            row
            if isinstance(row, BadRow)
            else check(row, region=region, unmarked_public=unmarked_public)
        )
        if isinstance(checked, BadRow):
            bad.append(checked)
        elif checked[0] in seen:
            bad.append(BadRow(row.line, f"the same as line {seen[checked[0]]}"))
        else:
            seen[checked[0]] = row.line
            good.append((row.line, checked[0]))
            unmarked += not checked[1]
    if not good:
        raise ContactsError(
            f"{path.name}: none of its {len(bad)} rows can be used"
            f" (line {bad[0].line}: {bad[0].reason}); nothing was changed"
        )
    warnings = list(file.warnings)
    if unmarked:
        kind = "public" if unmarked_public else "private"
        rows = (
            "1 row does not say whether it is"
            if unmarked == 1
            else f"{unmarked} rows do not say whether they are"
        )
        warnings.append(f"{rows} public: taken as {kind}")
    return good, bad, warnings


def _guard(changes: Changes, *, force: bool) -> None:
    """Refuse to empty a directory by importing the wrong file."""
    before = changes.unchanged + len(changes.changed) + len(changes.removed)
    if force or before < GUARDED_ROWS or len(changes.removed) * 2 <= before:
        return
    raise ContactsError(
        f"this file would remove {len(changes.removed)} of {before} contacts;"
        " import it with merge to keep them, or with force if that is meant"
    )


def _write(connection: Connection, changes: Changes) -> None:
    table.change(connection, {number: new for number, _, _, new in changes.changed})
    table.add(connection, [contact for _, contact in changes.added])
    table.remove(connection, [number for number, _ in changes.removed])


def _report(
    changes: Changes, bad: Sequence[BadRow], warnings: list[str], dry_run: bool
) -> ImportReport:
    fields = (*table.FIELDS, "public")
    return ImportReport(
        added=[Added(line=line, name=contact.name) for line, contact in changes.added],
        changed=[
            Changed(
                line=line,
                name=new.name,
                fields={
                    field: (str(getattr(old, field)), str(getattr(new, field)))
                    for field in fields
                    if getattr(old, field) != getattr(new, field)
                },
            )
            for _, line, old, new in changes.changed
        ],
        removed=[Removed(name=c.name, role=c.role, team=c.team) for _, c in changes.removed],
        rejected=[Rejected(line=row.line, reason=row.reason) for row in bad],
        unchanged=changes.unchanged,
        warnings=warnings,
        dry_run=dry_run,
    )
