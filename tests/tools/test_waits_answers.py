"""The questions people ask, and the sentences they get: every number comes from the data."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontdesk.tools.feeds import Department
from frontdesk.tools.wait_times import WaitTimes
from frontdesk.tools.waits.nearest import distance_km

EDMONTON = ZoneInfo("America/Edmonton")
NOON = datetime(2026, 2, 11, 14, 5, tzinfo=EDMONTON)
MEANING = (
    "It is an estimate of the time until a doctor sees you; "
    "the most urgent patients are seen first."
)
FETCHED = "Fetched 14:04, 1 minute ago."


def department(site: str, minutes: int | None = None, **changes: Any) -> Department:
    values: dict[str, Any] = {
        "site": site,
        "minutes": minutes,
        "fetched_at": NOON - timedelta(minutes=1),
        "region": "Avon",
        "address": f"1 Main Street\n{changes.pop('town', 'Avon')}",
        "key": site,
        **changes,
    }
    return Department(**values)


HALL = department("Hallam General Hospital", 190, coordinates=(51.0, -114.0), note="Open 24 hours.")
PELL = department("Pell Harbour Hospital", 48, town="Pell Harbour", coordinates=(51.5, -114.0))
CHILD = department(
    "Wren Children's Hospital",
    35,
    kind="children",
    department="Children's emergency",
    shares_site_with=("Dray Hospital",),
    coordinates=(51.1, -114.0),
)
ADULT = department(
    "Dray Hospital",
    150,
    department="Adult emergency",
    shares_site_with=("Wren Children's Hospital",),
    coordinates=(51.1, -114.0),
)
URGENT = department(
    "Quay Urgent Care Centre",
    62,
    kind="urgent_care",
    department="Urgent Care",
    note="Open 8 am – 10 pm",
    coordinates=(51.01, -114.01),
)
SHUT = department(
    "Fern Urgent Care Centre",
    state="closed",
    kind="urgent_care",
    department="Urgent Care",
    note="Open 8 am – 2 pm",
)
SILENT = department("Juniper Health Centre", state="unavailable", town="Juniper")
ODD = department("Moor Hospital", state="unknown_text", raw_label="Over 3 hours")
ALL = [HALL, PELL, CHILD, ADULT, URGENT, SHUT, SILENT, ODD]


def desk(rows: list[Department] = ALL, now: datetime = NOON) -> WaitTimes:
    return WaitTimes.fixed(
        rows,
        clock=lambda: now,
        timezone="America/Edmonton",
        url="https://valley.example/waits",
        towns={"Larkton": (51.49, -114.1)},
    )


def test_the_wait_at_a_site() -> None:
    result = desk().ask(["hallam"])
    said = "Hallam General Hospital (emergency): about 3 h 10 min to see a doctor."
    assert result.text == f"{said} {MEANING} {FETCHED}"
    assert (result.state, result.age_seconds, result.places) == (
        "ok",
        60.0,
        ("Hallam General Hospital",),
    )
    assert result.url == "https://valley.example/waits"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("fern", "Fern Urgent Care Centre is closed now (hours in its note: 8 am – 2 pm)."),
        ("juniper", "Juniper Health Centre (emergency): the wait is unavailable right now."),
        (
            "moor",
            'Moor Hospital (emergency): the feed shows "Over 3 hours", which is not a wait '
            "in minutes.",
        ),
    ],
)
def test_a_state_is_said_and_is_no_number(place: str, said: str) -> None:
    result = desk().ask([place])
    assert result.text == f"{said} {FETCHED}"
    assert result.rows[0].department.minutes is None


def test_a_site_of_two_departments_is_found_by_its_name() -> None:
    both = desk().ask(["dray"])
    assert [row.department.site for row in both.rows] == [
        "Dray Hospital",
        "Wren Children's Hospital",
    ]
    only = desk().ask(["wren"])
    assert [row.department.minutes for row in only.rows] == [35]
    assert [row.department.minutes for row in desk().ask(["dray"], kind="children").rows] == [35]


def test_a_town_lists_its_departments_shortest_first() -> None:
    text = desk().ask(["avon"]).text
    order = ["Wren", "Quay", "Dray", "Hallam", "No wait is shown for Fern"]
    assert [text.index(name) for name in order] == sorted(text.index(name) for name in order)


def test_the_shortest_counts_no_state_and_no_childrens_hospital() -> None:
    result = desk().ask(ask="shortest")
    assert result.text.startswith(
        "The shortest wait is at Pell Harbour Hospital (emergency): about 48 min to see a doctor. "
        "Next: Quay Urgent Care Centre 1 h 2 min, Dray Hospital (adult emergency) 2 h 30 min. "
        "Not counted: Fern Urgent Care Centre (closed), Juniper Health Centre (wait unavailable), "
        'Moor Hospital (shows "Over 3 hours"). For children only: Wren Children\'s Hospital.'
    )


def test_the_shortest_for_children_and_at_urgent_care() -> None:
    children = desk().ask(kind="children", ask="shortest").text
    assert "at a children's department is at Wren Children's Hospital" in children
    urgent = desk().ask(kind="urgent_care", ask="shortest").text
    assert "at an urgent care centre is at Quay Urgent Care Centre: about 1 h 2 min" in urgent
    assert "Not counted: Fern Urgent Care Centre (closed)." in urgent


def test_the_shortest_at_urgent_care_names_the_shortest_emergency_too() -> None:
    rows = [URGENT, SHUT, HALL.model_copy(update={"minutes": 400})]
    quick = [department(f"Clinic {n} Urgent Care", 70 + n, kind="urgent_care") for n in range(2)]
    text = desk([*rows, *quick]).ask(ask="shortest").text
    assert "The shortest emergency department: Hallam General Hospital, about 6 h 40 min" in text


def test_nothing_open_is_no_shortest_wait() -> None:
    result = desk([SHUT, SILENT, ODD]).ask(ask="shortest")
    assert result.text.startswith("No department shows a wait right now. Not counted:")


def test_children_may_be_seen_elsewhere_says_the_note() -> None:
    night = department("Dray Campus", 80, note="Open 24 hours. Children are seen here overnight.")
    text = desk([night, HALL]).ask(kind="children", ask="shortest").text
    assert text.startswith(
        "No children's department shows a wait right now. "
        "Dray Campus (emergency): about 1 h 20 min "
        'to see a doctor. Its note says: "Open 24 hours. Children are seen here overnight."'
    )


def test_the_emergency_of_a_childrens_hospital_is_its_childrens_department() -> None:
    text = desk().ask(["wren"], kind="emergency").text
    assert text.startswith("Wren Children's Hospital (children's emergency): about 35 min")


def test_a_kind_that_a_site_does_not_have_is_said_and_the_others_shown() -> None:
    text = desk().ask(["hallam"], kind="urgent_care").text
    assert text.startswith(
        "Hallam General Hospital lists no urgent care centre right now. "
        "Hallam General Hospital (emergency): about 3 h 10 min to see a doctor."
    )


def test_two_places_are_compared() -> None:
    text = desk().ask(["hallam", "pell harbour hospital"], ask="compare").text
    assert "Pell Harbour Hospital (emergency) is shorter by 2 h 22 min." in text
    unequal = desk().ask(["hallam", "juniper"], ask="compare").text
    assert "They cannot be compared while one of them shows no wait." in unequal


def test_numbers_of_different_meaning_are_never_compared() -> None:
    p50 = department("Queen Anne Hospital", 20, metric="p50", patients="triage 3")
    text = desk([p50, HALL]).ask(["queen anne", "hallam"], ask="compare").text
    assert "shorter by" not in text
    assert "half of the patients wait less than 20 min" in text


@pytest.mark.parametrize(
    ("place", "at", "said"),
    [
        ("quay", "nine tonight", "Quay Urgent Care Centre should be open at 21:00."),
        ("quay", "11 pm", "Quay Urgent Care Centre should be closed at 23:00."),
        ("quay", "tomorrow 7 am", "should be closed at Thu 12 Feb 07:00."),
        ("hallam", "3 am", 'should be open at Thu 12 Feb 03:00. Its note says "24 hours".'),
        ("pell harbour hospital", "9 pm", "The feed gives no opening hours for Pell Harbour"),
        ("quay", None, "Quay Urgent Care Centre is open now: about 1 h 2 min to see a doctor."),
        ("fern", None, "Fern Urgent Care Centre is closed now. Its note gives the hours as"),
        ("quay", "whenever", 'The time in "whenever" is not clear, so this is for now.'),
    ],
)
def test_open_now_and_at_a_time(place: str, at: str | None, said: str) -> None:
    assert said in desk().ask([place], ask="open", at=at).text


def test_which_are_open_now() -> None:
    text = desk().ask(kind="urgent_care", ask="open").text
    assert text.startswith(
        "Open now: Quay Urgent Care Centre. Closed now: Fern Urgent Care Centre."
    )


def test_the_nearest_to_a_town_by_coordinates() -> None:
    text = desk().ask(["larkton"], ask="nearest").text
    assert text.startswith(
        "Nearest to Larkton: Pell Harbour Hospital (emergency), about 7.0 km away; about 48 min"
    )
    children = desk().ask(["larkton"], kind="children", ask="nearest").text
    assert "Nearest to Larkton: Wren Children's Hospital" in children
    assert desk().ask(ask="nearest").text.startswith("Name a town or a site")
    assert "no coordinates for Juniper" in desk().ask(["juniper"], ask="nearest").text


def test_a_degree_of_latitude_is_111_km() -> None:
    assert distance_km((51.0, -114.0), (52.0, -114.0)) == pytest.approx(111.2, abs=0.1)


def test_a_place_that_is_not_in_the_feed() -> None:
    result = desk().ask(["Mercy Hospital Springfield"])
    assert result.state == "unknown_place" and not result.rows
    assert result.text.startswith('No place called "Mercy Hospital Springfield" is in this feed.')
    assert result.text.endswith("The official page: https://valley.example/waits")
    both = desk().ask(["hallam", "springfield"])
    assert 'No place called "springfield" is in this feed.' in both.text
    assert both.rows[0].department.minutes == 190


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=5), "Fetched 14:03, just now."),
        (timedelta(minutes=26), "Fetched 14:03, 26 minutes ago."),
        (timedelta(hours=11), "Fetched Wed 11 Feb 14:03, 11 hours ago."),
    ],
)
def test_the_fetch_time_is_local_and_has_its_age(ago: timedelta, said: str) -> None:
    fetched = NOON - timedelta(minutes=2)
    row = HALL.model_copy(update={"fetched_at": fetched.astimezone(UTC)})
    assert desk([row], fetched + ago).ask(["hallam"]).text.endswith(said)


def test_the_age_is_right_while_the_clocks_go_back() -> None:
    fetched = datetime(2026, 11, 1, 7, 50, tzinfo=UTC)  # 01:50, the first time
    row = HALL.model_copy(update={"fetched_at": fetched})
    text = desk([row], fetched + timedelta(minutes=12)).ask(["hallam"]).text
    assert text.endswith("Fetched 01:50, 12 minutes ago.")


@pytest.mark.parametrize("ask", ["now", "shortest", "compare", "open", "nearest", "trend"])
@pytest.mark.parametrize(
    "places", [[], ["hallam"], ["avon"], ["dray", "juniper"], ["nowhere at all"]]
)
@pytest.mark.parametrize("kind", ["any", "emergency", "urgent_care", "children"])
def test_every_question_has_an_answer(ask: Any, places: list[str], kind: Any) -> None:
    result = desk().ask(places, kind, ask)
    assert result.text.endswith((FETCHED, "https://valley.example/waits"))
    assert "  " not in result.text and "None" not in result.text
    assert desk([]).ask(places, kind, ask).text


def test_the_result_goes_to_json_and_back() -> None:
    result = desk().ask(["hallam"])
    assert type(result).model_validate_json(result.model_dump_json()) == result


def test_importing_the_tool_is_light() -> None:
    import subprocess
    import sys

    heavy: Callable[[str], str] = lambda name: f"{name!r} in sys.modules"  # noqa: E731
    names = ("httpx", "psycopg", "numpy", "pandas", "langchain_core", "rapidfuzz", "jmespath")
    code = f"import sys, frontdesk.tools.wait_times; print([{', '.join(map(heavy, names))}])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str([False] * len(names))
