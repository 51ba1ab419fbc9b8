"""What RAGAS judges of one turn: the question, the answer, the passages, the labelled facts."""

import re
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from frontdesk.graphs.answering import Answer
from frontdesk.tools.search import Passage, SearchResult
from frontdesk.training.corpus import Expectation, Question
from frontdesk.training.evaluate import Outcome

_MARK = re.compile(r"\s*\[\d{1,3}\]")


class Sample(BaseModel):
    """A turn that searched. `answer` is "" where none was given: not found, declined.

    `passages` are those that the search returned, best first; `others` is what other tools answered
    in the same turn. Each of `facts` is labelled in one or more wordings; () without labels.
    """

    model_config = ConfigDict(frozen=True)

    question: str
    answer: str = ""
    passages: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()


def sample_of(question: Question, outcome: Outcome, said: Answer) -> Sample | None:
    """Return the sample of a turn, or None where it did not search."""
    results = [observation.result for observation in outcome.evidence.observations]
    found = [result for result in results if isinstance(result, SearchResult)]
    if not found:
        return None
    rest = [result for result in results if not isinstance(result, SearchResult)]
    asked_before = f"{question.history.q} " if question.previous and question.history else ""
    return Sample(
        question=f"{asked_before}{question.q}",
        answer=_MARK.sub("", said.text) if said.outcome == "answered" else "",
        passages=tuple(dict.fromkeys(_shown(p) for result in found for p in result.passages)),
        others=tuple(text for result in rest if (text := str(getattr(result, "text", "") or ""))),
        facts=tuple(fact for step in question.steps for fact in _facts(step)),
    )


def _shown(passage: Passage) -> str:
    """Return a passage as the answer shows it: below its title and headings."""
    above = " > ".join(dict.fromkeys((passage.title, *passage.heading)))
    return f"{above}\n{' '.join(sentence.strip() for sentence in passage.sentences)}"


def _facts(step: Expectation) -> Iterator[tuple[str, ...]]:
    """Yield the facts of a step: several quotes are several facts only where all are asked for."""
    if step.step == "search" and step.quotes:
        yield from ((quote,) for quote in step.quotes) if step.all else (step.quotes,)
