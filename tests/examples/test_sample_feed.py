"""The sample feed speaks the `ahs` shape at every hour, over HTTP, with a clock set by hand."""

import importlib.util
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

SERVE = Path(__file__).parents[2] / "examples" / "kestrel-valley" / "serve.py"
KEYS = {
    "Name": str,
    "Category": str,
    "WaitTime": str,
    "TimesUnavailable": str,
    "SplitFacility": str | None,
    "SiteId": str | None,
    "SiteClosingSoon": bool,
    "SiteOpen": bool,
    "Note": str,
    "Address": str,
    "GoogleMapsLinkDirection": str,
    "URL": str,
}
LABEL = re.compile(r"(\d+) hr ([0-5]?\d) min|Wait times unavailable|Closed|Closing soon")


def load() -> Any:
    spec = importlib.util.spec_from_file_location("sample_serve", SERVE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


serve = load()


@contextmanager
def running(moment: datetime) -> Iterator[str]:
    """The origin of a sample server whose clock stands at `moment`."""
    server = serve.make_server(0, clock=lambda: moment)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.origin
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def local(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-02-11T{clock}").replace(tzinfo=serve.TIMEZONE)


def fetch(clock: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    with running(local(clock)) as origin:
        answer = httpx.get(origin + serve.FEED).raise_for_status()
        assert answer.headers["content-type"].startswith("application/json")
        body: dict[str, dict[str, list[dict[str, Any]]]] = answer.json()
    return body


def records(body: dict[str, dict[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    return [row for groups in body.values() for rows in groups.values() for row in rows]


def wait(clock: str, name: str) -> str:
    found = [row["WaitTime"] for row in records(fetch(clock)) if row["Name"] == name]
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize("clock", ["03:10", "07:59", "11:00", "18:30", "21:34", "23:50"])
def test_every_record_has_the_twelve_keys(clock: str) -> None:
    body = fetch(clock)
    assert list(body) == ["PortAvens", "TamsinCreek", "Halder", "WhitlowLake", "StBrenna"]
    for row in records(body):
        assert list(row) == list(KEYS)
        assert all(isinstance(row[key], kind) for key, kind in KEYS.items())
        assert row["SiteOpen"] is row["SiteClosingSoon"] is False
        parts = row["WaitTime"].split("[;]")
        assert all(LABEL.fullmatch(part) for part in parts)
        flags = [str(part == "Wait times unavailable") for part in parts]
        assert row["TimesUnavailable"] == "[;]".join(flags)


def test_urgent_is_filled_empty_or_missing() -> None:
    body = fetch("12:00")
    assert {row["Category"] for row in body["PortAvens"]["Urgent"]} == {"Urgent Care"}
    assert body["TamsinCreek"]["Urgent"] == []
    assert "Urgent" not in body["Halder"]


@pytest.mark.parametrize("clock", ["11:00", "15:00", "21:34"])
def test_by_day_one_record_holds_two_departments(clock: str) -> None:
    split = [row for row in records(fetch(clock)) if row["SplitFacility"]]
    assert len(split) == 1
    assert split[0]["SplitFacility"] == "Children's emergency[;]Adult emergency"
    assert split[0]["SiteId"] is None
    for key in serve.JOINED:
        assert len(split[0][key].split("[;]")) == 2, key


@pytest.mark.parametrize("clock", ["10:59", "21:35", "02:00"])
def test_at_other_hours_the_campus_is_one_plain_record(clock: str) -> None:
    rows = records(fetch(clock))
    assert not any("[;]" in str(value) for row in rows for value in row.values())
    names = {row["Name"] for row in rows}
    assert "Bellwether Health Campus" in names
    assert not {"Bellwether Hospital", "Wren Children's Hospital"} & names


@pytest.mark.parametrize(
    ("clock", "shown"),
    [
        ("07:59", "Closed"),
        ("08:00", "number"),
        ("17:59", "number"),
        ("18:00", "Closing soon"),
        ("19:59", "Closing soon"),
        ("20:00", "Closed"),
    ],
)
def test_limited_hours_close_softly(clock: str, shown: str) -> None:
    label = wait(clock, "Fernhill Urgent Care Centre")
    assert label == shown if shown != "number" else " hr " in label


def test_awkward_text_is_there_to_be_cleaned() -> None:
    rows = records(fetch("09:00"))
    assert any("&ndash;" in row["Note"] for row in rows)
    assert any("–" in row["Note"] for row in rows)
    assert any("<br />" in row["Note"] and row["Note"].endswith(" ") for row in rows)
    assert any(row["Address"].endswith("\n") for row in rows)
    assert not any("," in row["Address"] for row in rows)
    assert all("&query=5" in row["GoogleMapsLinkDirection"] for row in rows)
    assert any(row["WaitTime"] == "Wait times unavailable" for row in rows)


def test_minutes_are_repeatable_smooth_and_never_under_thirty() -> None:
    start = local("00:00")
    for department in serve.DEPARTMENTS.values():
        day = [serve.minutes(department, start + timedelta(minutes=n)) for n in range(1440)]
        again = [serve.minutes(department, start + timedelta(minutes=n)) for n in range(1440)]
        assert day == again
        assert min(day) >= 30 and max(day) - min(day) > 20
        steps = [abs(later - earlier) for earlier, later in zip(day, day[1:], strict=False)]
        assert max(steps) <= 3


def test_every_record_leads_to_its_page() -> None:
    with running(local("12:00")) as origin:
        for row in records(httpx.get(origin + serve.FEED).json()):
            for name, url in zip(row["Name"].split("[;]"), row["URL"].split("[;]"), strict=True):
                page = httpx.get(url, follow_redirects=True).raise_for_status()
                assert name in unescape(page.text)


def test_the_command_starts_its_clock_where_it_is_told() -> None:
    command = [sys.executable, str(SERVE), "--port", "0", "--now", "2026-02-11T23:30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        origin = process.stdout.readline().split()[-1]
        rows = records(httpx.get(origin + serve.FEED).json())
        process.terminate()
    assert {row["WaitTime"] for row in rows if "Quayside" in row["Name"]} == {"Closed"}
