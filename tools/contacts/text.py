"""A lookup's answer in words, put together from the rows alone."""

from collections.abc import Sequence

from frontdesk.db.contacts import Contact

NOBODY = "Nobody in the directory matches that."
SEVERAL = "Several in the directory match; which one do you mean?"
PERHAPS = "Nobody matches that exactly. The nearest in the directory:"


def line(contact: Contact) -> str:
    """Return a row as one line: who, what, where, and how to reach them, as it is written."""
    said: list[str] = []
    for part in (contact.name, contact.role, contact.team, contact.site):
        if part and not any(part.casefold() in other.casefold() for other in said):
            said.append(part)
    ways = [
        f"Phone: {contact.phone}" if contact.phone else "",
        f"E-mail: {contact.email}" if contact.email else "",
        contact.notes,
    ]
    return _sentences([", ".join(said), *ways])


def answer(
    found: Sequence[Contact], *, clear: bool, sure: bool, offer: Contact | str | None
) -> str:
    """Return the text of a result: the one winner, the choice of several, or whom to ask.

    `offer` is whom to ask where nobody was found: a row, or words for one from the settings.
    """
    if found and clear:
        return line(found[0])
    if found:
        head = SEVERAL if sure and len(found) > 1 else PERHAPS
        return "\n".join([head, *(f"- {line(contact)}" for contact in found)])
    if isinstance(offer, Contact):
        return f"{NOBODY} You can ask here: {line(offer)}"
    return _sentences([NOBODY, f"You can ask {offer}" if offer else ""])


def _sentences(parts: Sequence[str]) -> str:
    """Join parts, each closed by a full stop where it has no end of its own."""
    return " ".join(
        part if part[-1] in ".!?" else f"{part}." for part in map(str.strip, parts) if part
    )
