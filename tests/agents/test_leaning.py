"""What speaks for a step beside the model's own scores."""

from dataclasses import replace

from frontdesk.agents.decision import Evidence, PreviousTurn
from frontdesk.agents.small.leaning import leaning
from frontdesk.tools.search import SearchResult

TOPIC = Evidence("volunteer", search=SearchResult(query="volunteer", confidence=0.9))


def test_a_topic_that_the_search_is_sure_of_is_not_asked_back() -> None:
    unknown = replace(TOPIC, search=SearchResult(query="volunteer", confidence=0.2))
    assert leaning(TOPIC)["clarify"] < -2
    assert leaning(unknown).get("clarify", 0.0) == 0


def test_a_follow_up_may_be_asked_back() -> None:
    before = PreviousTurn("how do i apply", "search")
    assert leaning(replace(TOPIC, previous=before)).get("clarify", 0.0) == 0
