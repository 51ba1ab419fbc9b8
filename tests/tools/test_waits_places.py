"""Which places a question names: official, short and misspelt names, initials, towns, regions."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times import WaitTimes

NOW = datetime(2026, 2, 11, 19, 0, tzinfo=UTC)
SITES = [
    ("Foothills Medical Centre", "Kestrel", "1403 29 Street NW Kestrel"),
    ("Peter Lougheed Centre", "Kestrel", "3500 26 Avenue NE Kestrel"),
    ("Rockyview General Hospital", "Kestrel", "7007 14 Street SW Kestrel"),
    ("South Health Campus", "Kestrel", "4448 Front Street SE Kestrel"),
    ("Kestrel Children's Hospital", "Kestrel", "28 Oki Drive NW Kestrel"),
    ("Sheldon M. Chumir Centre", "Kestrel", "1213 4 Street SW Kestrel"),
    ("River Valley Hospital", "Kestrel", "9 Quay Road\nOld Harbour"),
    ("Airdrie Community Health Centre", "Kestrel", "604 Main Street South Airdrie"),
    ("Sturgeon Community Hospital", "Avon", "201 Boudreau Road St. Albert"),
    ("Grey Nuns Community Hospital", "Avon", "1100 Youville Drive W Avon"),
    ("University of Avon Hospital", "Avon", "8440 112 Street Avon"),
    ("Royal Alexandra Hospital", "Avon", "10240 Kingsway Avenue Avon"),
    ("Fort Sask Community Hospital", "Avon", "9401 86 Avenue\nFort Saskatchewan"),
    ("Red Deer Regional Hospital", "Red Deer", "3942 50A Avenue\nRed Deer"),
    ("Northern Lights Regional Health Centre", "Fort McMurray", "7 Hospital Street\nFort McMurray"),
]


DESK = WaitTimes.fixed(
    [
        Department(site=site, region=region, address=address, minutes=60, fetched_at=NOW)
        for site, region, address in SITES
    ],
    aliases={"the Mall clinic": "Airdrie Community Health Centre"},
)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("hows the wait at foothils rn", "Foothills Medical Centre"),
        ("how long is the wait at Foothills Medical Centre?", "Foothills Medical Centre"),
        ("foot hills er", "Foothills Medical Centre"),
        ("FMC wait time", "Foothills Medical Centre"),
        ("peter lockheed", "Peter Lougheed Centre"),
        ("is the lougheed busy", "Peter Lougheed Centre"),
        ("rocky view emergency", "Rockyview General Hospital"),
        ("rokyview", "Rockyview General Hospital"),
        ("RVH", "River Valley Hospital"),
        ("wait at rvh right now", "River Valley Hospital"),
        ("south campus wait", "South Health Campus"),
        ("sheldon chumir", "Sheldon M. Chumir Centre"),
        ("wait at the childrens hospital", "Kestrel Children's Hospital"),
        ("gray nuns", "Grey Nuns Community Hospital"),
        ("u of a hospital", "University of Avon Hospital"),
        ("university hospital", "University of Avon Hospital"),
        ("royal alex", "Royal Alexandra Hospital"),
        ("royal alexander hosp", "Royal Alexandra Hospital"),
        ("fort sask", "Fort Sask Community Hospital"),
        ("fort saskatchewan er", "Fort Saskatchewan"),
        ("ft mcmurray", "Fort McMurray"),
        ("red deer", "Red Deer"),
        ("red deer hospital", "Red Deer Regional Hospital"),
        ("is the sturgeon busy", "Sturgeon Community Hospital"),
        ("st albert", "St. Albert"),
        ("airdrie urgent care open at nine?", "Airdrie Community Health Centre"),
        ("the mall clinic", "Airdrie Community Health Centre"),
        ("shortest in kestrel", "Kestrel"),
        ("nearest er to old harbor", "Old Harbour"),
    ],
)
def test_a_question_names_its_place(question: str, name: str) -> None:
    matches = DESK.match(question)
    assert matches and matches[0].name == name
    assert matches[0].span in question
    assert 0 < matches[0].score <= 1


@pytest.mark.parametrize(
    "question",
    [
        "",
        "how long is the wait",
        "wait at the children's one",
        "the adult emergency department",
        "where is the shortest wait for kids right now",
        "urgent care wait times",
        "general hospital",
        "i need a surgeon",
        "who handles parking refunds",
        "write me a poem about my ex",
        "can i bring my children when visiting",
        "is there a hat i left at the hospital",
        "what are visiting hours for maternity",
        "how do i get to the river",
        "north or south entrance",
    ],
)
def test_a_question_without_a_place_names_none(question: str) -> None:
    assert DESK.match(question) == []


@pytest.mark.parametrize(
    "question",
    ["light therapy for newborns", "peter smith phone number", "red meat and heart disease"],
)
def test_one_everyday_word_of_a_name_is_a_hint_only(question: str) -> None:
    assert all(match.score < 0.6 for match in DESK.match(question))


def test_two_places_come_back_best_first() -> None:
    names = [match.name for match in DESK.match("foothills or rockyview general hospital?")]
    assert names == ["Rockyview General Hospital", "Foothills Medical Centre"]


def test_a_surer_spelling_scores_higher() -> None:
    scores = [
        DESK.match(text)[0].score
        for text in ("Foothills Medical Centre", "foothills", "foothils", "foothlls")
    ]
    assert scores == sorted(scores, reverse=True)


@settings(deadline=None)  # other work may share the machine
@given(st.text(max_size=200))
def test_any_text_is_matched_without_a_crash(text: str) -> None:
    rows = [Department(site="Mill Creek Hospital", minutes=60, fetched_at=NOW)]
    for match in WaitTimes.fixed(rows).match(text):
        assert match.span in text


def around(name: str, place: int) -> str:
    """The two letters on each side of a letter of `name`: spaces at its ends."""
    return f"  {name}  "[place : place + 5]


@settings(deadline=None)  # other work may share the machine
@given(st.sampled_from(SITES), st.data())
def test_one_lost_letter_in_a_name_is_forgiven(
    site: tuple[str, str, str], data: st.DataObject
) -> None:
    name = site[0].lower()
    inside = [n for n in range(1, len(name)) if re.fullmatch(r"\w+", around(name, n))]
    lost = data.draw(st.sampled_from(inside))
    typo = name[:lost] + name[lost + 1 :]
    matches = DESK.match(f"how long is the wait at {typo} tonight")
    assert site[0] in [match.name for match in matches], typo
