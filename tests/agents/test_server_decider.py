"""What a remote model writes becomes a valid decision, whatever it is."""

import math

import pytest

from frontdesk.agents.chat.server_reply import decision, step_probability
from frontdesk.agents.decision import Evidence, Observation, PreviousTurn

PREVIOUS = PreviousTurn(
    "how long is the wait at Foothills", "wait_times", {"places": ["Foothills"]}
)


def test_a_step_with_quotes() -> None:
    observed = (Observation("search", {}, True, 1.0),)
    evidence = Evidence("parking?", observations=observed)
    said = decision('Sure: {"step": "answer", "quotes": [2, 9, 2, 1]}', evidence, ["answer"], 3)
    assert (said.step, said.quotes, said.probability) == ("answer", (1, 0), 1.0)


@pytest.mark.parametrize(
    "text", ["", "search", "{", '{"step": "delete"}', "[1]", '{"step": ["search"]}']
)
def test_nonsense_is_the_first_allowed_step(text: str) -> None:
    said = decision(text, Evidence("parking?"), ["search", "refuse"], 0)
    assert (said.step, said.arguments, said.probability) == ("search", {"query": "parking?"}, 0.0)


def test_a_follow_up_takes_places_and_checks_the_rest() -> None:
    evidence = Evidence("and now?", previous=PREVIOUS, waits_available=True)
    text = '{"step": "wait_times", "kind": "bogus", "ask": "shortest"}'
    said = decision(text, evidence, ["search", "wait_times"], 0)
    assert said.arguments == {"places": ["Foothills"], "kind": "any", "ask": "shortest"}


def test_probabilities_are_those_of_the_step() -> None:
    tokens = '{"', "step", '": "', "ans", "wer", '"}'
    spelled = zip(tokens, (-0.5, -0.5, -0.1, -0.2, -0.3, -9.0), strict=True)
    told = {"content": [{"token": token, "logprob": logprob} for token, logprob in spelled]}
    text = '{"step": "answer"}'
    assert step_probability(text, told) == pytest.approx(math.exp(-0.5))
    assert step_probability(text, None) is None
    assert step_probability(text, {"content": [{"token": "other", "logprob": -1}]}) is None
    assert step_probability("nothing", told) is None


def test_answers_name_at_least_one_sentence() -> None:
    assert decision('{"step": "answer"}', Evidence("parking?"), ["answer"], 4).quotes == (0,)
