"""What the cross-encoder learns from: questions looked up with the real tools, rendered as served.

python -m frontdesk.training.cross_encoder.pairs runs/small --public ../shared/data
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from frontdesk.agents.decision import Evidence, PreviousTurn
from frontdesk.agents.small.cross_encoder import INTENTS, intent_pair, quote_pair
from frontdesk.agents.small.evidence import candidates, follow_up_query
from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.tools.search import SearchResult
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.corpus import Organisation, Question, read_corpora
from frontdesk.training.desks import open_desk
from frontdesk.training.synthesise import generate, public_sets
from frontdesk.training.traces import previous_turn, right_quotes

# What an organisation is asked that is not its own: how many, and how far each is trusted.
PUBLIC = {"off_topic": (90, 0.5), "chat": (12, 0.5), "harm": (30, 0.7), "injection": (20, 0.7)}
FOREIGN, FOREIGN_WEIGHT, GENERATED_WEIGHT = 130, 0.7, 0.5
# Another organisation's question is nobody's business here when its own scope is nearer by far
# and no page comes near it (cosines).
NEARER, FAR_SCOPE, FAR_PAGE = 0.2, 0.2, 0.36


@dataclass(frozen=True)
class Reading:
    """A question with the texts it is read with.

    One text and an index of `INTENTS` in `right`, or the candidate sentences and the indices of
    those that answer (none: the site does not hold the answer).
    """

    task: str
    question: str
    texts: tuple[str, ...]
    right: tuple[int, ...]
    weight: float = 1.0
    follow_up: bool = False


@dataclass
class Readings:
    """What one organisation gives, written as JSON lines."""

    slug: str
    rows: list[Reading] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Write the file; it appears whole or not at all."""
        part = folder / f"{self.slug}.part"
        part.write_text("".join(json.dumps(asdict(row)) + "\n" for row in self.rows))
        part.replace(folder / f"{self.slug}.jsonl")


def read(path: Path) -> list[Reading]:
    """Return the readings of one file."""
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [
        Reading(**row | {"texts": tuple(row["texts"]), "right": tuple(row["right"])})
        for row in rows
    ]


def intent(
    toolbox: Toolbox,
    question: str,
    step: str,
    weight: float = 1.0,
    previous: PreviousTurn | None = None,
    result: SearchResult | None = None,
) -> Reading:
    """Return the reading of a question's first step."""
    found = result or toolbox.searcher.search(question)
    evidence = Evidence(question, previous=previous, search=found, scope=toolbox.scope)
    asked, text = intent_pair(evidence)
    right = INTENTS.index(step)  # type: ignore[arg-type]
    return Reading("intent", asked, (text,), (right,), weight, previous is not None)


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
    return Reading("quotes", query, texts, tuple(right))


def organisation_readings(
    toolbox: Toolbox,
    organisation: Organisation,
    others: Sequence[str],
    public: dict[str, list[str]],
    rng: random.Random,
) -> Iterator[Reading]:
    """Yield what one organisation teaches; `others` are questions to other organisations."""
    for question in organisation.questions:
        yield intent(toolbox, question.q, question.steps[0].step, previous=previous_turn(question))
        reading = quotes(toolbox, question)
        if reading:
            yield reading
    for question in generate(organisation, rng, 0.3):
        if question.history is None:
            yield intent(toolbox, question.q, question.steps[0].step, GENERATED_WEIGHT)
    for text in others:
        yield from _outside(toolbox, text, "refuse", FOREIGN_WEIGHT)
    for kind, (count, weight) in PUBLIC.items():
        texts = public.get(kind, [])
        for text in rng.sample(texts, min(count, len(texts))):
            plain = " ".join(text.split())[:600]
            if kind == "off_topic":
                yield from _outside(toolbox, plain, "refuse", weight)
            else:
                yield intent(toolbox, plain, "clarify" if kind == "chat" else "refuse", weight)


def _outside(toolbox: Toolbox, text: str, step: str, weight: float) -> Iterator[Reading]:
    """Yield the reading unless a page of the organisation comes near the text."""
    result = toolbox.searcher.search(text)
    if all(passage.dense <= FAR_PAGE for passage in result.passages):
        yield intent(toolbox, text, step, weight, result=result)


def foreign(organisations: Sequence[Organisation], embedder: Embedder) -> dict[str, list[str]]:
    """Return, for each organisation, the questions to others that are surely not its business."""
    asked = {o.slug: [q.q for q in o.questions if _stands_alone(q)] for o in organisations}
    scopes = dict(zip(asked, embedder.embed([o.scope for o in organisations]), strict=True))
    found: dict[str, list[str]] = {slug: [] for slug in asked}
    for slug, texts in asked.items():
        vectors = embedder.embed(texts)
        own = vectors @ scopes[slug]
        for other in asked:
            here = vectors @ scopes[other]
            far = (own - here > NEARER) & (here < FAR_SCOPE)
            found[other] += [text for text, is_far in zip(texts, far, strict=True) if is_far]
    return found


def _stands_alone(question: Question) -> bool:
    known = question.steps[0].step in ("search", "contact_lookup", "wait_times")
    return known and question.history is None and len(question.q.split()) > 3


def collect_one(
    organisation: Organisation, others: Sequence[str], *, run: Path, public: Path, seed: int
) -> None:
    """Write the readings of one organisation; `others` are questions to other ones."""
    rng = random.Random(f"{seed}:{organisation.slug}")
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(run), threads=1))
    texts: dict[str, list[str]] = {}
    for text, kind in public_sets(public):
        texts.setdefault(kind, []).append(text)
    away = rng.sample(others, min(FOREIGN, len(others)))
    with open_desk(organisation, run / "desks", embedder) as toolbox:
        rows = list(organisation_readings(toolbox, organisation, away, texts, rng))
    Readings(organisation.slug, rows).save(run / "pairs")


def collect(run: Path, public: Path, seed: int = 7, processes: int = 2) -> list[Path]:
    """Write `pairs/SLUG.jsonl` of every training organisation that has none; return all files."""
    (run / "pairs").mkdir(parents=True, exist_ok=True)
    organisations = read_corpora()
    files = {o.slug: run / "pairs" / f"{o.slug}.jsonl" for o in organisations}
    away = foreign(organisations, GGUFEmbedder(encoder_path(run)))
    missing = [o for o in organisations if not files[o.slug].exists()]
    one = partial(collect_one, run=run, public=public, seed=seed)
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(one, missing, [away[o.slug] for o in missing]))
    return list(files.values())


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--public", type=Path, default=Path("public"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2)
    options = vars(parser.parse_args())
    for path in collect(options.pop("run"), options.pop("public"), **options):
        print(f"{path}: {len(read(path))} readings")


if __name__ == "__main__":
    main()
