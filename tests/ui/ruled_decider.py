"""A decider of three rules, for tests of the faces that must not wait for a model."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage

from frontdesk.agents.decision import Decision, Evidence

OFF_TOPIC = ("poem", "bitcoin", "pizza")


class RuledDecider:
    """Named places mean waits, a clear contact means the directory, everything else the site."""

    name = "ruled"

    def decide(self, evidence: Evidence, messages: Sequence[BaseMessage]) -> Decision:
        """Return the step that the evidence makes plain."""
        question = evidence.question.lower()
        if evidence.observations:
            searched = evidence.observations[-1].tool == "search"
            return Decision("answer", quotes=(0,) if searched else (), probability=0.9)
        if any(word in question for word in OFF_TOPIC):
            return Decision("refuse", probability=0.95)
        places = list(dict.fromkeys(place.name for place in evidence.places))
        if "wait" in question:
            shortest = "shortest" in question
            arguments = {"places": places, "kind": "any", "ask": "shortest" if shortest else "now"}
            return Decision("wait_times", arguments, 0.98)
        if "number" in question or "reach" in question:
            return Decision("contact_lookup", {"query": evidence.question}, 0.97)
        return Decision("search", {"query": evidence.question}, 0.9)
