"""Two questions in one: "wait at elm + what does parking cost" -> its two parts."""

import re

_BETWEEN = re.compile(
    r"\s*(?:[?;+&]|,?\s(?:and|n|plus|also|as well as)(?:\s(?:also|then))?\s"
    r"|,(?=\s(?:what|how|who|when|where|which|whats|whos|can|could|do|does|is|are|if)\b))\s*",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^(?:and|n|also|plus|then)\s+(?:also\s+)?", re.IGNORECASE)
LEAST = 2  # words of a part


def parts(question: str) -> tuple[str, ...]:
    """Return the two parts of a question that may ask two things; else nothing.

    It is cut at the first "and", "+", "?" or the like that leaves two words on each side.
    """
    for cut in _BETWEEN.finditer(question):
        found = (question[: cut.start()].strip(), _LEAD.sub("", question[cut.end() :].strip()))
        if all(len(part.split()) >= LEAST for part in found):
            return found
    return ()
