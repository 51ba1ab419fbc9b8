"""The few chunks that a proposition may join: however long the page, the model reads no more."""

from collections.abc import Sequence

from frontdesk.agents.chunking.decision import SHORTLIST, Draft, Proposition


def shortlist(
    drafts: Sequence[Draft], proposition: Proposition, max_words: int, size: int = SHORTLIST
) -> list[int]:
    """Return the numbers of at most `size` drafts with room for the proposition, nearest first.

    Nearest by the cosine of the proposition to the draft's centre; the draft that was added to
    last is always among them, since text mostly goes on about what it was about.
    """
    words = proposition.sentence.words
    room = [n for n, draft in enumerate(drafts) if draft.words + words <= max_words]
    nearest = sorted(room, key=lambda n: -float(drafts[n].centre @ proposition.vector))
    chosen = nearest[:size]
    latest = max(room, key=lambda n: drafts[n].last.number, default=None)
    if latest is not None and latest not in chosen:
        chosen[-1] = latest
    return chosen
