"""What a feed said before: every change kept, and what is usual, whatever the clocks do."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontdesk.db import waits as table
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.store import Store
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.wait_times import WaitTimes

EDMONTON = ZoneInfo("America/Edmonton")
KEY = "valley:1-main-street-avon:emergency"


class Feed:
    """A feed on loopback with one department, and the clock that it and its reader share."""

    def __init__(self, port: int, now: datetime) -> None:
        self.url = f"http://127.0.0.1:{port}/waits"
        self.host = f"127.0.0.1:{port}"
        self.label = "2 hr 0 min"
        self.now = now

    def clock(self) -> datetime:
        return self.now

    def body(self) -> bytes:
        record = {
            "Name": "Hallam Hospital",
            "Category": "Emergency",
            "WaitTime": self.label,
            "Address": "1 Main Street\nAvon",
        }
        return json.dumps({"Valley": {"Emergency": [record]}}).encode()


@pytest.fixture
def feed() -> Iterator[Feed]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = served.body()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Feed(server.server_address[1], datetime(2026, 2, 11, 14, 0, tzinfo=EDMONTON))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def desk(feed: Feed, store: Store) -> Iterator[WaitTimes]:
    settings = WaitTimesSettings(adapter="ahs", url=feed.url, patience_seconds=10)
    with GuardedClient((feed.host,)) as client:
        yield WaitTimes(settings, store, client, clock=feed.clock, timezone="America/Edmonton")


def source(feed: Feed) -> str:
    return f"ahs {feed.url}"


def keep(store: Store, feed: Feed, since: datetime, until: datetime, minutes: int | None) -> None:
    """Store a stretch, read every five minutes."""
    row: dict[str, Any] = {
        "key": KEY,
        "state": "closed" if minutes is None else "ok",
        "minutes": minutes,
        "raw_label": f"{minutes}",
    }
    moment = since.astimezone(UTC)
    with store.connection() as connection:
        while moment <= until.astimezone(UTC):
            table.save_stretches(connection, source(feed), [row], moment)
            moment += timedelta(minutes=5)


def test_every_change_is_stored_once(desk: WaitTimes, feed: Feed, store: Store) -> None:
    for label in ("2 hr 0 min", "2 hr 0 min", "2 hr 10 min", "Closed", "Closed", "2 hr 0 min"):
        feed.label = label
        desk.board()
        feed.now += timedelta(minutes=4)
    with store.connection() as connection:
        rows = table.stretches(
            connection, source(feed), KEY, feed.now - timedelta(hours=1), feed.now
        )
    assert [(row.state, row.minutes) for row in rows] == [
        ("ok", 120),
        ("ok", 130),
        ("closed", None),
        ("ok", 120),
    ]
    assert [int((row.until - row.since).total_seconds() / 60) for row in rows] == [8, 4, 8, 0]


def test_a_silence_is_not_filled(desk: WaitTimes, feed: Feed, store: Store) -> None:
    desk.board()
    feed.now += timedelta(hours=2)
    desk.board()
    (history,) = desk.history("hallam")
    assert [stretch.since.hour for stretch in history.stretches] == [14, 16]
    assert all(stretch.since == stretch.until for stretch in history.stretches)


def test_it_is_getting_shorter(desk: WaitTimes, feed: Feed) -> None:
    for label in ("3 hr 0 min", "2 hr 40 min", "2 hr 20 min", "2 hr 0 min"):
        feed.label = label
        for _ in range(5):
            desk.board()
            feed.now += timedelta(minutes=4)
    text = desk.ask(["hallam"], ask="trend").text
    assert "It was 2 h 40 min at 14:20: it is getting shorter." in text
    assert text.startswith("Hallam Hospital (emergency): about 2 h to see a doctor.")


def test_a_short_history_is_no_trend(desk: WaitTimes) -> None:
    assert "not enough history yet" in desk.ask(["hallam"], ask="trend").text


def test_usual_is_the_median_of_the_same_hour_and_weekday(
    desk: WaitTimes, feed: Feed, store: Store
) -> None:
    for week, minutes in enumerate((100, 120, 140, 300), start=1):
        began = feed.now - timedelta(weeks=week)
        keep(store, feed, began, began + timedelta(minutes=55), minutes)
        keep(store, feed, began + timedelta(hours=2), began + timedelta(hours=2, minutes=10), 999)
        keep(store, feed, began - timedelta(days=1), began - timedelta(hours=23), 30)
    result = desk.ask(["hallam"], ask="trend")
    figure = result.rows[0].usual
    assert figure is not None
    assert (figure.low, figure.median, figure.high, figure.days) == (115, 130, 180, 4)
    assert figure.same_weekday
    assert (
        "Usual for Wednesdays at this hour: about 2 h 10 min (middle half 1 h 55 min to 3 h; "
        "4 days on record)." in result.text
    )


def test_few_days_of_a_weekday_are_helped_by_the_other_weekdays(
    desk: WaitTimes, feed: Feed, store: Store
) -> None:
    for back in (1, 2, 5, 6):  # Tuesday, Monday, Friday, Thursday
        began = feed.now - timedelta(days=back)
        keep(store, feed, began, began + timedelta(minutes=30), 60)
    for back in (3, 4):  # the weekend
        began = feed.now - timedelta(days=back)
        keep(store, feed, began, began + timedelta(minutes=30), 600)
    figure = desk.ask(["hallam"], ask="trend").rows[0].usual
    assert figure is not None and not figure.same_weekday
    assert (figure.median, figure.days) == (60, 4)


def test_two_days_are_too_few(desk: WaitTimes, feed: Feed, store: Store) -> None:
    for back in (1, 2):
        began = feed.now - timedelta(days=back)
        keep(store, feed, began, began + timedelta(minutes=30), 60)
    assert desk.ask(["hallam"], ask="trend").rows[0].usual is None


def test_a_state_is_never_part_of_what_is_usual(desk: WaitTimes, feed: Feed, store: Store) -> None:
    for week in range(1, 5):
        began = feed.now - timedelta(weeks=week)
        keep(store, feed, began, began + timedelta(minutes=25), None)
        keep(store, feed, began + timedelta(minutes=30), began + timedelta(minutes=55), 90)
    figure = desk.ask(["hallam"], ask="trend").rows[0].usual
    assert figure is not None and figure.median == 90


def test_an_hour_is_peoples_hour_on_both_sides_of_a_clock_change(
    desk: WaitTimes, feed: Feed, store: Store
) -> None:
    feed.now = datetime(2026, 3, 18, 9, 30, tzinfo=EDMONTON)  # clocks went forward on 8 March
    for back in (7, 14, 21):
        nine = datetime.combine(feed.now.date() - timedelta(days=back), feed.now.time(), EDMONTON)
        keep(store, feed, nine, nine + timedelta(minutes=20), 80)
        keep(store, feed, nine - timedelta(minutes=60), nine - timedelta(minutes=35), 500)
        keep(store, feed, nine + timedelta(minutes=35), nine + timedelta(minutes=60), 500)
    figure = desk.ask(["hallam"], ask="trend").rows[0].usual
    assert figure is not None
    assert (figure.median, figure.days) == (80, 3)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_a_day_is_as_long_as_the_clocks_make_it(
    day: date, hours: int, desk: WaitTimes, feed: Feed, store: Store
) -> None:
    began = datetime.combine(day, datetime.min.time(), EDMONTON)
    keep(store, feed, began - timedelta(hours=1), began + timedelta(hours=26), 70)
    feed.now = began + timedelta(hours=30)
    (history,) = desk.history("hallam", day)
    (stretch,) = history.stretches
    length = stretch.until.astimezone(UTC) - stretch.since.astimezone(UTC)
    assert length == timedelta(hours=hours)


def test_the_days_history_has_what_is_usual_for_each_hour(
    desk: WaitTimes, feed: Feed, store: Store
) -> None:
    for week in (1, 2, 3):
        began = feed.now.replace(hour=8) - timedelta(weeks=week)
        keep(store, feed, began, began + timedelta(hours=2, minutes=55), 45)
    (history,) = desk.history("hallam")
    assert sorted(history.usual) == [8, 9, 10]
    assert history.usual[9].median == 45
    assert history.department.site == "Hallam Hospital"
    assert history.stretches[-1].minutes == 120


def test_the_database_refuses_a_state_with_minutes(feed: Feed, store: Store) -> None:
    import psycopg

    row = {"key": KEY, "state": "closed", "minutes": 0, "raw_label": "Closed"}
    with pytest.raises(psycopg.errors.CheckViolation), store.connection() as connection:
        table.save_stretches(connection, source(feed), [row], feed.now)
