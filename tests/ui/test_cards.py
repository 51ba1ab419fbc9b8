"""What is drawn: text from the web stays text, and a state never looks like a number."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from frontdesk.graphs.parts import Contact, Department, DepartmentHistory, Usual
from frontdesk.tools.wait_times import Stretch
from frontdesk.ui import cards
from frontdesk.ui.app import escape_markdown
from frontdesk.ui.wait_chart import caption, day_chart
from frontdesk.ui.wait_history import hours_of
from frontdesk.ui.wait_map import sites_map
from frontdesk.ui.wait_states import duration, ordered, shown

ZONE = ZoneInfo("America/Edmonton")
NOW = datetime(2026, 2, 11, 19, 30, tzinfo=ZONE)
EVIL = '<img src=x onerror="alert(1)"><style>*{display:none}</style>[x](javascript:1)'


def department(
    site: str, minutes: int | None = 40, state: str = "ok", **more: object
) -> Department:
    values = {"site": site, "minutes": minutes, "state": state, "fetched_at": NOW, **more}
    return Department.model_validate(values)


def test_text_from_the_web_is_escaped_everywhere() -> None:
    source = {"n": 1, "title": EVIL, "url": "javascript:alert(1)", "heading": EVIL, "quote": EVIL}
    contact = Contact(name=EVIL, role=EVIL, phone="1", email='"onclick="x', notes=EVIL)
    rows = [department(EVIL, None, "unknown_text", raw_label=EVIL, url="javascript:1")]
    drawn = "".join(
        (
            cards.answer(EVIL),
            cards.question(EVIL),
            cards.steps([{"tool": "search", "arguments": {"query": EVIL}, "ok": True, "ms": 1}]),
            cards.sources([source], ZONE),
            cards.contacts([contact]),
            cards.waits(rows, NOW, 5, ZONE, url="javascript:1"),
        )
    )
    assert "<img" not in drawn and "<style" not in drawn and 'href="javascript' not in drawn
    assert '"onclick="' not in drawn


def test_only_web_addresses_become_links() -> None:
    assert cards.link("https://example.org/a?b=1&c") == "https://example.org/a?b=1&amp;c"
    for bad in ("javascript:alert(1)", "data:text/html,x", 'https://a"b', "//a", None, ""):
        assert cards.link(bad) == ""


def test_marks_of_sources_become_small_numbers() -> None:
    drawn = cards.answer("It is $4. [1] Or free. [2]")
    assert drawn.count("<sup") == 2 and "[1]" not in drawn


@pytest.mark.parametrize(
    ("phone", "dialled"),
    [
        ("587-555-0111", "tel:5875550111"),
        ("+1 (587) 555-0111 ext. 42", "tel:+15875550111,42"),
        ("1-833-555-0100 x7", "tel:18335550100,7"),
    ],
)
def test_a_phone_number_is_dialled_as_it_is_written(phone: str, dialled: str) -> None:
    assert cards.dial(phone) == dialled


def test_a_department_without_a_number_never_looks_short() -> None:
    rows = [
        department("Closed", None, "closed"),
        department("Silent", None, "unavailable"),
        department("Odd", None, "unknown_text", raw_label="call us"),
        department("Soon", None, "closing_soon"),
        department("Open", 300),
    ]
    assert ordered(rows)[0].site == "Open" and ordered(rows)[-1].site == "Closed"
    for row in rows[:4]:
        assert shown(row).tone not in ("short", "middle", "long")
        assert not any(letter.isdigit() for letter in shown(row).text)
    assert shown(rows[4]).tone == "long"
    assert [duration(m) for m in (0, 45, 120, 190)] == ["0 min", "45 min", "2 h", "3 h 10 min"]


def test_the_table_folds_what_is_past_the_first_rows() -> None:
    rows = [department(f"Site {n}", 30 + n) for n in range(9)]
    drawn = cards.waits(rows, NOW, 30, ZONE, unfolded=6)
    assert "<summary>3 more</summary>" in drawn and drawn.count("<tr>") == 9 + 2
    assert "Fetched 19:30, 30 s old" in drawn


def test_the_map_joins_marks_that_would_cover_each_other() -> None:
    town = {"region": "Avens"}
    rows = [
        department("North", coordinates=(52.0, -113.0)),
        department("A", 50, coordinates=(51.0, -113.0), **town),
        department("B", None, "closed", coordinates=(51.001, -113.001), **town),
        department("Nowhere"),
    ]
    drawn = sites_map(rows)
    assert drawn.startswith('<figure class="fd-map"><img src="data:image/svg+xml;base64,')
    assert "Map of 3 places" in drawn
    assert sites_map(rows[:1]) == ""


def test_a_day_in_hours_and_in_words() -> None:
    began = datetime(2026, 2, 11, 0, 0, tzinfo=ZONE)
    usual = Usual(median=60, low=50, high=80, days=6)
    history = DepartmentHistory(
        department=department("Avens"),
        day=began.date(),
        stretches=(
            Stretch(since=began, until=began + timedelta(minutes=90), state="ok", minutes=60),
            Stretch(
                since=began + timedelta(minutes=90),
                until=began + timedelta(minutes=120),
                state="closed",
            ),
        ),
        usual={0: usual, 1: usual, 5: usual},
    )
    hours = hours_of(history)
    assert [hour.hour for hour in hours] == [0, 1, 2, 5]
    assert hours[0].minutes == 60 and hours[3].minutes is None
    assert "Usual for this hour: 1 h (50 min to 1 h 20 min, 6 days)." in caption(history)
    assert "data:image/svg+xml" in day_chart(history, ZONE)
    empty = history.model_copy(update={"stretches": ()})
    assert caption(empty) == "No waits are on record for today yet."


def test_a_failure_is_shown_as_plain_text() -> None:
    assert escape_markdown("a_b [c](d) $x$") == "a\\_b \\[c\\]\\(d\\) \\$x\\$"


def test_an_old_reading_tells_its_day() -> None:
    drawn = cards.waits([], NOW.astimezone(UTC), 3 * 86400, ZONE)
    assert "Fetched 11 Feb 19:30, 3 days old" in drawn
