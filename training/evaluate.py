"""Measure a model on organisations and phrasings it never saw, through the real tools.

python -m frontdesk.training.evaluate MODEL.gguf --adapter REFUSAL.gguf --corpora tests/corpora
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from frontdesk.agents.decision import TOOL_STEPS, Decision, Evidence, Observation
from frontdesk.agents.small.evidence import gather, observe
from frontdesk.db.ingest.embed import GGUFEmbedder, RememberingEmbedder, encoder_path
from frontdesk.tools.toolbox import Toolbox
from frontdesk.tools.waits.board import KindFilter
from frontdesk.training.corpus import Expectation, Question, read_corpora
from frontdesk.training.desks import open_desk
from frontdesk.training.traces import previous_turn, right_quotes

Decide = Callable[[Evidence], Decision]
MOST_STEPS = 4


@dataclass
class Outcome:
    """What a model did with one question: its steps in order, and the evidence at the end."""

    steps: list[Decision]
    evidence: Evidence

    @property
    def route(self) -> str:
        """The first step."""
        return self.steps[0].step

    @property
    def shown(self) -> list[str]:
        """The sentences of the site that were quoted."""
        return self.evidence.sentences(self.steps[-1].quotes)


def take_turn(toolbox: Toolbox, question: Question, decide: Decide) -> Outcome:
    """Run one turn of the ReAct loop without rendering its answer.

    The turn before it, where there is one, used the tool that is labelled, and showed what this
    model shows.
    """
    previous = previous_turn(question)
    if previous and question.history:
        previous = replace(previous, shown=take_turn(toolbox, question.history, decide).shown)
    evidence = gather(toolbox, question.q, previous)
    steps: list[Decision] = []
    while len(steps) < MOST_STEPS:
        decision = decide(evidence)
        steps.append(decision)
        if decision.step not in TOOL_STEPS:
            break
        evidence = observe(evidence, act(toolbox, decision))
    return Outcome(steps, evidence)


def act(toolbox: Toolbox, decision: Decision) -> Observation:
    """Use the tool that was chosen."""
    arguments = decision.arguments
    started = time.perf_counter()
    result: Any
    if decision.step == "search":
        result = toolbox.searcher.search(arguments["query"])
    elif decision.step == "contact_lookup":
        result = toolbox.directory.lookup(arguments["query"])
    else:
        assert toolbox.waits is not None
        result = toolbox.waits.ask(**arguments)
    ms = (time.perf_counter() - started) * 1000
    return Observation(decision.step, arguments, True, ms, result)


@dataclass
class Tally:
    """Right and asked, by measure; and the questions that went wrong."""

    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    confusion: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[dict[str, Any]] = field(default_factory=list)

    def count(self, measure: str, right: bool) -> None:
        """Add one judgement."""
        self.asked[measure] += 1
        self.right[measure] += right

    def shares(self) -> dict[str, dict[str, float]]:
        """Return each measure's share of right ones and on how many it rests."""
        return {
            name: {"right": round(self.right[name] / n, 4), "of": n}
            for name, n in sorted(self.asked.items())
        }


def judge(tally: Tally, question: Question, outcome: Outcome, toolbox: Toolbox) -> None:
    """Add one outcome to the tally."""
    step = question.steps[0]
    allowed = {s.step for s in question.steps}
    right = outcome.route in allowed
    tally.confusion[step.step][outcome.route] += 1
    tally.count("routing", right)
    tally.count("routing, noisy" if question.noisy else "routing, clean", right)
    if question.previous:
        tally.count("follow-ups, routing", right)
    if step.step == "refuse":
        tally.count(f"declined: {step.why}", outcome.route == "refuse")
        tally.count("declined", outcome.route == "refuse")
    else:
        tally.count("in scope, not declined", outcome.route != "refuse")
    if not right:
        tally.wrong.append({"q": question.q, "want": step.step, "got": outcome.route})
        return
    if len(question.steps) > 1:
        used = {d.step for d in outcome.steps}
        tally.count("two-part, both tools", allowed <= used or len(allowed) == 1)
        return
    if step.step == "wait_times":
        _judge_waits(tally, question, step, outcome.steps[0], toolbox)
    elif step.step == "contact_lookup":
        _judge_contact(tally, question, step, outcome)
    elif step.step == "search":
        _judge_quotes(tally, question, step, outcome)


def rows_meant(
    toolbox: Toolbox, places: Sequence[str], kind: KindFilter = "any", department: str = ""
) -> frozenset[tuple[str, str]]:
    """Return the departments that places and a kind stand for: a town of one site is that site."""
    assert toolbox.waits is not None
    rows = toolbox.waits.ask(list(places), kind, department=department).rows
    return frozenset((row.department.site, row.department.department) for row in rows)


