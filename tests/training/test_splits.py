"""Nothing of what is tested is trained on: neither wording, nor people, places and pages."""

import random
from pathlib import Path

import pytest

from frontdesk.training.collection import Member
from frontdesk.training.corpus import CORPORA, Organisation, read_corpora
from frontdesk.training.labelled import Labelled, unique
from frontdesk.training.splits import Splitter, phrasing, phrasings_of
from frontdesk.training.structure import ask_structure
from frontdesk.training.synthesise import generate
from frontdesk.training.traces import answers

ORGANISATION = next(o for o in read_corpora(CORPORA) if o.places)


@pytest.fixture(scope="module")
def rows() -> list[Labelled]:
    rng = random.Random(3)
    splitter = Splitter.of(ORGANISATION, entities=0.3, phrasings=0.3, seed=3)
    made = [*generate(ORGANISATION, rng, 3.0), *ask_structure(ORGANISATION, rng, 300)]
    return [
        Labelled(split=splitter.split(q), organisation="own", source="generated", question=q)
        for q in made
    ]


def test_test_questions_share_neither_wording_nor_entities_with_training(
    rows: list[Labelled],
) -> None:
    splitter = Splitter.of(ORGANISATION, entities=0.3, phrasings=0.3, seed=3)
    trained = [row.question for row in rows if row.split == "train"]
    tested = [row.question for row in rows if row.split == "test"]
    assert len(trained) > 300 and len(tested) > 30
    ways = {way for question in trained for way in phrasings_of(question)}
    assert not ways & {way for question in tested for way in phrasings_of(question)}
    known = {name for question in trained for name in splitter.about(question)}
    assert not known & {name for question in tested for name in splitter.about(question)}
    kinds = {name.split(":")[0] for question in tested for name in splitter.about(question)}
    assert kinds == {"contact", "page", "place"}


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("hello, How long is the wait at Riverside? thx", "how long is the wait at {p}"),
        ("how long is the wait at a place nobody knows", "how long is the wait at {p}"),
        ("good morning. tell me about parking permits please", "tell me about {h}"),
        ("zebras cannot be reworded", "zebras cannot be reworded"),
    ],
)
def test_a_phrasing_is_known_whatever_it_is_filled_with(text: str, template: str) -> None:
    assert phrasing(text) == template


def test_a_question_of_two_splits_stays_in_the_held_out_one(rows: list[Labelled]) -> None:
    row = rows[0]
    shouted = row.question.model_copy(update={"q": row.question.q.upper()})
    both = [
        row.model_copy(update={"split": "train"}),
        row.model_copy(update={"split": "test", "question": shouted}),
    ]
    assert [kept.split for kept in unique(both)] == ["test"]


def test_rows_and_sections_give_questions_that_the_site_answers() -> None:
    page = (
        "# Parking\n\n## Prices\nTicket: Day pass; Price: $11.00\nOne hour: $2.50\n"
        "## Hours\nDay: Saturday; Hours: 9 am - 1 pm\nThe garage is closed on public holidays.\n"
    )
    site = Organisation(
        slug="s", name="S", scope="", pages={"/p": page}, contacts=[], places=[], questions=[]
    )
    made = ask_structure(site, random.Random(1), 50)
    assert len(made) >= 5
    for question in made:
        quotes = question.steps[0].quotes
        assert quotes and all(any(answers(line, q) for line in page.splitlines()) for q in quotes)
    asked = {question.q: question.steps[0].quotes[0] for question in made}
    assert any("day pass" in q and "$11.00" in quote for q, quote in asked.items())
    assert any("saturday" in q and "9 am" in quote for q, quote in asked.items())


def test_members_survive_the_disk(tmp_path: Path) -> None:
    from frontdesk.training.collection import read_members, write_members

    members = [Member(organisation=ORGANISATION, role="held_out")]
    write_members(tmp_path / "members.jsonl", members)
    assert read_members(tmp_path / "members.jsonl") == members
