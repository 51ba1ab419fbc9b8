"""What the cross-encoder learns from: questions looked up with the real tools, rendered as served.

A labelled question gives the reading of its first step and, when it is answered from pages, the
reading of the sentences that a search brought.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from frontdesk.agents.decision import Evidence, PreviousTurn
from frontdesk.agents.small.cross_encoder import INTENTS, as_read, intent_pair, quote_pair
from frontdesk.agents.small.evidence import candidates, follow_up_query
from frontdesk.db.ingest.embed import Embedder
from frontdesk.tools.search import SearchResult
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.corpus import Question
from frontdesk.training.pipeline.run import read_lines, write_lines
from frontdesk.training.traces import previous_turn, right_quotes

# How far a label is trusted: written ones fully, the rest by where they come from.
WEIGHTS = {"written": 1.0, "generated": 0.5}
PUBLIC_WEIGHTS = {"off_topic": 0.5, "chat": 0.5, "harm": 0.7, "injection": 0.7}
FOREIGN_WEIGHT = 0.7
# Another organisation's question is nobody's business here when its own scope is nearer by far
# and no page comes near it (cosines).
NEARER, FAR_SCOPE, FAR_PAGE = 0.2, 0.2, 0.36


@dataclass(frozen=True)
class Reading:
    """A question with the texts it is read with.

    One text and an index of `INTENTS` in `right`, or the candidate sentences and the indices of
    those that answer (none: the site does not hold the answer). `final`: the question is not to be
    roughened; it is badly typed already, or carries the question before it.
    """

    task: str
    question: str
    texts: tuple[str, ...]
    right: tuple[int, ...]
    weight: float = 1.0
    final: bool = False


def save(path: Path, rows: Iterable[Reading]) -> None:
    """Write the readings, one a line."""
    write_lines(path, map(asdict, rows))


def read(path: Path) -> list[Reading]:
    """Return the readings that `save` wrote."""
    return [
        Reading(**row | {"texts": tuple(row["texts"]), "right": tuple(row["right"])})
        for row in read_lines(path)
    ]


def readings(toolbox: Toolbox, question: Question) -> Iterator[Reading]:
    """Yield what a labelled question teaches at the desk whose tools these are."""
    step = question.steps[0]
    result = toolbox.searcher.search(question.q)
    if question.origin == "public" and step.why == "off_topic" and _near(result):
        return
    weight = WEIGHTS.get(question.origin, PUBLIC_WEIGHTS.get(step.why, 0.5))
    before = previous_turn(question)
    yield intent(
        toolbox, question.q, step.step, weight, before, result, final=question.noisy or bool(before)
    )
    found = quotes(toolbox, question)
    if found:
        yield found


def refusals(toolbox: Toolbox, texts: Iterable[str]) -> Iterator[Reading]:
    """Yield questions to other organisations as what to decline, unless a page comes near them."""
    for text in texts:
        result = toolbox.searcher.search(text)
        if not _near(result):
            yield intent(toolbox, text, "refuse", FOREIGN_WEIGHT, result=result)


def intent(
    toolbox: Toolbox,
    question: str,
    step: str,
    weight: float = 1.0,
    previous: PreviousTurn | None = None,
    result: SearchResult | None = None,
    *,
    final: bool = False,
) -> Reading:
    """Return the reading of a question's first step."""
    found = result or toolbox.searcher.search(question)
    evidence = Evidence(question, previous=previous, search=found, scope=toolbox.scope)
    said, text = intent_pair(evidence)
    right = INTENTS.index(step)
    return Reading("intent", said, (text,), (right,), weight, final)


def quotes(toolbox: Toolbox, question: Question) -> Reading | None:
    """Return the reading of a question's candidates; None when retrieval missed the answer."""
    step = next((step for step in question.steps if step.step == "search"), None)
    if step is None or step.why == "topic":
        return None
    previous = previous_turn(question)
    query = follow_up_query(question.q, previous) if question.previous else question.q
    result = toolbox.searcher.search(query)
    found = candidates(result)
    right = sorted({n for group in right_quotes(found, step) for n in group})
    if not found or (step.quotes and not right):
        return None
    texts = tuple(quote_pair(query, c, result.passages[c.passage])[1] for c in found)
    follows = previous if question.previous else None
    said = as_read(Evidence(question.q, previous=follows))
    return Reading("quotes", said, texts, tuple(right), final=question.noisy or bool(follows))


def foreign(
    scopes: Mapping[str, str], asked: Mapping[str, Sequence[str]], embedder: Embedder
) -> dict[str, list[str]]:
    """Return, for each organisation, the questions to others that are surely not its business.

    `scopes` are their scopes, `asked` the questions to each, both by slug.
    """
    known = [slug for slug in asked if scopes[slug] and asked[slug]]
    vectors = dict(zip(scopes, embedder.embed(list(scopes.values())), strict=True))
    found: dict[str, list[str]] = {slug: [] for slug in scopes}
    for slug in known:
        questions = embedder.embed(list(asked[slug]))
        own = questions @ vectors[slug]
        for other in scopes:
            if other == slug or not scopes[other]:
                continue
            here = questions @ vectors[other]
            far = (own - here > NEARER) & (here < FAR_SCOPE)
            found[other] += [text for text, away in zip(asked[slug], far, strict=True) if away]
    return found


def stands_alone(question: Question) -> bool:
    """Tell whether a question is a tool's and can be understood without another."""
    known = question.steps[0].step in ("search", "contact_lookup", "wait_times")
    return known and question.history is None and len(question.q.split()) > 3


def _near(result: SearchResult) -> bool:
    return any(passage.dense > FAR_PAGE for passage in result.passages)