def _judge_waits(
    tally: Tally, question: Question, step: Expectation, decision: Decision, toolbox: Toolbox
) -> None:
    got = decision.arguments
    same = rows_meant(toolbox, got["places"]) == rows_meant(toolbox, step.places)
    department = got.get("department", "")
    meant = rows_meant(toolbox, got["places"], got["kind"], department) == rows_meant(
        toolbox, step.places, step.kind, step.department
    )
    right = meant and got["ask"] == step.ask
    tally.count("arguments: places", same)
    tally.count("arguments: ask", got["ask"] == step.ask)
    tally.count("arguments: departments", meant)
    tally.count("arguments", right)
    if question.previous:
        tally.count("follow-ups, resolved", right)
    if not right:
        wanted = step.model_dump(include={"places", "ask", "kind", "department"})
        tally.wrong.append({"q": question.q, "want": wanted, "got": got})


def _judge_contact(tally: Tally, question: Question, step: Expectation, outcome: Outcome) -> None:
    result = outcome.evidence.observations[0].result
    names = [match.contact.name for match in result.matches]
    right = step.contact in names[:1] if step.contact else not result.clear
    tally.count("arguments: contact", right)
    if question.previous:
        tally.count("follow-ups, resolved", right)
    if not right:
        tally.wrong.append({"q": question.q, "want": step.contact, "got": names[:2]})


def _judge_quotes(tally: Tally, question: Question, step: Expectation, outcome: Outcome) -> None:
    found = outcome.evidence.candidates
    groups = [group for group in right_quotes(found, step) if group]
    last = outcome.steps[-1]
    if not step.quotes:
        tally.count("not found said when the site has no answer", last.step == "not_found")
        return
    if not groups:
        tally.count("not found said when retrieval missed", last.step == "not_found")
        return
    tally.count("retrieval brought the answer", True)
    good = {n for group in groups for n in group}
    tally.count("quote: encoder's best guess", _dense_best(outcome.evidence) in good)
    tally.count("quote: first candidate", 0 in good)
    chosen = last.step == "answer" and bool(set(last.quotes) & good)
    tally.count("quote: model's choice", chosen)
    tally.count(
        "quote: model's first",
        last.step == "answer" and last.quotes[:1] != () and last.quotes[0] in good,
    )
    if question.previous:
        tally.count("follow-ups, resolved", chosen)
    if not chosen:
        tally.wrong.append(
            {
                "q": question.q,
                "want": [found[n].text for n in sorted(good)][:2],
                "got": [found[n].text for n in last.quotes] or last.step,
            }
        )


def _dense_best(evidence: Evidence) -> int:
    return max(range(len(evidence.candidates)), key=lambda n: evidence.candidates[n].dense)


def evaluate(
    decide: Decide,
    corpora: Path,
    run: Path,
    embedder: RememberingEmbedder,
    only: Iterable[str] = (),
) -> Tally:
    """Return the tally of `decide` over every question of the organisations in `corpora`."""
    tally = Tally()
    wanted = set(only)
    for organisation in read_corpora(corpora):
        if wanted and organisation.slug not in wanted:
            continue
        with open_desk(organisation, run / "desks", embedder) as toolbox:
            for question in organisation.questions:
                judge(tally, question, take_turn(toolbox, question, decide), toolbox)
    return tally


def main() -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--reader", default="bundled", help='"bundled", "none" or a file')
    parser.add_argument("--corpora", type=Path, default=Path("tests/corpora"))
    parser.add_argument("--run", type=Path, default=Path("runs/small"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    from frontdesk.agents.deciders import open_reader
    from frontdesk.agents.runtime.engine import Engine
    from frontdesk.agents.small.decider import SmallModel

    engine = Engine(options.model, adapter=options.adapter, adapter_scale=options.scale, threads=1)
    model = SmallModel(engine, options.model, reader=open_reader(options.reader, options.run))
    embedder = RememberingEmbedder(GGUFEmbedder(encoder_path(options.run), threads=1))
    tally = evaluate(model.decide, options.corpora, options.run, embedder, options.only)
    model.close()
    report = {"shares": tally.shares(), "confusion": tally.confusion, "wrong": tally.wrong}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False))
    for name, share in tally.shares().items():
        print(f"{name:45} {share['right']:7.1%} of {share['of']}")
    for want, row in tally.confusion.items():
        print(f"{want:16}", dict(row))


if __name__ == "__main__":
    main()
