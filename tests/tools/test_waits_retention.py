"""How long the history of a feed is kept, and that another feed's is never taken for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from frontdesk.db.store import Store
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.shelf import Saved
from frontdesk.tools.waits.store import StoreShelf
from frontdesk.tools.waits.trend import Past

NOW = datetime(2026, 2, 11, 20, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=2000)


def shelf(store: Store, keep_days: float = 400, url: str = "https://waits.example/") -> StoreShelf:
    settings = WaitTimesSettings(adapter="ahs", url=url, keep_days=keep_days)
    return StoreShelf(store, settings, "UTC")


def reading(now: datetime, minutes: int, key: str = "avon") -> Saved:
    row = {"key": key, "site": key, "state": "ok", "minutes": minutes, "raw_label": f"{minutes}"}
    return Saved(rows=[row], fetched_at=now)


def keep(kept: StoreShelf, now: datetime, minutes: int, key: str = "avon") -> None:
    kept.succeed(now, reading(now, minutes, key))


def minutes(kept: StoreShelf, key: str = "avon") -> list[int | None]:
    found: Sequence[Past] = kept.past(key, LONG_AGO, NOW + timedelta(days=4000))
    return [stretch.minutes for stretch in found]


def test_what_is_older_than_the_days_kept_is_forgotten(store: Store) -> None:
    kept = shelf(store, keep_days=30)
    for days, wait in ((60, 1), (32, 2), (29, 3), (1, 4)):
        keep(kept, NOW - timedelta(days=days), wait)
    keep(kept, NOW, 5)
    assert minutes(kept) == [3, 4, 5]


def test_nothing_is_forgotten_within_the_default(store: Store) -> None:
    kept = shelf(store)
    for days in (399, 200, 100, 1, 0):
        keep(kept, NOW - timedelta(days=days), days)
    assert minutes(kept) == [399, 200, 100, 1, 0]


def test_it_is_tidied_once_a_day_and_by_every_process(store: Store) -> None:
    kept = shelf(store, keep_days=1)
    keep(kept, NOW, 1)
    keep(kept, NOW + timedelta(hours=20), 2)
    keep(kept, NOW + timedelta(hours=26), 3)  # tidied again, but the reading before it was at 20
    assert minutes(kept) == [1, 2, 3]
    keep(shelf(store, keep_days=1), NOW + timedelta(hours=27), 4)
    assert minutes(kept) == [2, 3, 4]


def test_a_clock_set_ahead_does_not_cost_the_history(store: Store) -> None:
    kept = shelf(store)
    keep(kept, NOW - timedelta(days=100), 1)
    keep(kept, NOW, 2)
    keep(kept, NOW + timedelta(days=3650), 3)
    assert minutes(kept)[:2] == [1, 2]


def test_a_department_gone_for_so_long_is_forgotten_with_its_history(store: Store) -> None:
    kept = shelf(store, keep_days=30)
    keep(kept, NOW - timedelta(days=40), 1, "closed-clinic")
    keep(kept, NOW - timedelta(days=5), 2)
    keep(kept, NOW, 3)
    assert minutes(kept, "closed-clinic") == []
    assert [seen.row["key"] for seen in kept.seen(LONG_AGO)] == ["avon"]


def test_another_address_is_another_feed(store: Store) -> None:
    """Someone pastes a new url: nothing of the old feed may be shown as the new one's."""
    old, new = shelf(store), shelf(store, url="https://other.example/")
    keep(old, NOW, 45)
    assert new.load() == Saved()
    assert minutes(new) == []
    assert new.last_change(["avon"]) is None
    keep(new, NOW, 90)
    assert (minutes(old), minutes(new)) == ([45], [90])


@pytest.mark.parametrize("days", [0, -1, 10**6])
def test_days_that_make_no_sense_are_refused(days: float) -> None:
    with pytest.raises(ValueError, match="keep_days"):
        WaitTimesSettings(keep_days=days)
