"""The sample organisation's feed through a day: split records, closing soon, closed."""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontdesk.db.ingest.client import GuardedClient
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.wait_times import PlaceMatch, WaitTimes

EDMONTON = ZoneInfo("America/Edmonton")
SERVE = Path(__file__).parents[2] / "examples" / "kestrel-valley" / "serve.py"


@pytest.fixture(scope="module")
def serve() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kestrel_valley_serve", SERVE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Day:
    """The sample desk at a time of Wednesday, 11 February 2026."""

    def __init__(self) -> None:
        self.now = datetime(2026, 2, 11, 12, 0, tzinfo=EDMONTON)
        self.waits: WaitTimes

    def at(self, hour: int, minute: int = 0) -> WaitTimes:
        self.now = self.now.replace(hour=hour, minute=minute)
        return self.waits


@pytest.fixture
def day(serve: Any) -> Iterator[Day]:
    day = Day()
    server = serve.make_server(0, lambda: day.now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings = WaitTimesSettings(adapter="ahs", url=server.origin + serve.FEED, patience_seconds=10)
    with GuardedClient((server.origin.removeprefix("http://"),)) as client:
        timezone = "America/Edmonton"
        day.waits = WaitTimes(settings, None, client, clock=lambda: day.now, timezone=timezone)
        yield day
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("hour", "minute", "state"),
    [(7, 59, "closed"), (8, 1, "ok"), (19, 55, "ok"), (20, 5, "closing_soon"), (22, 5, "closed")],
)
def test_limited_hours_through_the_day(day: Day, hour: int, minute: int, state: str) -> None:
    (row,) = day.at(hour, minute).ask(["quayside"]).rows
    assert row.department.state == state
    assert (row.department.minutes is None) == (state != "ok")


def test_the_childrens_department_is_found_by_day_and_explained_by_night(day: Day) -> None:
    noon = day.at(12)
    assert noon.ask(["wren childrens"]).rows[0].department.kind == "children"
    assert len(noon.ask(["bellwether"]).rows) == 2
    night = day.at(23)
    assert "Wren Children's Hospital is not in the feed right now." in night.ask(["wren"]).text
    assert "children are seen here overnight" in night.ask(kind="children", ask="shortest").text
    assert night.match("bellwether hospital")[0].name == "Bellwether Health Campus"


def test_the_name_of_the_night_still_works_by_day(day: Day) -> None:
    assert day.at(3).match("bellwether health campus")
    noon = day.at(12).ask(["bellwether health campus"])
    assert noon.places == ("Bellwether Hospital",)
    assert [match.name for match in noon_names(day)] == ["Bellwether Hospital"]


def noon_names(day: Day) -> list[PlaceMatch]:
    return day.at(12).match("how long at bellwether health campus")


@pytest.mark.parametrize("hour", [0, 6, 9, 12, 15, 18, 20, 21, 22, 23])
def test_nothing_without_a_number_is_ever_the_shortest(day: Day, hour: int) -> None:
    result = day.at(hour, 30).ask(ask="shortest")
    best = result.rows[0].department
    assert best.state == "ok" and best.minutes is not None
    assert best.site in result.text.split(":")[0]
    numbers = [row.department.minutes for row in result.rows if row.department.minutes]
    general = [
        row.department.minutes
        for row in result.rows
        if row.department.minutes and row.department.kind != "children"
    ]
    assert best.minutes == min(general) and numbers


def test_open_at_nine_tonight(day: Day) -> None:
    waits = day.at(14)
    assert "should be open at 21:00" in waits.ask(["quayside"], ask="open", at="nine tonight").text
    assert "should be closed at 21:00" in waits.ask(["fernhill"], ask="open", at="9 tonight").text
    northlight = waits.ask(["northlight"], ask="open", at="3 am").text
    assert 'should be open at Thu 12 Feb 03:00. Its note says "24 hours".' in northlight


def test_the_nearest_to_a_town(day: Day) -> None:
    text = day.at(14).ask(["juniper crossing"], ask="nearest").text
    assert text.startswith("Nearest to Juniper Crossing: Juniper Crossing Health Centre")
    assert "Then Halder District Hospital (emergency), about 52 km away" in text
