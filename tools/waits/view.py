"""What may be shown of a reading: its board, and the names by which people may ask for it."""

from datetime import datetime, timedelta

from frontdesk.tools.feeds import Department
from frontdesk.tools.settings import WaitTimesSettings
from frontdesk.tools.waits.board import Board, BoardState
from frontdesk.tools.waits.feed import Snapshot
from frontdesk.tools.waits.places import Places
from frontdesk.tools.waits.shelf import Saved

# So many numbers do not all stand still for so long, unless the feed repeats itself.
MANY_NUMBERS = 5
STANDING_STILL = timedelta(minutes=90)


def make_board(
    snapshot: Snapshot, age: float | None, settings: WaitTimesSettings, source_url: str
) -> Board:
    """Return the board of a reading that is `age` seconds old (None: nothing was ever read)."""
    saved = snapshot.saved
    state = _state(saved, age, settings)
    rows = tuple(
        without_number(row) if state == "withheld" or is_old(row, settings) else row
        for row in snapshot.departments
    )
    keys = {row.key for row in rows}
    return Board(
        departments=rows,
        missing=tuple(
            without_number(Department.model_validate(seen.row))
            for seen in snapshot.seen
            if seen.row["key"] not in keys
        ),
        fetched_at=saved.fetched_at,
        age_seconds=age,
        unchanged_since=_standing_still(snapshot),
        state=state,
        reason=saved.error,
        source_url=source_url,
        notices=saved.notices,
        former_names={str(seen.row["key"]): seen.names for seen in snapshot.seen},
    )


def _standing_still(snapshot: Snapshot) -> datetime | None:
    """Return since when no number has changed, where so many numbers should have."""
    fetched_at, changed_at = snapshot.saved.fetched_at, snapshot.changed_at
    numbers = sum(row.minutes is not None for row in snapshot.departments)
    if fetched_at is None or changed_at is None or numbers < MANY_NUMBERS:
        return None
    return changed_at if fetched_at - changed_at > STANDING_STILL else None


def _state(saved: Saved, age: float | None, settings: WaitTimesSettings) -> BoardState:
    if age is None:
        return "unavailable"
    if age > settings.max_age_minutes * 60:
        return "withheld"
    return "stale" if age > settings.refresh_seconds and saved.failures > 0 else "fresh"


def is_old(row: Department, settings: WaitTimesSettings) -> bool:
    """Whether the feed itself dates a row too long before it was fetched."""
    if row.source_time is None:
        return False
    return row.fetched_at - row.source_time > timedelta(minutes=settings.max_source_age_minutes)


def without_number(row: Department) -> Department:
    """Return `row` with neither number nor label, so that nothing can show an old one."""
    return row.model_copy(update={"minutes": None, "state": "unavailable", "raw_label": ""})


def make_places(board: Board, settings: WaitTimesSettings) -> Places:
    """Return the names of a board's places: of today, of before, and those in the settings."""
    current = {row.key: row.site for row in board.departments}
    former = {
        name: current[key]
        for key, names in board.former_names.items()
        for name in names
        if key in current and name != current[key]
    }
    rows = [*board.departments, *board.missing]
    return Places(rows, {**former, **settings.aliases}, settings.towns)
