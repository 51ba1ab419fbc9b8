"""The corpora say what they claim: quotes stand in the site, names in the lists."""

import random
from pathlib import Path

import pytest

from frontdesk.training.corpus import (
    CORPORA,
    CorpusError,
    Organisation,
    read_corpora,
    read_organisation,
)
from frontdesk.training.noise import misspell, roughen
from frontdesk.training.synthesise import generate
from frontdesk.training.traces import answers

HELD_OUT = Path(__file__).parents[1] / "corpora"
ALL = [*read_corpora(CORPORA), *read_corpora(HELD_OUT)]


@pytest.mark.parametrize("organisation", ALL, ids=lambda o: str(o.slug))
def test_labels_stand_in_their_organisation(organisation: Organisation) -> None:
    site = "\n".join(organisation.pages.values())
    people = {row["name"] for row in organisation.contacts}
    places = {row[k] for row in organisation.places for k in ("name", "town", "region")}
    for question in organisation.questions:
        for step in question.steps:
            assert all(site.count(quote) == 1 for quote in step.quotes), (question.q, step.quotes)
            assert step.contact is None or step.contact in people, (question.q, step.contact)
            assert set(step.places) <= places, (question.q, step.places)


def test_held_out_organisations_and_phrasings_are_not_trained_on() -> None:
    trained, held_out = read_corpora(CORPORA), read_corpora(HELD_OUT)
    assert not {o.name for o in trained} & {o.name for o in held_out}
    assert sum(len(o.questions) for o in held_out) >= 600
    seen = {q.q.lower() for o in trained for q in o.questions}
    shared = {q.q.lower() for o in held_out for q in o.questions if len(q.q.split()) > 5} & seen
    assert not shared, sorted(shared)


def test_generated_questions_name_only_what_the_organisation_has() -> None:
    organisation = next(o for o in ALL if o.places)
    made = generate(organisation, random.Random(3))
    places = {row[k] for row in organisation.places for k in ("name", "town", "region")}
    people = {row["name"] for row in organisation.contacts}
    assert len(made) > 250
    for question in made:
        step = question.steps[0]
        assert set(step.places) <= places
        assert step.contact is None or step.contact in people
    assert generate(organisation, random.Random(3)) == made


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "organisation.toml").write_text('name = "A"\nscope = "b"\n')
    (tmp_path / "site.md").write_text("# T\nurl: /t\n## H\nText.\n")
    (tmp_path / "contacts.csv").write_text("name,role,team,site,phone,email,notes,public\n")
    (tmp_path / "questions.jsonl").write_text('{"q": "x", "step": "clarify"}\n{"q": "y"\n')
    with pytest.raises(CorpusError, match="questions.jsonl line 2"):
        read_organisation(tmp_path)


def test_noise_keeps_most_letters() -> None:
    rng = random.Random(1)
    text = "how long is the wait at the riverside clinic right now?"
    rough = [roughen(text, rng) for _ in range(50)]
    assert len(set(rough)) > 25
    assert all(len(r) > len(text) * 0.5 for r in rough)
    assert misspell("at", rng) == "at"


def test_a_table_row_answers_however_it_is_written() -> None:
    assert answers("Ticket: Adult single; Zone 1: $2.60", "| Adult single | $2.60")
    assert not answers("Ticket: Child single; Zone 1: $1.30", "| Adult single | $2.60")
