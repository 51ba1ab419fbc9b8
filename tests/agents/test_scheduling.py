"""Who gets how much of a batch, who may wait, and what is forgotten first."""

from dataclasses import dataclass

import pytest

from frontdesk.agents.errors import EngineBusy, EngineClosed
from frontdesk.agents.runtime.admission import Admission
from frontdesk.agents.runtime.drafting import PromptLookup
from frontdesk.agents.runtime.kept import common_length
from frontdesk.agents.runtime.pace import Pace


@dataclass(eq=False)
class Work:
    """Items left to evaluate, the last `outputs` with logits."""

    left: int
    outputs: int = 1


def test_decoders_go_first_and_prompts_share_the_rest() -> None:
    pace = Pace(256, 64)
    pace.learn(256, 0.1)
    decoding, long, longer = Work(1), Work(400), Work(900)
    plan = dict(pace.share([long, decoding, longer]))
    assert plan[decoding] == 1
    assert abs(plan[long] - plan[longer]) <= 1
    assert sum(plan.values()) <= 256


def test_prompts_are_not_starved_by_many_decoders() -> None:
    pace = Pace(64, 64)
    pace.learn(64, 0.1)
    prompt = Work(500)
    plan = dict(pace.share([*(Work(1) for _ in range(200)), prompt]))
    assert plan[prompt] >= 64 // 4
    assert sum(plan.values()) <= 64


def test_slow_models_get_short_batches() -> None:
    pace = Pace(256, 64)
    pace.learn(64, 64 / 25)  # 25 tokens a second
    assert pace.budget() == 64
    pace = Pace(256, 64)
    pace.learn(64, 64 / 7000)
    assert pace.budget() == 256


def test_the_end_of_a_prompt_makes_no_small_batch() -> None:
    pace = Pace(256, 64)
    pace.learn(64, 64 / 25)
    alone, long, decoding = Work(100), Work(300), Work(1)
    assert pace.share([alone]) == [(alone, 100)]
    assert pace.share([long]) == [(long, 64)]
    assert dict(pace.share([alone, decoding]))[alone] == 63


def test_logits_are_rationed() -> None:
    pace = Pace(256, 16)
    many = Work(100, outputs=100)
    plan = pace.share([many])
    assert plan == [(many, 16)]


def test_places_are_handed_on_in_order() -> None:
    admission = Admission(places=1, line=2)
    first, second, third = (admission.request() for _ in range(3))
    assert (first.done(), second.done(), admission.waiting) == (True, False, 2)
    with pytest.raises(EngineBusy, match="2 are waiting"):
        admission.request()
    admission.leave(second)  # gave up waiting
    admission.leave(first)
    assert third.done()
    admission.leave(third)
    assert (admission.taken, admission.waiting) == (0, 0)


def test_closing_sends_the_line_away() -> None:
    admission = Admission(places=1, line=2)
    admission.request()
    waiting = admission.request()
    admission.close()
    assert isinstance(waiting.exception(), EngineClosed)
    with pytest.raises(EngineClosed):
        admission.request()


def test_common_length() -> None:
    assert common_length((1, 2, 3), (1, 2, 4, 5)) == 2
    assert common_length((1, 2), (1, 2, 3)) == 2
    assert common_length((), (1,)) == 0


def test_drafts_are_what_followed_before_and_rest_when_wrong() -> None:
    lookup = PromptLookup([1, 2, 3, 4, 5, 6, 7])
    assert lookup.draft([1, 2, 3]) == [4, 5, 6, 7]
    lookup.extend([1, 2, 3])
    assert lookup.draft([4]) == [5, 6, 7, 1]
    for _ in range(3):
        lookup.learn(2, 0)
    assert lookup.draft([4]) == []
    lookup.extend([9] * 24)
    assert lookup.draft([1, 2, 3]) != []
