"""Hours from notes, towns from addresses, moments from questions."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from frontdesk.tools.feeds.address import town_of
from frontdesk.tools.feeds.hours import open_at, read_hours
from frontdesk.tools.wait_times import read_when

EDMONTON = ZoneInfo("America/Edmonton")
NOW = datetime(2026, 2, 11, 14, 5, tzinfo=EDMONTON)  # a Wednesday


@pytest.mark.parametrize(
    ("note", "opens", "closes"),
    [
        ("Open 8 am – 10 pm, every day. Last registration at 9 pm.", time(8), time(22)),
        ("Open 8 am - 8 pm, 7 days a week & holidays.", time(8), time(20)),
        ("8 a.m. to 10 p.m. daily", time(8), time(22)),
        ("Urgent care centre open 8am-10pm daily", time(8), time(22)),
        ("Open 4 pm - midnight", time(16), time(0)),
        ("Hours: 09:00-17:30", time(9), time(17, 30)),
    ],
)
def test_hours_are_read_from_a_note(note: str, opens: time, closes: time) -> None:
    (hours,) = read_hours(note)
    assert (hours.opens, hours.closes) == (opens, closes)


def test_hours_by_day() -> None:
    week, saturday = read_hours("Hours: Mon-Fri 9:00-17:00; Sat 10:00–16:00")
    assert (week.days, saturday.days) == (frozenset(range(5)), frozenset({5}))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "X-ray 7 am - 11 pm.",
        "Open 9-5",
        "Open 8 to 10 pm",
        "Ages 3 - 17",
        "Open 1 - 31 December",
        "Children up to their 17th birthday. Door C.",
    ],
)
def test_what_is_not_plainly_hours_is_not_hours(note: str) -> None:
    assert read_hours(note) == []


def test_all_day_beats_the_hours_of_a_room() -> None:
    (hours,) = read_hours("Open 24 hours. X-ray 7 am - 11 pm.")
    assert hours.opens is None
    assert open_at([hours], NOW)


@pytest.mark.parametrize(
    ("hour", "expected"), [(7, False), (8, True), (21, True), (22, False), (0, False)]
)
def test_doors_open_and_close_on_the_hour(hour: int, expected: bool) -> None:
    assert open_at(read_hours("Open 8 am – 10 pm"), NOW.replace(hour=hour, minute=0)) is expected


def test_hours_past_midnight_belong_to_the_evening_before() -> None:
    hours = read_hours("Open Friday 6 pm - 2 am")
    saturday = datetime(2026, 2, 14, 1, 0, tzinfo=EDMONTON)
    assert open_at(hours, saturday) is True
    assert open_at(hours, saturday.replace(day=13)) is False


def test_no_hours_is_not_closed() -> None:
    assert open_at([], NOW) is None


@pytest.mark.parametrize(
    ("address", "town"),
    [
        ("44 Bellwether Way SE\nPort Avens\n", "Port Avens"),
        ("Unit 12\n560 Fernhill Drive SE\nPort Avens", "Port Avens"),
        ("899 West 12th Avenue, Vancouver, BC V5Z 1M9", "Vancouver"),
        ("1403 29 Street NW Calgary Alberta T2N 2T9", "Calgary"),
        ("9401 86 Avenue\nFort Saskatchewan Alberta\nT8L 4R3\n", "Fort Saskatchewan"),
        ("", ""),
        ("12 Main Street", ""),
        ("Main Street", ""),
        ("Palace Green", "Palace Green"),
        ("Terminal 1", "Terminal 1"),
        ("Port Avens", "Port Avens"),
        ("201 Boudreau Road St. Albert", "St. Albert"),
        ("604 Main Street South Airdrie", "Airdrie"),
    ],
)
def test_the_town_is_read_from_an_address(address: str, town: str) -> None:
    assert town_of(address) == town


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("will it be open at nine tonight", "2026-02-11 21:00"),
        ("at 9", "2026-02-11 21:00"),
        ("at 2", "2026-02-12 02:00"),
        ("9pm", "2026-02-11 21:00"),
        ("21:00", "2026-02-11 21:00"),
        ("7:30 am", "2026-02-12 07:30"),
        ("half past seven", "2026-02-11 19:30"),
        ("tomorrow morning", "2026-02-12 09:00"),
        ("saturday noon", "2026-02-14 12:00"),
        ("midnight", "2026-02-12 00:00"),
        ("12 tonight", "2026-02-12 00:00"),
        ("is it open now", "2026-02-11 14:05"),
    ],
)
def test_a_moment_is_read_from_a_question(said: str, moment: str) -> None:
    assert read_when(said, NOW) == datetime.fromisoformat(moment).replace(tzinfo=EDMONTON)


@pytest.mark.parametrize("said", ["open 24 hours", "urgent care 2", "2026", "which one", ""])
def test_a_question_without_a_moment_has_none(said: str) -> None:
    assert read_when(said, NOW) is None
