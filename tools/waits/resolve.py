"""From the places of a question to the departments that it means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from frontdesk.tools.feeds import Department
from frontdesk.tools.feeds.ahs import CHILDREN
from frontdesk.tools.waits.board import Board, KindFilter
from frontdesk.tools.waits.departments import called, named
from frontdesk.tools.waits.names import PlaceKind, normal
from frontdesk.tools.waits.places import Places


@dataclass(frozen=True)
class Target:
    """A place that was asked for and its departments.

    `missing` is the department that the feed has left out of its last reading; `rows` then holds
    the other departments of its site, if there are any. `said` is how the person wrote it.
    """

    name: str
    kind: PlaceKind
    rows: tuple[Department, ...]
    said: str
    missing: Department | None = None


def resolve(
    asked: Sequence[str], board: Board, places: Places, department: str = ""
) -> tuple[list[Target], list[str]]:
    """Return the targets of `asked`, in order, and what names no place of the feed.

    Of a place with the department called so, that department alone is meant.
    """
    targets: dict[str, Target] = {}
    unknown = []
    for said in asked:
        matches = places.match(said)
        if matches:
            best = matches[0]
            for match in matches:
                if (match.score, match.span) == (best.score, best.span):
                    found = _narrowed(target(match.name, match.kind, said, board), department)
                    targets.setdefault(match.name, found)
        elif said.strip():
            unknown.append(said.strip())
    return list(targets.values()), unknown


def _narrowed(found: Target, department: str) -> Target:
    """Return a place with the departments alone that were said: "arrivals at terminal 2"."""
    rows = called(department, found.rows) if department else []
    return replace(found, rows=tuple(rows or named(found.said, found.rows) or found.rows))


def target(name: str, kind: PlaceKind, said: str, board: Board) -> Target:
    """Return the departments at the place called `name`."""
    if kind != "site":
        here = normal(name)
        rows = [row for row in board.departments if normal(row.town) == here]
        rows = rows or [row for row in board.departments if normal(row.region) == here]
        return Target(name, kind, tuple(rows), said)
    rows = [row for row in board.departments if row.site == name]
    beside = [row for row in board.departments if name in row.shares_site_with]
    if rows and not CHILDREN.search(name):
        # A site publishes two departments under two names: its own name finds both.
        rows += [row for row in beside if row not in rows]
    missing = next((row for row in board.missing if row.site == name), None) if not rows else None
    if missing:
        others = set(missing.shares_site_with)
        rows = [row for row in board.departments if others & {row.site, *board.former(row)}]
    return Target(name, kind, tuple(rows), said, missing)


def of_kind(rows: Iterable[Department], kind: KindFilter) -> list[Department]:
    """Return the rows of a kind."""
    return [row for row in rows if kind == "any" or row.kind == kind]


def with_number(rows: Iterable[Department]) -> list[Department]:
    """Return the rows that have a number, shortest first; a state is never a short wait."""
    known = [row for row in rows if row.state == "ok" and row.minutes is not None]
    return sorted(known, key=lambda row: (row.minutes or 0, row.site))


def comparable(rows: Iterable[Department]) -> list[list[Department]]:
    """Return `rows` in groups whose numbers mean the same: one metric, one group of patients."""
    groups: dict[tuple[str, str], list[Department]] = {}
    for row in rows:
        groups.setdefault((row.metric, row.patients), []).append(row)
    return list(groups.values())
