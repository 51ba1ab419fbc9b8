"""Tree of thought: for a question of several parts, plans grow side by side and the best one stays.

At each level every plan kept so far is continued in `branches` ways by chance; the model is asked
of each whether it deals with every part, its "yes" against its "no" is the plan's value, and the
best `kept` go on (breadth-first search). All branches of a level share what was read and are
written and judged in the same batches.

Yao et al., "Tree of Thoughts" (2023).
"""

import re
from dataclasses import dataclass
from functools import partial

from frontdesk.agents.runtime.engine import Engine
from frontdesk.agents.runtime.generation import Generation, Sampler
from frontdesk.agents.runtime.scoring import scoring
from frontdesk.agents.runtime.steps import Steps, run
from frontdesk.agents.runtime.together import together

_BEGINNING, _NEXT = "Plan:", "\nThen:"
_JUDGING = "\nDoes this deal with every part of the question?"
_PART = re.compile(
    r"\?\s+\S|[,;]?\s(?:and|also|plus|then)\s(?:also\s)?"
    r"(?:how|what|whats|when|where|who|which|why|can|do|does|is|are|should|could|may)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Tree:
    """How far it grows: `depth` levels, `branches` a plan, `kept` of a level, tokens a thought."""

    depth: int = 2
    branches: int = 3
    kept: int = 2
    thought_tokens: int = 24
    temperature: float = 0.7


@dataclass(frozen=True)
class Plan:
    """The tokens of a plan as they follow the prompt, and how sure the model is of it, 0 to 1."""

    tokens: tuple[int, ...]
    value: float


def several_parts(question: str) -> bool:
    """Whether a question asks for more than one thing: "how long is the wait and who do I call"."""
    return _PART.search(question) is not None


def best_plan(
    engine: Engine, prompt: list[int], prefix: int, tree: Tree, deadline: float | None
) -> Plan:
    """Return the plan, after `prompt` whose first `prefix` tokens are fixed, that was valued most.

    Raises:
        ModelError: the engine is busy, too slow or closed.
    """
    plans = [Plan((), 0.0)]
    # Read once and kept: every branch shares it.
    run(_reading(engine, prompt, prefix, deadline), deadline)
    for level in range(tree.depth):
        opening = engine.tokenize(_NEXT if level else _BEGINNING)
        begun = [[*plan.tokens, *opening] for plan in plans for _ in range(tree.branches)]

        def grown(seed: int, begun: list[int]) -> Plan:
            return run(_growing(engine, prompt, prefix, begun, tree, seed, deadline), deadline)

        seeded = [partial(grown, 100 * level + n, tokens) for n, tokens in enumerate(begun)]
        plans = sorted(together(seeded), key=lambda plan: -plan.value)[: tree.kept]
    return plans[0]


def _reading(engine: Engine, prompt: list[int], prefix: int, deadline: float | None) -> Steps[None]:
    sequence = yield from engine.opening(prompt[:prefix], deadline)
    try:
        done = prefix + (yield from sequence.resuming(prompt[prefix:]))
        yield from sequence.extending(prompt[done:], 1)
    finally:
        sequence.close(keep=True)


def _growing(
    engine: Engine,
    prompt: list[int],
    prefix: int,
    begun: list[int],
    tree: Tree,
    seed: int,
    deadline: float | None,
) -> Steps[Plan]:
    """Write one line after `begun`, and judge the whole."""
    sequence = yield from engine.opening(prompt[:prefix], deadline)
    try:
        rest = [*prompt[prefix:], *begun]
        done = yield from sequence.resuming(rest)
        logits = yield from sequence.extending(rest[done:], 1)
        ends = frozenset(engine.end_tokens) | frozenset(engine.tokenize("\n"))
        sampler = Sampler(tree.temperature, seed)
        writing = Generation(sequence, logits, tree.thought_tokens, ends, sampler)
        written = list(begun)
        while new := (yield from writing.advance()):
            written += new
        length = sequence.length
        logits = yield from sequence.extending(engine.tokenize(_JUDGING), 1)
        answers = [tuple(engine.tokenize(word)) for word in (" yes\n", " no\n")]
        scores = yield from scoring(sequence, logits, answers)
        yield from sequence.truncating(length)
        return Plan(tuple(written), scores.probabilities[0])
    finally:
        sequence.close(keep=True)
