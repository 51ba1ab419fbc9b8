"""What speaks for a step beside the model's own scores: the reading, the search, plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from frontdesk.agents.decision import TOOL_STEPS, Evidence, Vector
from frontdesk.agents.policy.takeover import takes_over
from frontdesk.agents.small.cross_encoder import INTENTS
from frontdesk.tools.wait_times import read_when
from frontdesk.tools.waits.asked import asked_plainly, waits_plainly

# Set on an organisation kept out of training (not on tests/corpora): the model declines and gives
# up too readily, trusts the order of the candidates too little, and knows when it is unsure.
LEANING: Mapping[str, float] = {"refuse": -1.0, "answer": 1.0}
# A few words after an answer ("and the children's one?") stay with the tool that gave it.
STAY, FEW_WORDS = 2.0, 5
# A wait asked for in plain words at a place of the feed is a live one, whatever the pages say.
PLAIN = 6.0
SURE_PLACE = 0.75  # the score of a name that is said, not hinted at
# How much the cross-encoder's reading counts beside the model's own scores, and the relevance at
# which a sentence is as likely an answer as not (a product of experts, Hinton 2002).
INTENT, FOUND, FOUND_AT = 1.5, 1.0, 0.5
# The cross-encoder was taught far more refusals than a desk hears.
DECLINED_LESS = -2.0
# Of what the search is hardly sure the desk knows little: more of it is not its business.
UNKNOWN, UNKNOWN_AT = 2.0, 0.1
# Whoever types "volunteer" means the page that the search is sure of, not a conversation.
KNOWN, KNOWN_AT = 4.0, 0.5
# Whoever plainly tries to take the desk over is declined, whatever else is said.
TAKEN_OVER = 8.0


@dataclass(frozen=True)
class Reading:
    """What the cross-encoder says: log-probabilities of `INTENTS`, logits that sentences answer."""

    intents: Vector | None = None
    relevances: Vector | None = None


NOTHING_READ = Reading()


def leaning(evidence: Evidence, read: Reading = NOTHING_READ) -> Mapping[str, float]:
    """Return what is added to the scores of the steps; `read` is the cross-encoder's say."""
    leans = dict(LEANING)
    previous = evidence.previous
    if evidence.observations:
        if read.relevances is not None:
            leans["answer"] += FOUND * (float(read.relevances.max()) - FOUND_AT)
        return leans
    if read.intents is not None:
        for step, score in zip(INTENTS, read.intents, strict=True):
            leans[step] = leans.get(step, 0.0) + INTENT * float(score)
        leans["refuse"] += DECLINED_LESS
    if evidence.search and evidence.search.confidence < UNKNOWN_AT:
        leans["refuse"] += UNKNOWN * (1 - evidence.search.confidence / UNKNOWN_AT)
    if takes_over(evidence.question):
        leans["refuse"] += TAKEN_OVER
    if previous is None and evidence.search and evidence.search.confidence >= KNOWN_AT:
        leans["clarify"] = leans.get("clarify", 0.0) - KNOWN
    if previous and previous.step in TOOL_STEPS and len(evidence.question.split()) <= FEW_WORDS:
        leans[previous.step] = STAY
    if any(place.score >= SURE_PLACE for place in evidence.places):
        ask = asked_plainly(evidence.question)
        live = ask is not None and (ask != "open" or _soon(evidence))
        if live or waits_plainly(evidence.question):
            leans["wait_times"] = PLAIN
    return leans


def timed(evidence: Evidence) -> bool:
    """Tell whether the question, apart from its places' names, names a time."""
    return _moment(evidence, datetime.now(UTC)) is not None


def _soon(evidence: Evidence) -> bool:
    """Tell whether it names a time within a day: the hours of other days stand on the website."""
    now = datetime.now(UTC)
    moment = _moment(evidence, now)
    return moment is not None and moment - now < timedelta(days=1)


def _moment(evidence: Evidence, now: datetime) -> datetime | None:
    text = evidence.question.lower()
    for match in evidence.places:
        text = text.replace(match.span.lower(), " ")
    return read_when(text, now)
