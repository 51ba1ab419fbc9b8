"""The departments of a feed that words name: "x-rays at the annex", "arrivals at terminal 2".

named("how long for licences at pine ridge", rows) -> the rows of "Driver Licences"
"""

from collections.abc import Iterable, Sequence

from frontdesk.tools.feeds import Department
from frontdesk.tools.waits.cover import ASKING, stem
from frontdesk.tools.waits.names import normal
from frontdesk.tools.waits.spelling import is_common, similar

# What any department may be called: such a word tells none from the others.
_ANY = frozenset(
    map(
        stem, "care center centre clinic counter department dept desk office room unit ward".split()
    )
)
_NO_TELLING = frozenset(map(stem, ASKING)) | _ANY


def named(text: str, rows: Sequence[Department]) -> list[Department]:
    """Return those of `rows` whose departments most words of `text` name; [] where none tells."""
    heard = _stems(text) - _NO_TELLING
    told = [_count(heard, row) for row in rows]
    most = max(told, default=0)
    found = [row for row, count in zip(rows, told, strict=True) if count == most]
    return found if most and len(found) < len(rows) else []


def called(name: str, rows: Sequence[Department]) -> list[Department]:
    """Return the rows of the department `name`: those called so, else those that it names."""
    exact = [row for row in rows if normal(row.department) == normal(name)]
    return exact or named(name, rows)


def _stems(text: str) -> set[str]:
    return {stem(word) for word in normal(text)}


def _count(heard: Iterable[str], row: Department) -> int:
    """Return how many words are the department's own, and not of where it is."""
    where = _stems(f"{row.site} {row.town} {row.region}")
    own = _stems(row.department) - where - _NO_TELLING
    return sum(word in own or _misspelt(word, own) for word in heard if word not in where)


def _misspelt(heard: str, own: Iterable[str]) -> bool:
    long = len(heard) > 4 and not is_common(heard)
    return long and any(similar(word, heard) for word in own)
