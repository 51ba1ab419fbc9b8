"""What people said of answers, as preference pairs: the decision to prefer and the one to leave.

A rated answer tells which decision was shown: declined, asked back, found nothing, or quoted a
sentence. What should have been decided is known when a thumb is up, when a refusal got a thumb
down, or when somebody wrote the answer down as it should have been:

    {"question": "can i bring my dog", "answer": "Sorry, I can't help with that here. ...",
     "thumb": -1, "edited_answer": "Assistance dogs are welcome on all wards."}
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from frontdesk.agents.decision import Candidate, Evidence
from frontdesk.agents.settings import OrganisationSettings
from frontdesk.agents.small.evidence import gather
from frontdesk.agents.small.prompt import END, QUOTE_MARKERS, Item, marker, render
from frontdesk.db.feedback import Feedback
from frontdesk.graphs import wording
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.batches import Example
from frontdesk.training.corpus import Expectation
from frontdesk.training.traces import answers, look_up, tokens

Shown = Literal["refuse", "clarify", "not_found", "answer"]
NOT_FOUND = wording.not_found((), "").splitlines()[0]
ALIKE = 0.8  # of the words of an edited answer: less is another statement
_SEARCH = Expectation(step="search")


class Rating(BaseModel):
    """One rated answer, without anything of the person who gave it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    answer: str
    thumb: Literal[-1, 1] | None = None
    edited_answer: str = ""

    @classmethod
    def of(cls, feedback: Feedback) -> "Rating":
        """Return what training needs of a row of the feedback table."""
        return cls(**feedback.model_dump(include=set(cls.model_fields)))


@dataclass(frozen=True)
class Preference:
    """The same prompt with the decision to prefer and the one to leave."""

    chosen: Example
    rejected: Example


def preferences(
    toolbox: Toolbox,
    ratings: Sequence[Rating],
    organisation: OrganisationSettings,
    counts: Counter[str],
) -> Iterator[Preference]:
    """Yield the pairs of the ratings; `counts` says what became of each rating."""
    for rating in ratings:
        found = list(_pairs(toolbox, rating, organisation)) if rating.question.strip() else []
        counts["used" if found else "says nothing of what would be better"] += 1
        yield from found


def _pairs(
    toolbox: Toolbox, rating: Rating, organisation: OrganisationSettings
) -> Iterator[Preference]:
    evidence = gather(toolbox, rating.question, in_parts=False)
    after = look_up(toolbox, evidence, _SEARCH, False)
    shown = shown_by(rating.answer, organisation)
    quoted = [n for n, c in enumerate(after.candidates) if c.text.strip() in rating.answer]
    better = _best_match(after.candidates, rating.edited_answer)
    if rating.edited_answer and shown_by(rating.edited_answer, organisation) == "refuse":
        if shown != "refuse":
            yield _pair(evidence, ("refuse",), ("search",))
    elif better is not None:
        if shown in ("refuse", "clarify"):
            yield _pair(evidence, ("search",), (shown,))
        wrong = [n for n in quoted if n != better]
        rejected = _quote(wrong[0]) if wrong else ("not_found",)
        yield _pair(after, _quote(better), rejected)
    elif rating.thumb == -1 and shown == "refuse" and not rating.edited_answer:
        yield _pair(evidence, ("search",), ("refuse",))
    elif rating.thumb == 1 and shown == "refuse":
        yield _pair(evidence, ("refuse",), ("search",))
    elif rating.thumb == 1 and shown == "answer" and quoted:
        others = [n for n in range(len(after.candidates)) if n not in quoted]
        yield _pair(after, _quote(quoted[0]), _quote(others[0]) if others else ("not_found",))


def shown_by(answer: str, organisation: OrganisationSettings) -> Shown:
    """Return which decision an answer shows."""
    plain = " ".join(answer.split())
    if plain.startswith(_first_sentence(wording.refusal(organisation))):
        return "refuse"
    if plain.startswith(_first_sentence(wording.clarification(organisation))):
        return "clarify"
    return "not_found" if plain.startswith(NOT_FOUND) else "answer"


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].partition("? ")[0]


def _best_match(found: Sequence[Candidate], edited: str) -> int | None:
    """Return the candidate that says what the edited answer says, if one does."""
    if not edited.strip():
        return None
    for n, candidate in enumerate(found):
        if answers(candidate.text, edited) or answers(edited, candidate.text):
            return n
    wanted = tokens(edited)
    shares = [(wanted & tokens(c.text)).total() / max(1, wanted.total()) for c in found]
    best = max(range(len(shares)), key=lambda n: shares[n], default=None)
    return best if best is not None and shares[best] >= ALIKE else None


def _quote(n: int) -> tuple[str, ...]:
    return ("answer", QUOTE_MARKERS[n], END)


def _pair(evidence: Evidence, chosen: Sequence[str], rejected: Sequence[str]) -> Preference:
    items = tuple(render(evidence))
    return Preference(_example(items, chosen), _example(items, rejected))


def _example(items: tuple[Item, ...], names: Sequence[str]) -> Example:
    target = tuple(name if name.startswith("<|") else marker(name) for name in names)
    return Example(items, target, "own:feedback")
