"""Is a life in danger? A deterministic check of badly typed text, in any organisation.

It runs before anything else in a turn, on the words alone: no model, no network, under 1 ms. Recall
comes first: what may as well be a report as a question for information is an emergency.

A phrase of emergency.toml is looked for in each clause. What stands around it decides: a name
of a thing after it ("stroke clinic"), a topic before it ("signs of"), the past ("last year"), a
question for information with nobody definite in it. A condition ("heart attack") also needs
somebody who has it, an event ("collapsed") somebody it happened to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from frontdesk.agents.policy.emergency_phrases import table
from frontdesk.agents.policy.emergency_words import clauses

_LONGEST = 4000  # characters that are read; a cry for help is short
_SHORT = 12  # words of a clause in which "help" is about the sign beside it


@dataclass(frozen=True)
class EmergencySign:
    """What gave the emergency away: the sign's name and the words that matched, as mended."""

    name: str
    words: str


@dataclass(frozen=True)
class _Found:
    """A phrase found in a clause: `words[start:end]`; `before` are the clauses before it."""

    words: Sequence[str]
    start: int
    end: int
    before: Sequence[str]

    @property
    def lead(self) -> Sequence[str]:
        return self.words[: self.start]

    @property
    def is_now(self) -> bool:
        return bool(_listed("now") & {*self.words, *self.before})


def emergency(text: str) -> EmergencySign | None:
    """Return the first sign that somebody's life is in danger now, or None."""
    before: list[str] = []
    signs = table()
    for words in clauses(text[:_LONGEST], signs.spelling):
        for name, kind, phrase in signs.signs:
            for start, end in signs.spans(phrase, words):
                if _is_happening(kind, _Found(words, start, end, before)):
                    return EmergencySign(name, " ".join(words[start:end]))
        before += words
    return None


def _listed(name: str) -> frozenset[str]:
    return table().words[name]


def _is_happening(kind: str, found: _Found) -> bool:
    if table().holds("figures", found.words) or table().holds("long_past", found.words):
        return False
    if _is_thing(found) or _is_topic(kind, found):
        return False
    if kind == "nouns":
        return _somebody_has_it(found)
    if kind == "events":
        return _happened_to_somebody(found)
    if kind == "requests" and (
        table().holds("hesitations", found.lead)
        or table().holds("questions", found.words[: found.start + 1])
    ):
        return False
    return not _is_question(found)


def _is_thing(found: _Found) -> bool:
    """Whether the sign names a thing: "stroke clinic", "fire and rescue station"."""
    near = found.words[found.end : found.end + 3]
    after = [word for word in near if word not in {"and", "a", "the", "s"}]
    return bool(after) and after[0] in _listed("things")


def _is_topic(kind: str, found: _Found) -> bool:
    """Whether the words just before make the sign a topic: "signs of a", "after the"."""
    lead = list(found.lead)
    while lead and lead[-1] in _listed("articles"):
        lead.pop()
    if not lead or lead[-1] not in _listed("topics"):
        return False
    if kind == "reports" and lead[-1] in _listed("links"):
        return False
    shown = _listed("showing") & set(lead[-4:])
    return not (shown and _people(lead[:-1]))


def _is_question(found: _Found) -> bool:
    """Whether it stands in a question for information or a supposition about nobody definite."""
    words = found.words
    if table().holds("pleas", words):
        return False
    lead = words[: found.start + 1]
    supposed = bool(_listed("conditions") & set(found.lead))
    asked = table().holds("questions", lead)
    if supposed:
        return not (_listed("definite") - {"me"}) & set(words)
    return asked and not (_listed("definite") - {"me"}) & set(words[_opening(lead) :])


def _opening(words: Sequence[str]) -> int:
    """Return where a question's opening ends: "how do i" asks, "my dad" after it reports."""
    signs = table()
    end = max((end for q in signs.phrases["questions"] for _, end in signs.spans(q, words)))
    while end < len(words) and words[end] in {"i", "we", "to", "do", "can", "my"} and end < 5:
        end += 1
    return end


def _somebody_has_it(found: _Found) -> bool:
    """Whether a condition is had by somebody now: "im having", "my dad", or a cry of it alone."""
    words, lead = found.words, found.lead
    if _listed("chronic") & set(words) and not _listed("now") & set(words):
        return False
    if _is_question(found) and not _has(lead):
        return False
    if "had" in lead and not found.is_now:
        return False
    people = _people(lead)
    if people and words[found.start] in _listed("recurring"):
        return bool({"having", "keeps"} & set(words)) or bool(_listed("now") & set(words))
    if people:
        near = set(lead[people[0] :]) & set(lead[-6:])
        return bool(_listed("having") & near) or found.is_now or len(lead) - people[-1] <= 2
    if {"theres", "there", "having"} & set(lead) or found.is_now:
        return not _is_question(found)
    return _is_cry(found)


def _has(lead: Sequence[str]) -> bool:
    """Whether somebody definite has it, even inside a question: "how do i know if im having"."""
    who = [n for n, word in enumerate(lead) if word in _listed("definite") - _listed("possessive")]
    return any(
        _listed("owns") & set(lead[n : n + 4]) for n in who if lead[n] != "me" and len(lead) - n < 7
    )


def _happened_to_somebody(found: _Found) -> bool:
    words, lead = found.words, found.lead
    subject = next((word for word in reversed(lead) if word not in _listed("fillers")), "")
    if subject in _listed("things_that_fall") or _is_question(found):
        return False
    if (_listed("chronic") | {"had"}) & set(lead) and not found.is_now:
        return False
    if _people(lead) or (_listed("now") & set(words) and len(words) < _SHORT):
        return True
    after = words[found.end : found.end + 1]
    if found.start <= 1 and (not after or after[0] in _listed("placed") | {"and", "please"}):
        return not _listed("things") & set(words)
    return bool((_listed("kin") | _listed("anyone")) & set(words[found.end : found.end + 5]))


def _is_cry(found: _Found) -> bool:
    """Whether the clause is the condition and little else: "heart attack in the lobby"."""
    alone = _listed("fillers") | _listed("now")
    if set(found.lead) - alone:
        return False
    after = found.words[found.end :]
    if len(after) > 1 and after[0] in _listed("placed") and after[1] in _listed("places"):
        return True
    rest = set(after) - alone
    return not rest or (after[0] in {"please", "and"} and not rest & _listed("things"))


def _people(words: Sequence[str]) -> list[int]:
    return [
        n
        for n, word in enumerate(words)
        if word in _listed("people") or word.removesuffix("s") in _listed("kin")
    ]
