"""The departments of a feed that words name: "x-rays at the annex", "arrivals at terminal 2".

named("how long for licences at pine ridge", rows) -> the rows of "Driver Licences"
"""

from collections.abc import Iterable, Sequence

from frontdesk.tools.feeds import Department
from frontdesk.tools.waits.cover import ASKING, stem
from frontdesk.tools.waits.names import normal
from frontdesk.tools.waits.spelling import is_common, similar

# What any department may be called: such a word tells none from the others.
_ANY = "care center centre clinic counter department dept desk office room unit ward"
_NO_TELLING = frozenset(map(stem, (*ASKING, *_ANY.split())))
_KINDS = frozenset({"children", "emergency", "urgent"})  # one of them alone asks for a kind


def named(text: str, rows: Sequence[Department]) -> list[Department]:
    """Return those of `rows` whose departments most words of `text` name; [] where none tells.

    What is part of the name of a place names that place, and no department.
    """
    places = {word for row in rows for word in _stems(f"{row.site} {row.town} {row.region}")}
    heard = _stems(text) - _NO_TELLING - places
    told = [_told(heard, _stems(row.department) - _NO_TELLING) for row in rows]
    most = max(map(len, told), default=0)
    found = [row for row, words in zip(rows, told, strict=True) if len(words) == most]
    alone = any(len(words) == most and words <= _KINDS for words in told) and most < 2
    return found if most and not alone and len(found) < len(rows) else []


def called(name: str, rows: Sequence[Department]) -> list[Department]:
    """Return the rows of the department `name`: those called so, else those that it names."""
    exact = [row for row in rows if normal(row.department) == normal(name)]
    return exact or named(name, rows)


def _stems(text: str) -> set[str]:
    return {stem(word) for word in normal(text)}


def _told(heard: Iterable[str], own: set[str]) -> set[str]:
    """Return the words of a department that were said."""
    return {word for word in own for said in heard if said == word or _misspelt(said, word)}


def _misspelt(said: str, word: str) -> bool:
    return len(said) > 4 and not is_common(said) and bool(similar(word, said))
