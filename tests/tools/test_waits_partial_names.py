"""Parts of names that tell a place of any organisation's feed, and words that tell none."""

from datetime import UTC, datetime

import pytest

from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times import WaitTimes

NOW = datetime(2026, 2, 11, 19, 0, tzinfo=UTC)
ROWS = [  # site, department, kind, town, region
    ("Dorrick Wet Dock Gate", "Ticket gate", "urgent_care", "Dorrick", "East Marle"),
    ("Dorrick Passports", "Passport desk", "urgent_care", "Dorrick", "East Marle"),
    ("Dorrick Legal Aid Office", "Legal aid desk", "urgent_care", "Dorrick", "East Marle"),
    ("Dorrick General", "Emergency Department", "emergency", "Dorrick", "East Marle"),
    ("Dorrick Children's Emergency", "Emergency", "children", "Dorrick", "East Marle"),
    ("Ulsby Passports", "Passport desk", "urgent_care", "Ulsby", "West Marle"),
    ("Ulsby Legal Aid Desk", "Legal aid desk", "urgent_care", "Ulsby", "West Marle"),
    ("Ulsby Lido", "Pool entry", "urgent_care", "Ulsby", "West Marle"),
    ("Ulsby Lido Slide", "Water slide", "urgent_care", "Ulsby", "West Marle"),
    ("Terminal 1 Security", "Security control", "urgent_care", "Terminal 1", "South Marle"),
    ("Terminal 2 Security", "Security control", "urgent_care", "Terminal 2", "South Marle"),
    ("Terminal 2 Control", "Arrivals", "urgent_care", "Terminal 2", "South Marle"),
    ("Terminal 2 Control", "Departures", "urgent_care", "Terminal 2", "South Marle"),
]
DESK = WaitTimes.fixed(
    [
        Department.model_validate(
            {
                "site": site,
                "department": department,
                "kind": kind,
                "address": town,
                "region": region,
                "minutes": 60,
                "fetched_at": NOW,
            }
        )
        for site, department, kind, town, region in ROWS
    ]
)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("how long is it at the dock gate", {"Dorrick Wet Dock Gate"}),
        ("is the lido busy", {"Ulsby Lido"}),
        ("slide queue now", {"Ulsby Lido Slide"}),
        ("how long for legal aid in dorrick", {"Dorrick Legal Aid Office"}),
        ("legal aid dorrick or ulsby", {"Dorrick Legal Aid Office", "Ulsby Legal Aid Desk"}),
        ("wait at the passport desk", {"Dorrick Passports", "Ulsby Passports"}),
        ("dorick er", {"Dorrick General"}),
        ("kids emergency dorrick", {"Dorrick Children's Emergency"}),
        ("quickest one in the east", {"East Marle"}),
        ("security t2 now", {"Terminal 2 Security"}),
        ("security t1 vs t2", {"Terminal 1 Security", "Terminal 2 Security"}),
        ("how long is the wait in ulsby", {"Ulsby"}),
    ],
)
def test_part_of_a_name_tells_its_place(question: str, names: set[str]) -> None:
    assert {match.name for match in DESK.match(question)} == names


def test_what_fits_several_sites_fits_them_alike() -> None:
    matches = DESK.match("how long at the passport desk")
    assert len({(match.score, match.span) for match in matches}) == 1 < len(matches)


@pytest.mark.parametrize(
    "question",
    ["how long is the wait now", "which line is quickest for kids", "what do i do next", "desk"],
)
def test_asking_names_no_place(question: str) -> None:
    assert DESK.match(question) == []


@pytest.mark.parametrize("question", ["what does a passport cost", "is the slide safe"])
def test_one_ordinary_word_is_no_strong_match(question: str) -> None:
    assert all(match.score < 0.6 for match in DESK.match(question))


def test_a_question_gets_every_site_that_its_words_fit() -> None:
    result = DESK.ask(places=["the passport desk"])
    assert set(result.places) == {"Dorrick Passports", "Ulsby Passports"}


def test_a_department_that_was_said_is_answered_alone() -> None:
    result = DESK.ask(places=["terminal 2 control arrivals"])
    assert [row.department.department for row in result.rows] == ["Arrivals"]
