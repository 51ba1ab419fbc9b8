"""Asks a model every test question, through the real tools, at the desk it belongs to."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from langchain_core.runnables import RunnableLambda

from frontdesk.agents.settings import OrganisationSettings
from frontdesk.db.ingest.embed import Embedder
from frontdesk.graphs.answering import Answer, compose
from frontdesk.graphs.settings import Settings
from frontdesk.tools.toolbox import Toolbox
from frontdesk.training.collection import Member, open_member
from frontdesk.training.corpus import Question
from frontdesk.training.evaluate import Decide, Outcome, take_turn
from frontdesk.training.evaluation.verdict import Verdict, judge_turn
from frontdesk.training.labelled import Labelled

Told = Callable[[str], None]


@dataclass(frozen=True)
class Desks:
    """Where the questions are asked: the members of a run, and the folder of their stores."""

    members: Sequence[Member]
    settings: Settings
    folder: Path
    embedder: Embedder


def ask_all(
    models: dict[str, Decide], rows: Sequence[Labelled], desks: Desks, say: Told
) -> dict[str, list[Verdict]]:
    """Return the verdicts on each model, in the order of the questions; desks are opened once."""
    verdicts: dict[str, list[Verdict]] = {name: [] for name in models}
    for member in desks.members:
        asked = [row for row in rows if row.organisation == member.slug]
        if not asked:
            continue
        began = time.monotonic()
        settings = settings_of(member, desks.settings)
        with open_member(member, desks.settings, desks.folder, desks.embedder) as toolbox:
            for row in asked:
                for name, decide in models.items():
                    verdicts[name].append(ask_one(row, decide, toolbox, settings))
        say(f"{member.slug}: {len(asked)} questions, {time.monotonic() - began:.0f} s")
    return verdicts


def ask_one(row: Labelled, decide: Decide, toolbox: Toolbox, settings: Settings) -> Verdict:
    """Return the verdict on one turn.

    A turn is a Runnable, so that LangSmith sees it when its own variables ask for that; without
    them nothing is recorded anywhere (docs/training.md).
    """
    turn: RunnableLambda[Question, tuple[Outcome, Answer]] = RunnableLambda(
        lambda question: _turn(question, decide, toolbox, settings), name="turn"
    )
    began = time.perf_counter()
    outcome, said = turn.invoke(row.question)
    ms = (time.perf_counter() - began) * 1000
    return judge_turn(row.organisation, row.source, row.question, outcome, said, toolbox, ms)


def _turn(
    question: Question, decide: Decide, toolbox: Toolbox, settings: Settings
) -> tuple[Outcome, Answer]:
    outcome = take_turn(toolbox, question, decide)
    return outcome, compose(outcome.evidence, outcome.steps[-1], settings)


def settings_of(member: Member, own: Settings) -> Settings:
    """Return the settings a desk answers by: its own, or those of a handwritten organisation."""
    if member.role == "own":
        return own
    organisation = OrganisationSettings(
        name=member.organisation.name, scope=member.organisation.scope
    )
    return Settings.model_construct(**{**dict(own), "organisation": organisation})
