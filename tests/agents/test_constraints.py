"""Constraints: what they let through, what they force, and what they cost."""

import time

import numpy as np
import pytest

from frontdesk.agents.errors import ConstraintError
from frontdesk.agents.policy.literals import check
from frontdesk.agents.runtime.constraints import (
    Constraint,
    Constraints,
    choices,
    json_schema,
    lark,
    literal_grammar,
    quotes_grammar,
    regex,
)
from frontdesk.agents.runtime.engine import Engine

PARKING = "http://kv.example/parking?x=1"
ALLOWED = ["811", "403-555-0100", "8:30 a.m.", PARKING, "a@b.example", "$12"]


@pytest.fixture(scope="module")
def constraints(engine: Engine) -> Constraints:
    """The compiler for the random model's vocabulary."""
    return Constraints(engine)


def allows(constraints: Constraints, engine: Engine, grammar: str, text: str) -> bool:
    """Return whether `text` as a whole is in `grammar`."""
    constraint = constraints.start(grammar)
    try:
        constraint.accept(engine.tokenize(text, special=False))
    except ConstraintError:
        return False
    return constraint.accepting


def write(constraint: Constraint, engine: Engine, rng: np.random.Generator, limit: int) -> str:
    """Write tokens at random under `constraint`, as a model that knows nothing would."""
    tokens: list[int] = []
    while len(tokens) < limit and not constraint.finished:
        following = constraint.forced()
        if not following:
            allowed = np.flatnonzero(constraint.mask())
            following = [int(rng.choice(allowed))]
            if engine.is_end(following[0]):
                break
        constraint.accept(following)
        tokens += following
    return engine.detokenize(tokens)


@pytest.mark.parametrize(
    "text",
    [
        "Call 811.",
        "Call 811 or 403-555-0100, from 8:30 a.m. on.",
        "It costs $12 (ask a@b.example).",
        "See http://kv.example/parking?x=1",
        "- Ask Dr. O'Neil's x-ray team.\n\nÉtienne, “oui”!",
        "811",
    ],
)
def test_allowed_literals_pass(constraints: Constraints, engine: Engine, text: str) -> None:
    assert allows(constraints, engine, literal_grammar(ALLOWED), text)


@pytest.mark.parametrize(
    "text",
    [
        "Call 912.",
        "Call 8112.",
        "Call 811-811.",
        "Call 811 811.",
        "See http://evil.example/",
        "See http://kv.example/parking?x=12",
        "See evil.example",
        "Ask bob@x.example.",
        "Room ²",
        "It costs $120.",
        "Call ８１１１.",
    ],
)
def test_invented_literals_do_not(constraints: Constraints, engine: Engine, text: str) -> None:
    assert not allows(constraints, engine, literal_grammar(ALLOWED), text)


def test_without_literals_there_are_none(constraints: Constraints, engine: Engine) -> None:
    assert allows(constraints, engine, literal_grammar([]), "Please ask the desk.")
    assert not allows(constraints, engine, literal_grammar([]), "Please ask desk 4.")


def test_citations_are_the_sources(constraints: Constraints, engine: Engine) -> None:
    grammar = literal_grammar(["811"], cited=[1, 2])
    assert allows(constraints, engine, grammar, "Call 811 first [1]. Then wait [2].")
    assert not allows(constraints, engine, grammar, "Call 811 first [3].")


def test_whatever_is_written_passes_the_check(constraints: Constraints, engine: Engine) -> None:
    rng = np.random.default_rng(0)
    grammar = literal_grammar(ALLOWED, cited=[1, 2])
    for _ in range(30):
        text = write(constraints.start(grammar), engine, rng, 60)
        spelt_out = ("minute", "hour", "day", "week", "month", "year")
        lost = check(text, [" \n".join(ALLOWED)], sources=2).dropped
        assert [word for word in lost if not word.lower().rstrip("s").endswith(spelt_out)] == []


def test_choices_force_what_is_left(constraints: Constraints, engine: Engine) -> None:
    constraint = constraints.start(choices(["search the site", "wait"]))
    constraint.accept(engine.tokenize("search"))
    forced = constraint.forced()
    constraint.accept(forced)
    assert engine.detokenize(forced) == " the site"
    assert constraint.finished


def test_quotes_are_word_for_word(constraints: Constraints, engine: Engine) -> None:
    grammar = quotes_grammar(["Call 811.", "Parking is $12 a day."], most=2)
    assert allows(constraints, engine, grammar, "Parking is $12 a day. Call 811.")
    assert not allows(constraints, engine, grammar, "Parking is $13 a day.")
    assert not allows(constraints, engine, grammar, "Call 811. Call 811. Call 811.")
    constraint = constraints.start(grammar)
    constraint.accept(engine.tokenize("Park"))
    assert engine.detokenize(constraint.forced()).startswith("ing is $12")


def test_a_schema_is_obeyed(constraints: Constraints, engine: Engine) -> None:
    schema = {
        "type": "object",
        "properties": {"place": {"type": "string"}, "kind": {"enum": ["any", "children"]}},
        "required": ["place", "kind"],
        "additionalProperties": False,
    }
    grammar = json_schema(schema)
    assert allows(constraints, engine, grammar, '{"place": "Calgary", "kind": "any"}')
    assert not allows(constraints, engine, grammar, '{"place": "Calgary", "kind": "other"}')


def test_a_copy_goes_its_own_way(constraints: Constraints, engine: Engine) -> None:
    one = constraints.start(regex("(ab|ac)d"))
    other = one.copy()
    one.accept(engine.tokenize("ab"))
    other.accept(engine.tokenize("acd"))
    assert (one.finished, other.finished) == (False, True)


def test_bad_grammars_and_tokens_are_errors(constraints: Constraints, engine: Engine) -> None:
    with pytest.raises(ConstraintError, match="cannot be compiled"):
        constraints.start(lark("start: nothing"))
    with pytest.raises(ConstraintError, match="not allowed"):
        constraints.start(regex("a")).accept(engine.tokenize("b"))


def test_a_mask_is_cheap(constraints: Constraints, engine: Engine) -> None:
    literals = [f"403-555-{n:04d}" for n in range(80)]
    constraint = constraints.start(literal_grammar(literals))
    constraint.mask()
    spent = []
    for token in engine.tokenize("Please call the clinic at the hospital and ask for the team"):
        started = time.perf_counter()
        constraint.mask()
        constraint.accept([token])
        spent.append(time.perf_counter() - started)
    assert np.median(spent) < 0.005
