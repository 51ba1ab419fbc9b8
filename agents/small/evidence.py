"""What is looked up about a question before the model is asked, so that one pass can decide.

A look-up costs milliseconds, a pass of a large model seconds: docs/decisions/0001-evidence-first.md
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from frontdesk.agents.decision import Candidate, Evidence, Observation, PreviousTurn
from frontdesk.agents.small.parts import parts
from frontdesk.tools.contact_lookup import ContactResult
from frontdesk.tools.search import SearchResult
from frontdesk.tools.toolbox import Toolbox
from frontdesk.tools.wait_times import PlaceMatch
from frontdesk.tools.waits.elsewhere import named_elsewhere

CANDIDATES = 16
# Words that carry no topic: they must not make a sentence look like an answer.
STOP_WORDS = frozenset(
    """a about an and any are as at be been but by can could did do does for from get got had has
    have hello hey hi how i id if im in is it its just know like me my need of on or our please pls
    so some tell than that the their them then there these they this to u up us was we were what
    whats when where which who will with would you your""".split()
)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def words(text: str) -> list[str]:
    """Return the topic words of `text`, lower case, cut to their first six letters.

    Six letters are a stemmer good enough to see that "appeals" and "appealing" share a topic.
    """
    return [w[:6] for w in _WORD.findall(text.lower()) if w not in STOP_WORDS and len(w) > 1]


def overlap(question: Sequence[str], sentence: Sequence[str], rarity: dict[str, float]) -> float:
    """Return how much of the question's topic, by rarity, the sentence holds: 0 to 1."""
    wanted = {word: rarity.get(word, 1.0) for word in question}
    total = sum(wanted.values())
    if not total:
        return 0.0
    held = set(sentence)
    return sum(weight for word, weight in wanted.items() if word in held) / total


def rarities(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return each word's inverse document frequency over `texts`, scaled to at most 1."""
    counts: dict[str, int] = {}
    for text in texts:
        for word in set(text):
            counts[word] = counts.get(word, 0) + 1
    scale = np.log1p(len(texts)) or 1.0
    return {word: float(np.log1p(len(texts) / n) / scale) for word, n in counts.items()}


def candidates(result: SearchResult, limit: int = CANDIDATES) -> list[Candidate]:
    """Return the sentences of `result` that may answer its query, the likeliest first.

    Every sentence is scored by its cosine to the query, by the share of the query's words that it
    (or its heading) holds, and by the rank of its passage; near copies are kept once.
    """
    query = words(result.query)
    bodies = [[words(s) for s in passage.sentences] for passage in result.passages]
    headings = [words(" ".join((p.title, *p.heading))) for p in result.passages]
    rarity = rarities([w for body in bodies for w in body])
    found: list[Candidate] = []
    seen: set[str] = set()
    for rank, (passage, vectors) in enumerate(
        zip(result.passages, result.sentence_vectors, strict=True)
    ):
        cosines = vectors @ result.query_vector
        for index, sentence in enumerate(passage.sentences):
            key = " ".join(sentence.lower().split())
            if key in seen or _says_nothing(key):
                continue
            seen.add(key)
            own = overlap(query, bodies[rank][index], rarity)
            context = overlap(query, [*bodies[rank][index], *headings[rank]], rarity)
            dense = float(cosines[index])
            found.append(
                Candidate(
                    text=sentence,
                    passage=rank,
                    sentence=index,
                    vector=vectors[index],
                    dense=dense,
                    lexical=own,
                    context=context,
                    score=dense + 0.15 * own + 0.15 * context - 0.02 * rank,
                )
            )
    found.sort(key=lambda candidate: -candidate.score)
    return found[:limit]


def _says_nothing(sentence: str) -> bool:
    """Tell whether a sentence is a lead-in to what follows, or one word, as links are."""
    lone = " " not in sentence and not any(letter.isdigit() for letter in sentence)
    return lone or sentence.endswith(":")


def gather(
    toolbox: Toolbox,
    question: str,
    previous: PreviousTurn | None = None,
    *,
    in_parts: bool = True,
) -> Evidence:
    """Return what the tools know of `question`, alone and together with the previous turn.

    Where it may ask two things, each of them is looked up as well, with `in_parts`.
    """
    search = toolbox.searcher.search(question)
    joined = follow_up_query(question, previous)
    places = toolbox.waits.match(question) if toolbox.waits else ()
    return Evidence(
        question=question,
        previous=previous,
        search=search,
        search_with_previous=toolbox.searcher.search(joined) if joined else None,
        previous_vector=toolbox.embed(previous.question) if previous else None,
        contacts=toolbox.directory.lookup(question),
        contacts_with_previous=_contacts_joined(toolbox, question, previous),
        places=places,
        previous_places=_places_before(toolbox, previous),
        department=_department(toolbox, question, places),
        sibling=_sibling(toolbox, question, previous),
        elsewhere="" if places else named_elsewhere(question, toolbox.scope),
        waits_available=toolbox.waits is not None,
        scope=toolbox.scope,
        scope_vector=toolbox.scope_vector,
        parts=[
            gather(toolbox, part, previous, in_parts=False)
            for part in (parts(question) if in_parts else ())
        ],
    )


def _contacts_joined(
    toolbox: Toolbox, question: str, previous: PreviousTurn | None
) -> ContactResult | None:
    """Return what a question after one for a contact finds together with it."""
    if previous is None or previous.step != "contact_lookup":
        return None
    return toolbox.directory.lookup(joined_contact_query(question, previous))


def joined_contact_query(question: str, previous: PreviousTurn) -> str:
    """Return what the turn before looked up in the directory, with this question after it."""
    return f"{previous.arguments.get('query', previous.question)} {question}"


def _places_before(toolbox: Toolbox, previous: PreviousTurn | None) -> Sequence[PlaceMatch]:
    """Return what the question before names, unless a tool was asked for places then."""
    if previous is None or toolbox.waits is None or previous.arguments.get("places"):
        return ()
    return toolbox.waits.match(previous.question)


def _department(toolbox: Toolbox, question: str, places: Sequence[PlaceMatch]) -> str:
    """Return the department that a question names, at the sites that it names if it does."""
    if toolbox.waits is None:
        return ""
    return toolbox.waits.department(question, [p.name for p in places if p.kind == "site"])


def _sibling(toolbox: Toolbox, question: str, previous: PreviousTurn | None) -> str:
    """Return the place that the question means beside the one asked for before, if it was one."""
    places: Sequence[str] = previous.arguments.get("places", ()) if previous else ()
    return toolbox.waits.sibling(places[0], question) if toolbox.waits and len(places) == 1 else ""


def follow_up_query(question: str, previous: PreviousTurn | None) -> str:
    """Return the query that reads `question` as a continuation of the previous turn, or ""."""
    return f"{previous.question} {question}" if previous else ""


def observe(evidence: Evidence, observation: Observation) -> Evidence:
    """Return the evidence with a tool's answer added; a search brings its candidates."""
    observations = (*evidence.observations, observation)
    if observation.tool in ("search", "read_page") and isinstance(observation.result, SearchResult):
        found = candidates(observation.result)
        return replace(
            evidence, observations=observations, search=observation.result, candidates=found
        )
    return replace(evidence, observations=observations)
