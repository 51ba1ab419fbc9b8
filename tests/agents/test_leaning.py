"""What speaks for a step beside the model's own scores."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from frontdesk.agents.decision import Evidence, PreviousTurn
from frontdesk.agents.small.leaning import leaning
from frontdesk.tools.search import SearchResult
from frontdesk.tools.wait_times import PlaceMatch

TOPIC = Evidence("volunteer", search=SearchResult(query="volunteer", confidence=0.9))


def test_a_topic_that_the_search_is_sure_of_is_not_asked_back() -> None:
    unknown = replace(TOPIC, search=SearchResult(query="volunteer", confidence=0.2))
    assert leaning(TOPIC)["clarify"] < -2
    assert leaning(unknown).get("clarify", 0.0) == 0


def test_a_follow_up_may_be_asked_back() -> None:
    before = PreviousTurn("how do i apply", "search")
    assert leaning(replace(TOPIC, previous=before)).get("clarify", 0.0) == 0


def test_what_the_search_is_hardly_sure_of_is_sooner_declined() -> None:
    def declining(confidence: float) -> float:
        result = SearchResult(query="best pizza", confidence=confidence)
        return leaning(Evidence("best pizza", search=result))["refuse"]

    assert declining(0.0) > declining(0.05) > declining(0.1) == declining(0.9)


def test_the_hours_of_another_day_are_no_live_wait() -> None:
    elm = [PlaceMatch("Elm Street", "site", 0.95, "elm")]
    now = leaning(Evidence("is elm open at nine tonight", places=elm))
    later = datetime.now(UTC) + timedelta(days=3)
    other = leaning(Evidence(f"is elm open on {later:%A}", places=elm))
    assert now["wait_times"] > 0
    assert "wait_times" not in other
