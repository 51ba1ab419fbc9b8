"""From what a turn observed and decided to the answer: text, sources, outcome, checked literals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from frontdesk.agents.decision import Decision, Evidence
from frontdesk.agents.policy.grounding import (
    Grounded,
    Source,
    iso,
    naming,
    observed_texts,
    verbatim,
)
from frontdesk.agents.policy.literals import check
from frontdesk.graphs import wording
from frontdesk.graphs.events import WaitsEvent
from frontdesk.graphs.reply import Outcome
from frontdesk.graphs.settings import Settings
from frontdesk.tools.contact_lookup import ContactResult
from frontdesk.tools.wait_times import WaitsResult


@dataclass(frozen=True)
class Answer:
    """What is said: `text` with marks [1] to [n] of `sources`, and the waits shown as a table."""

    outcome: Outcome
    text: str
    sources: tuple[Source, ...] = ()
    literals: tuple[str, ...] = ()
    dropped: int = 0
    waits: WaitsResult | None = None


# Writes about the quotes: the number of the first source, and whether nothing is said before, to
# what was written and how many literals were dropped from it.
Write = Callable[[int, bool], tuple[Grounded, int]]


def compose(
    evidence: Evidence, decision: Decision, settings: Settings, write: Write | None = None
) -> Answer:
    """Say what the decision says, from this turn's observations only, and check every literal.

    With `write` the model puts what it quotes into its own words; where it cannot, it is quoted.
    """
    organisation = settings.organisation
    if decision.step == "refuse":
        return _fixed("refused", wording.refusal(organisation), settings)
    if decision.step == "clarify":
        return _fixed("clarify", wording.clarification(organisation), settings)
    draft = _said(evidence, decision, write)
    if decision.step == "not_found" or not draft.text:
        draft = _not_found(evidence, draft, settings)
    return checked(draft, evidence, settings)


def checked(draft: Answer, evidence: Evidence, settings: Settings) -> Answer:
    """Drop each sentence with a literal that no observation, the person or the settings hold."""
    allowed = [evidence.question, *settings_texts(settings), *observed_texts(evidence)]
    found = check(draft.text, allowed, sources=len(draft.sources))
    text, outcome = found.text, draft.outcome
    if not text:
        text, outcome = wording.not_found((), settings.contacts.switchboard), "not_found"
    cited = tuple(source for source in draft.sources if f"[{source.n}]" in text)
    dropped = draft.dropped + len(found.dropped)
    return Answer(outcome, text, cited, found.kept, dropped, draft.waits)


def settings_texts(settings: Settings) -> list[str]:
    """Return the texts of the settings that an answer may repeat."""
    organisation = settings.organisation
    return [
        organisation.name,
        organisation.scope,
        organisation.emergency_notice,
        settings.contacts.switchboard,
    ]


def waits_event(waits: WaitsResult) -> WaitsEvent:
    """Return the rows of a waits answer as plain values, for a table."""
    plain = waits.model_dump(mode="json", include={"state", "fetched_at", "age_seconds", "url"})
    rows = [
        {
            **row.department.model_dump(mode="json"),
            **row.model_dump(mode="json", exclude={"department"}),
        }
        for row in waits.rows
    ]
    return cast(WaitsEvent, {"type": "waits", "rows": rows, **plain})


def _said(evidence: Evidence, decision: Decision, write: Write | None) -> Answer:
    """Put together what the tools answered, then the quotes or what the model says of them."""
    parts: list[str] = []
    sources: list[Source] = []
    waits: WaitsResult | None = None
    found = False
    for observation in evidence.observations:
        result = observation.result
        if not observation.ok:
            parts.append(observation.error)
        elif isinstance(result, WaitsResult):
            waits, found = result, found or result.state != "unknown_place"
            sources += _feed(result, len(sources) + 1)
            parts.append(f"{result.text} [{sources[-1].n}]" if result.url else result.text)
        elif isinstance(result, ContactResult) and result.text:
            found = found or bool(result.matches)
            parts.append(result.text)
            if result.clear:
                page = naming(evidence, result.matches[0].contact, first=len(sources) + 1)
                parts += [page.text] if page.text else []
                sources += page.sources
    first, dropped = len(sources) + 1, 0
    quoted = verbatim(evidence, decision.quotes, first=first)
    if write is not None and quoted.text:
        written, dropped = write(first, not parts)
        quoted = written if written.text else quoted
    if quoted.text:
        found = True
        parts.append(quoted.text)
        sources += quoted.sources
    failed = any(not observation.ok for observation in evidence.observations)
    outcome: Outcome = "answered" if found else "error" if failed else "not_found"
    return Answer(outcome, "\n\n".join(parts), tuple(sources), dropped=dropped, waits=waits)


def _feed(waits: WaitsResult, n: int) -> list[Source]:
    if not waits.url:
        return []
    fetched_at = iso(waits.fetched_at)
    return [Source(n=n, title="Live wait times", url=waits.url, fetched_at=fetched_at)]


def _not_found(evidence: Evidence, draft: Answer, settings: Settings) -> Answer:
    """Offer the nearest pages, after whatever a tool did say."""
    passages = evidence.search.passages if evidence.search else ()
    text = wording.not_found(passages, settings.contacts.switchboard)
    if draft.outcome == "answered":
        return draft
    text = "\n\n".join(part for part in (draft.text, text) if part)
    outcome: Outcome = "error" if draft.outcome == "error" else "not_found"
    return Answer(outcome, text, draft.sources, waits=draft.waits)


def _fixed(outcome: Outcome, text: str, settings: Settings) -> Answer:
    found = check(text, settings_texts(settings))
    return Answer(outcome, found.text, (), found.kept, len(found.dropped))
