"""Organisations to train on: a website, a directory, a feed, and questions with what is right.

A corpus is a folder. A line of its `questions.jsonl`:

    {"q": "hw long at the riverside urgent care", "step": "wait_times",
     "places": ["Riverside Urgent Care"], "kind": "urgent_care", "ask": "now"}
"""

import csv
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

CORPORA = Path(__file__).parent / "corpora"


class CorpusError(ValueError):
    """A corpus file does not say what its format asks for."""


class Expectation(BaseModel):
    """What is right for one step: the tool or outcome, its arguments, the quotes that answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    step: Literal["search", "wait_times", "contact_lookup", "refuse", "clarify"]
    quotes: tuple[str, ...] = ()
    all: bool = False
    places: tuple[str, ...] = ()
    kind: Literal["any", "emergency", "urgent_care", "children"] = "any"
    ask: Literal["now", "shortest", "compare", "open", "nearest", "trend"] = "now"
    department: str = ""
    contact: str | None = None
    why: str = ""


class Question(BaseModel):
    """One labelled question; `steps` in the order they are taken, `history` the turn before."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    q: str
    steps: tuple[Expectation, ...]
    history: "Question | None" = None
    previous: bool = False
    origin: str = "written"
    noisy: bool = False


class Organisation(BaseModel):
    """An invented organisation with all that its front desk would be pointed at."""

    model_config = ConfigDict(frozen=True)
    slug: str
    name: str
    scope: str
    kind: str = ""
    pages: dict[str, str] = Field(repr=False)
    contacts: list[dict[str, str]] = Field(repr=False)
    places: list[dict[str, str]] = Field(repr=False)
    questions: list[Question] = Field(repr=False)


def read_organisation(folder: Path) -> Organisation:
    """Return the organisation of a corpus folder; raises CorpusError naming file and line."""
    about = tomllib.loads((folder / "organisation.toml").read_text())
    return Organisation(
        slug=folder.name,
        name=about["name"],
        scope=about["scope"],
        kind=about.get("kind", ""),
        pages=dict(_pages((folder / "site.md").read_text())),
        contacts=_rows(folder / "contacts.csv"),
        places=_rows(folder / "places.csv"),
        questions=list(read_questions(folder / "questions.jsonl")),
    )


def read_corpora(root: Path = CORPORA) -> list[Organisation]:
    """Return every organisation under `root`, by folder name."""
    return [read_organisation(path.parent) for path in sorted(root.glob("*/organisation.toml"))]


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _pages(site: str) -> Iterator[tuple[str, str]]:
    """Yield (url path, Markdown) for each page of a site file."""
    for part in re.split(r"^(?=# )", site, flags=re.M):
        match = re.match(r"(# .+)\n+url:\s*(\S+)\n", part)
        if match:
            yield match[2], f"{match[1]}\n{part[match.end() :]}"


def read_questions(path: Path) -> Iterator[Question]:
    """Yield the labelled questions of a JSON lines file; raises CorpusError naming the line."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield _question(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CorpusError(
                f"{path.name} line {number}: {_reason(error)}; see training/corpus.py"
            ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return f"no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]


def _question(record: dict[str, Any]) -> Question:
    history = record.pop("history", None)
    text = record.pop("q")
    previous = record.pop("ref", None) == "previous"
    rough = bool(record.pop("noisy", False))
    answer = record.pop("answer", None)
    if answer is not None:  # the short form: {"q": "...", "answer": ["what the page says"]}
        record = {"step": "search", "quotes": [answer] if isinstance(answer, str) else answer}
    steps = record.pop("steps", None) or [record]
    return Question(
        q=text,
        steps=tuple(Expectation(**_known(step)) for step in steps),
        history=_question(dict(history[-1])) if history else None,
        previous=previous,
        noisy=rough,
    )


def _known(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("ref", "note", "q", "noisy")}
