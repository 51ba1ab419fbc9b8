"""The desk's own sentences: greetings, refusals, "not found", faults. Short, with a way on."""

import re
from collections.abc import Sequence

from frontdesk.agents.settings import OrganisationSettings
from frontdesk.tools.search import Passage

_NEAREST = 3
_HELLO = re.compile(
    r"(hi+|hello+|hey+|hiya|yo|howdy|greetings|good (morning|afternoon|evening|day)|bonjour|salut|"
    r"bonsoir|hola|buen[ao]s( d[ií]as| tardes| noches)?|hallo|ciao|ol[aá])( there| all| everyone)?",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(ok(ay)? |great |perfect )?(thanks?|thank you|thx|ty|cheers|merci|gracias)"
    r"( you)?( (so|very) much| a lot| a bunch)?( for (your|the) help)?|(good)?bye|see (you|ya)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(who|what) are you|what (can|do) (you|u) do|what can i ask( you)?|(how )?(can|could) you help"
    r"( me)?|help|how does this work|are you (a )?(bot|human|robot|real)( person)?",
    re.IGNORECASE,
)


def small_talk(question: str, organisation: OrganisationSettings) -> str:
    """Return the answer to a greeting, thanks or "what can you do", or "" for anything else."""
    plain = " ".join(re.sub(r"[^\w\s']", " ", question).split())
    if _THANKS.fullmatch(plain):
        return "You're welcome. Is there anything else you would like to know?"
    if _HELLO.fullmatch(plain) or _ABOUT.fullmatch(plain):
        return f"Hello! This is the front desk of {organisation.name}. {_can_do(organisation)}"
    return ""


def refusal(organisation: OrganisationSettings) -> str:
    """Decline what is not the organisation's business, and say what is."""
    return f"Sorry, I can't help with that here. {_can_do(organisation)}"


def clarification(organisation: OrganisationSettings) -> str:
    """Ask for the words that are missing."""
    return f"Could you say a little more about what you need? {_can_do(organisation)}"


def not_found(passages: Sequence[Passage], switchboard: str) -> str:
    """Say that no answer was found, with the nearest pages and a person to ask."""
    lines = ["I did not find an answer to that."]
    pages = {passage.url: passage.title or passage.url for passage in passages}
    if pages:
        lines.append("The nearest pages are:")
        lines += [f"- {title}: {url}" for url, title in list(pages.items())[:_NEAREST]]
    if switchboard:
        lines.append(f"You can also ask {switchboard.rstrip('.')}.")
    elif not pages:
        lines.append("Try other words, or ask about something else.")
    return "\n".join(lines)


def too_long(length: int, limit: int) -> str:
    """Refuse a question of more than `limit` characters."""
    return f"That question has {length} characters; please ask in at most {limit}."


def busy(answered: int, waiting: int) -> str:
    """Send a person away when the line is full, saying how long it is."""
    line = f" and {waiting} more are waiting" if waiting else ""
    return f"I am answering {answered} people{line}; please ask again in a moment."


EMPTY = "The question is empty; please type what you would like to know."
LOOK_FAILED = (
    "The answer could not be looked up just now; please try again, or run `frontdesk doctor`."
)
MODEL_FAILED = "The model could not answer just now; please try again, or run `frontdesk doctor`."
STUCK = "I could not finish looking this up; please ask in other words or try again."


def _can_do(organisation: OrganisationSettings) -> str:
    scope = organisation.scope.strip().rstrip(".")
    if not scope:
        return f"I can answer questions about {organisation.name}."
    return (
        f"I can help with: {scope[:1].lower() if scope[1:2].islower() else scope[:1]}{scope[1:]}."
    )
