"""The adapters, on payloads of the shapes that real feeds send."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.tools.feeds import FeedError, Reading, SchemaChanged, make_adapter

NOW = datetime(2026, 2, 11, 19, 30, tzinfo=UTC)


def ahs_record(**changes: Any) -> dict[str, Any]:
    return {
        "Name": "Foothills Medical Centre",
        "Category": "Emergency",
        "WaitTime": "3 hr 12 min",
        "TimesUnavailable": "False",
        "SplitFacility": None,
        "SiteId": "11",
        "SiteClosingSoon": False,
        "SiteOpen": False,
        "Note": "Open 24 hours.&nbsp;<br />Trauma &amp; stroke centre. ",
        "Address": "1403 29 Street NW\nCalgary Alberta\nT2N 2T9\n",
        "GoogleMapsLinkDirection": "https://maps.example/search/?api=1&query=51.07,-114.14",
        "URL": "https://health.example/Findhealth/facility.aspx?id=11",
        **changes,
    }


SPLIT = ahs_record(
    Name="Stollard Children's Hospital[;]Campus Hospital",
    Category="Emergency[;]Emergency",
    WaitTime="1 hr 5 min[;]Wait times unavailable",
    TimesUnavailable="False[;]True",
    SplitFacility="Children's emergency[;]Adult emergency",
    SiteId=None,
    Note="Door C[;]Door A",
    Address="8440 112 Street\nEdmonton[;]8442 112 Street\nEdmonton",
    GoogleMapsLinkDirection="https://m.example/?query=53.52,-113.52[;]https://m.example/?query=53.52,-113.52",
    URL="https://health.example/c[;]https://health.example/a",
)


def read(name: str, payload: Any, mapping: dict[str, Any] | None = None) -> Reading:
    return make_adapter(name, mapping).read(json.dumps(payload).encode(), NOW)


def test_ahs_reads_a_plain_record() -> None:
    (row,) = read("ahs", {"Calgary": {"Emergency": [ahs_record()], "Urgent": []}}).departments
    assert (row.site, row.department, row.kind) == (
        "Foothills Medical Centre",
        "Emergency",
        "emergency",
    )
    assert (row.state, row.minutes, row.raw_label) == ("ok", 192, "3 hr 12 min")
    assert row.note == "Open 24 hours. Trauma & stroke centre."
    assert row.address == "1403 29 Street NW\nCalgary Alberta\nT2N 2T9"
    assert (row.town, row.region) == ("Calgary", "Calgary")
    assert row.coordinates == (51.07, -114.14)
    assert row.source_time is None and row.fetched_at == NOW


def test_ahs_splits_a_record_of_two_departments() -> None:
    children, adults = read("ahs", {"Edmonton": {"Emergency": [SPLIT]}}).departments
    assert (children.kind, children.minutes) == ("children", 65)
    assert (adults.kind, adults.minutes, adults.state) == ("emergency", None, "unavailable")
    assert (children.note, adults.note) == ("Door C", "Door A")
    assert children.shares_site_with == ("Campus Hospital",)
    assert children.key != adults.key


def test_ahs_keeps_a_departments_identity_when_its_site_changes_name() -> None:
    plain = ahs_record(Name="Campus Hospital and Stollard", Address="8442 112 Street\nEdmonton\n")
    by_day = read("ahs", {"Edmonton": {"Emergency": [SPLIT]}}).departments[1]
    (by_night,) = read("ahs", {"Edmonton": {"Emergency": [plain]}}).departments
    assert by_day.key == by_night.key


def test_ahs_gives_one_number_for_two_departments_to_neither() -> None:
    broken = {**SPLIT, "WaitTime": "1 hr 5 min"}
    rows = read("ahs", {"E": {"Emergency": [broken, ahs_record()]}}).departments
    assert [row.minutes for row in rows] == [None, None, 192]


@pytest.mark.parametrize(
    ("key", "name"), [("RedDeer", "Red Deer"), ("FortMcMurray", "Fort McMurray"), ("Calgary",) * 2]
)
def test_ahs_spaces_region_keys(key: str, name: str) -> None:
    assert read("ahs", {key: {"Emergency": [ahs_record()]}}).departments[0].region == name


def test_ahs_trusts_the_flag_against_a_number_and_the_label_for_the_rest() -> None:
    flagged = ahs_record(TimesUnavailable="True")
    closed = ahs_record(WaitTime="Closed", TimesUnavailable="True", Category="Urgent Care")
    rows = read("ahs", {"Calgary": {"Emergency": [flagged], "Urgent": [closed]}}).departments
    assert [(row.state, row.minutes) for row in rows] == [("unavailable", None), ("closed", None)]
    assert rows[1].kind == "urgent_care"


def test_ahs_tells_of_new_keys_and_a_broken_record_and_reads_the_others() -> None:
    good = [ahs_record(Name=f"Hospital {n}", Address=f"{n} Road\nTown") for n in range(6)]
    bad = {key: value for key, value in ahs_record().items() if key != "WaitTime"}
    reading = read("ahs", {"Calgary": {"Emergency": [*good, bad, {**good[0], "Queue": 4}]}})
    assert len(reading.departments) == 7
    assert any("no WaitTime" in notice for notice in reading.notices)
    assert any("Queue" in notice for notice in reading.notices)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        {"Calgary": {}},
        {"Calgary": {"Emergency": []}},
        {"error": "maintenance"},
        {"Calgary": [ahs_record()]},
        {"Calgary": {"Emergency": [{"name": "A", "wait": 5}]}},
        {"Calgary": {"Emergency": [ahs_record(WaitTime="42"), ahs_record(WaitTime="17")]}},
    ],
)
def test_ahs_notices_a_changed_schema(payload: Any) -> None:
    with pytest.raises(SchemaChanged):
        read("ahs", payload)


@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b'{"Calgary": {"Eme', b"\xff\xfe"])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(FeedError, match="web page|cut off|empty"):
        make_adapter("ahs").read(body, NOW)


def bc_record(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Lions Bay Hospital",
        "slug": "lbh",
        "type": "ed",
        "audience": "all",
        "showWaitTimes": True,
        "waitTimeFallback": "Not available",
        "alertShow": False,
        "alertTitle": "",
        "address": "231 15th Street East, North Vancouver, BC V7L 2L7",
        "latitude": 49.32,
        "longitude": -123.07,
        "website": "https://bc.example/lbh",
        "phone": "604-555-0131",
        "open247": True,
        "operatingHours": None,
        "waitTime": {
            "waitTimeMinutes": 95,
            "elosMinutes": 260,
            "status": "open",
            "createdAt": "2026-02-11T19:28:04.000Z",
        },
        **changes,
    }


def test_bc_reads_both_metrics_and_the_records_own_time() -> None:
    (row,) = read("bc", [bc_record()]).departments
    assert (row.minutes, row.metric) == (95, "estimate_to_physician")
    assert row.source_time == datetime(2026, 2, 11, 19, 28, 4, tzinfo=UTC)
    assert row.note == "Open 24 hours. Whole stay about 260 min."
    assert (row.town, row.phone) == ("North Vancouver", "604-555-0131")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"showWaitTimes": False}, "not_published"),
        ({"waitTime": {}}, "unavailable"),
        ({"waitTime": {"waitTimeMinutes": None, "status": "open"}}, "unavailable"),
        ({"waitTime": {"waitTimeMinutes": 20, "status": "closed"}}, "closed"),
        ({"waitTime": {"waitTimeMinutes": 0, "status": "open"}}, "unknown_text"),
        ({"waitTime": {"waitTimeMinutes": True, "status": "open"}}, "unknown_text"),
        ({"waitTime": {"waitTimeMinutes": "95", "status": "open"}}, "unknown_text"),
        ({"waitTime": None}, "unknown_text"),
    ],
)
def test_bc_shows_no_number_where_there_is_none(changes: dict[str, Any], state: str) -> None:
    row, _ = read("bc", [bc_record(**changes), bc_record(name="Other", address="")]).departments
    assert (row.state, row.minutes) == (state, None)


def test_bc_notices_a_changed_schema() -> None:
    with pytest.raises(SchemaChanged, match="not an array"):
        read("bc", {"facilities": [bc_record()]})
    with pytest.raises(SchemaChanged, match="no waitTime"):
        read("bc", [{"name": "A", "type": "ed", "showWaitTimes": True, "wait": 5}])


def hk_record(**changes: Any) -> dict[str, Any]:
    return {
        "hospName": "Queen Anne Hospital",
        "t1wt": "0 minute",
        "t2wt": "less than 15 minutes",
        "t3p50": "28 minutes",
        "t3p95": "77 minutes",
        "t45p50": "3.5 hours",
        "t45p95": "4 hours",
        **changes,
    }


def test_hk_reads_percentiles_by_triage_level_and_its_local_time() -> None:
    rows = read("hk", {"waitTime": [hk_record()], "updateTime": "20/1/2026 4:30AM"}).departments
    assert [(row.metric, row.minutes) for row in rows] == [
        ("p50", 28),
        ("p95", 77),
        ("p50", 210),
        ("p95", 240),
    ]
    assert rows[0].source_time == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)
    assert rows[0].note == "Triage 1: 0 minute. Triage 2: less than 15 minutes."
    assert len({row.key for row in rows}) == 4


def test_hk_notices_its_former_schema() -> None:
    former = {"waitTime": [{"hospName": "Queen Anne Hospital", "topWait": "Over 3 hours"}]}
    with pytest.raises(SchemaChanged, match="no t3p50"):
        read("hk", former)
    rows = read("hk", {"waitTime": [hk_record(t3p50="Over 3 hours")]}).departments
    assert (rows[0].state, rows[0].minutes) == ("unknown_text", None)


MAPPING = {
    "rows": "data.facilities[]",
    "site": "title",
    "wait": "wait.minutes",
    "kind": "type",
    "source_time": "updated",
    "latitude": "geo[0]",
    "longitude": "geo[1]",
    "region": "area",
    "kinds": {"walk-in": "urgent_care"},
    "states": {"No data": "unavailable"},
    "required": ["title", "wait"],
}


def test_json_reads_a_feed_by_its_mapping() -> None:
    facilities = [
        {"title": "Harbour", "wait": {"minutes": 35}, "type": "Walk-in", "geo": ["49.1", -123]},
        {
            "title": "Hill",
            "wait": {"minutes": "1 hr 5 min"},
            "updated": "2026-02-11T12:00:00-07:00",
        },
        {"title": "Dale", "wait": {"minutes": "no data"}},
        {"title": "Moor", "wait": {"minutes": None}},
        {"title": "Fen", "wait": {"minutes": 0}},
    ]
    reading = read("json", {"data": {"facilities": facilities}}, MAPPING)
    assert [(row.state, row.minutes) for row in reading.departments] == [
        ("ok", 35),
        ("ok", 65),
        ("unavailable", None),
        ("not_published", None),
        ("unknown_text", None),
    ]
    harbour, hill = reading.departments[:2]
    assert (harbour.kind, harbour.coordinates) == ("urgent_care", (49.1, -123.0))
    assert hill.source_time == datetime(2026, 2, 11, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({**MAPPING, "sites": "x"}, "no key 'sites'"),
        ({"rows": "x", "site": "y"}, "needs 'wait'"),
        ({**MAPPING, "wait": "wait["}, "is no JMESPath"),
        ({**MAPPING, "metric": "mean"}, "metric 'mean'"),
        ({**MAPPING, "kinds": {"a": "b"}}, "use one of emergency"),
    ],
)
def test_json_refuses_a_wrong_mapping_with_the_way_out(
    mapping: dict[str, Any], message: str
) -> None:
    with pytest.raises(FeedError, match=message):
        make_adapter("json", mapping)


def test_json_notices_a_changed_schema() -> None:
    with pytest.raises(SchemaChanged, match="no list at 'data.facilities"):
        read("json", {"items": []}, MAPPING)
    with pytest.raises(SchemaChanged, match="no wait"):
        read("json", {"data": {"facilities": [{"title": "A", "minutes": 5}]}}, MAPPING)


@settings(deadline=None)  # other work may share the machine
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        ),
    )
)
def test_any_json_is_read_or_refused_never_a_crash_nor_a_number(payload: Any) -> None:
    for name in ("ahs", "bc", "hk"):
        with pytest.raises(FeedError):
            read(name, payload)


@settings(deadline=None)  # other work may share the machine
@given(st.text(max_size=30).filter(lambda text: not any(c.isdigit() for c in text)))
def test_no_unseen_ahs_label_becomes_a_number(label: str) -> None:
    rows = read("ahs", {"C": {"Emergency": [ahs_record(WaitTime=label), ahs_record()]}}).departments
    assert all(row.minutes is None for row in rows if row.raw_label != "3 hr 12 min")
