"""A few words that mean another place beside the one just asked for."""

from datetime import UTC, datetime

import pytest

from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times import WaitTimes

SITES = {
    "Zoo Main Gate": ("Gate", "Ashby"),
    "Zoo North Gate": ("Gate", "Ashby"),
    "Aquarium Entrance": ("Entrance", "Ashby"),
    "Averdale Civil Registry": ("Registry", "Averdale"),
    "Averdale Family Registry": ("Registry", "Averdale"),
    "Harbourside Passports": ("Passports", "Harbourside"),
    "City Hall Passports": ("Passports", "Averdale"),
    "Quay Hospital Emergency": ("Emergency", "Harbourside"),
}


@pytest.fixture(scope="module")
def waits() -> WaitTimes:
    return WaitTimes.fixed(
        Department(
            site=site,
            department=department,
            kind="emergency" if department == "Emergency" else "urgent_care",
            state="ok",
            minutes=20,
            address=town,
            fetched_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
        )
        for site, (department, town) in SITES.items()
    )


@pytest.mark.parametrize(
    ("previous", "said", "meant"),
    [
        ("Zoo Main Gate", "and north?", "Zoo North Gate"),
        ("Averdale Civil Registry", "family?", "Averdale Family Registry"),
        ("City Hall Passports", "too long. harbourside?", "Harbourside Passports"),
        ("Zoo Main Gate", "is it getting longer", ""),  # the same place
        ("Zoo Main Gate", "and the passports", ""),  # nothing in common
        ("Averdale Civil Registry", "and for kids?", ""),  # a kind, no place
        ("Nowhere", "and north?", ""),
        ("Zoo Main Gate", "", ""),
    ],
)
def test_the_place_beside(waits: WaitTimes, previous: str, said: str, meant: str) -> None:
    assert waits.sibling(previous, said) == meant
