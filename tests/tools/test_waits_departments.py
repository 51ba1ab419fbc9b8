"""Departments that a question names: one counter of many, at one place or anywhere."""

from datetime import UTC, datetime

import pytest

from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times import WaitTimes

ROWS = [  # site, department, kind, town
    ("Harrow Civic Centre", "Trading Licences", "urgent_care", "Harrow"),
    ("Harrow Civic Centre", "Births and Deaths", "urgent_care", "Harrow"),
    ("Harrow Civic Centre", "Parking Permits", "urgent_care", "Harrow"),
    ("Moss Lane Annex", "Trading Licences", "urgent_care", "Mosswick"),
    ("Moss Lane Annex", "Housing Desk", "urgent_care", "Mosswick"),
    ("Ellery Hospital", "Emergency", "emergency", "Ellery"),
    ("Ellery Hospital", "Maternity Triage", "emergency", "Ellery"),
    ("Ellery Hospital", "Eye Casualty", "emergency", "Ellery"),
]
WAITS = WaitTimes.fixed(
    [
        Department.model_validate(
            {
                "site": site,
                "department": department,
                "kind": kind,
                "address": town,
                "minutes": 10 + 5 * number,
                "fetched_at": datetime(2026, 2, 11, 19, 0, tzinfo=UTC),
            }
        )
        for number, (site, department, kind, town) in enumerate(ROWS)
    ]
)


def shown(department: str, *places: str) -> list[tuple[str, str]]:
    """Return the site and department of each row of an answer."""
    rows = WAITS.ask(list(places), department=department).rows
    return [(row.department.site, row.department.department) for row in rows]


@pytest.mark.parametrize(
    ("question", "sites", "department"),
    [
        ("how long for trading licences", (), "Trading Licences"),
        (
            "queue to register a birth at the civic centre",
            ("Harrow Civic Centre",),
            "Births and Deaths",
        ),
        ("line for parkng permits", (), "Parking Permits"),
        ("how busy is housing at moss lane", ("Moss Lane Annex",), "Housing Desk"),
        ("eye casualty wait at ellery", ("Ellery Hospital",), "Eye Casualty"),
        ("how long at the housing desk", ("Harrow Civic Centre",), ""),
        ("how long is the wait at ellery hospital", ("Ellery Hospital",), ""),
        ("wait at the harrow desk", ("Harrow Civic Centre",), ""),
        ("parking or licences", ("Harrow Civic Centre",), ""),
    ],
)
def test_the_department_that_is_named(
    question: str, sites: tuple[str, ...], department: str
) -> None:
    assert WAITS.department(question, sites) == department


def test_one_department_of_a_site() -> None:
    assert shown("Eye Casualty", "ellery") == [("Ellery Hospital", "Eye Casualty")]


def test_one_department_wherever_it_is() -> None:
    assert shown("Trading Licences") == [
        ("Harrow Civic Centre", "Trading Licences"),
        ("Moss Lane Annex", "Trading Licences"),
    ]


def test_a_place_without_it_is_answered_for_as_a_whole() -> None:
    assert {site for site, _ in shown("Eye Casualty", "moss lane")} == {"Moss Lane Annex"}
    assert len(shown("Eye Casualty", "moss lane")) == 2


def test_a_department_that_nobody_has_hides_nothing() -> None:
    assert len(shown("Lost Property")) == len(ROWS)


def test_the_shortest_of_one_department() -> None:
    found = WAITS.ask(ask="shortest", department="trading licences")
    assert found.rows[0].department.site == "Harrow Civic Centre"
    assert {row.department.department for row in found.rows} == {"Trading Licences"}
