"""What the bi-encoder learns from: questions, passages that answer them, near ones that do not.

Labelled questions are looked up with the real tools; a passage stands as it is embedded, under its
title and headings. One line of a file:

    {"question": "what is a day pass", "right": ["Parking\\nPrices\\nTicket: Day pass; Price: $11"],
     "wrong": ["Parking\\nPaying\\nPay at the machine ..."], "chunks": [12]}
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from frontdesk.agents.small.evidence import follow_up_query
from frontdesk.db.chunks import in_context
from frontdesk.tools.search import Passage
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.corpus import Question
from frontdesk.training.pipeline.run import read_lines, write_lines
from frontdesk.training.traces import answers, previous_turn

NEAR = 20  # passages of a question's search: those that do not answer are its hard negatives
SAID = 5  # passages of a quote's search: what the question's own may have missed


@dataclass(frozen=True)
class Asked:
    """A question with the texts that answer it, best first, and near ones that do not.

    `chunks` are the ids, in the store that was searched, of those that answer.
    """

    question: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    chunks: tuple[int, ...]


def look_up(toolbox: Toolbox, question: Question) -> Asked | None:
    """Return what a labelled question teaches; None when no page answers it.

    Several lines of a page may be labelled, and one of them ("Last reviewed in May") stand on many
    pages: a passage answers that holds as many of them as any does.
    """
    step = next((step for step in question.steps if step.step == "search"), None)
    if step is None or not step.quotes or step.why == "topic":
        return None
    query = (
        follow_up_query(question.q, previous_turn(question)) if question.previous else question.q
    )
    search = toolbox.searcher.search
    near = search(query, top_k=NEAR).passages
    said = [passage for quote in step.quotes for passage in search(quote, top_k=SAID).passages]
    found = {passage.chunk_id: passage for passage in (*near, *said)}
    held = {number: _held(passage, step.quotes) for number, passage in found.items()}
    most = max(held.values(), default=0)
    if not most:
        return None
    right = [number for number, count in held.items() if count == most]
    wrong = [passage for passage in near if not held[passage.chunk_id]]
    return Asked(
        query,
        tuple(_text(found[number]) for number in right),
        tuple(_text(passage) for passage in wrong),
        tuple(right),
    )


def save(path: Path, rows: Iterable[Asked]) -> None:
    """Write the questions, one a line."""
    write_lines(path, map(asdict, rows))


def read(path: Path) -> list[Asked]:
    """Return the questions that `save` wrote."""
    return [
        Asked(row["question"], tuple(row["right"]), tuple(row["wrong"]), tuple(row["chunks"]))
        for row in read_lines(path)
    ]


def _held(passage: Passage, quotes: Iterable[str]) -> int:
    return sum(any(answers(said, quote) for said in passage.sentences) for quote in quotes)


def _text(passage: Passage) -> str:
    return in_context(passage.title, passage.heading, passage.text)
