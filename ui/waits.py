"""`frontdesk waits [PLACE]`: the live table in the terminal."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of

if TYPE_CHECKING:
    from rich.console import Group

    from frontdesk.graphs.parts import Board, Department, Parts

TICK_SECONDS = 5.0  # how often --watch looks again; the feed is asked at its own interval
STYLES = {
    "short": "bold green",
    "middle": "bold yellow",
    "long": "bold red",
    "closing": "magenta",
    "closed": "dim",
    "unknown": "cyan",
}


def waits(
    context: typer.Context,
    place: Annotated[
        str | None, typer.Argument(help="A site, town or region; misspelt is fine.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it until Ctrl-C.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="The day at PLACE, and what is usual for now.")
    ] = False,
) -> None:
    """Show the live waits, the shortest first, with their age."""
    settings = settings_of(context)
    if not settings.wait_times.adapter:
        raise CommandError(
            "no wait-times feed is set up; set [wait_times] adapter and url in frontdesk.toml"
        )
    if history and not place:
        raise typer.BadParameter("name a PLACE, such as: frontdesk waits --history Foothills")
    if watch and (history or as_json):
        raise typer.BadParameter("--watch goes with neither --history nor --json")
    from frontdesk.graphs.parts import Parts

    with Parts(settings) as parts:
        if history:
            from frontdesk.ui.wait_history import print_history

            print_history(parts, place or "", as_json=as_json)
        elif as_json:
            print(json.dumps(_as_json(parts, place), ensure_ascii=False))
        elif watch:
            _watch(parts, place)
        else:
            _print(parts, place)


def chosen(parts: "Parts", board: "Board", place: str | None) -> Sequence["Department"]:
    """Return the departments of `place`, or all. Raises `CommandError` when there is none."""
    from frontdesk.ui.wait_states import ordered

    if not place:
        return ordered(board.departments)
    result = parts.waits.ask([place])
    if result.state == "unknown_place":
        raise CommandError(result.text)
    keys = {row.department.key for row in result.rows}
    return ordered(row for row in board.departments if row.key in keys)


def _as_json(parts: "Parts", place: str | None) -> dict[str, Any]:
    board = parts.waits.board()
    rows = chosen(parts, board, place)
    found: dict[str, Any] = board.model_dump(mode="json", exclude={"departments", "former_names"})
    return found | {"departments": [row.model_dump(mode="json") for row in rows]}


def _print(parts: "Parts", place: str | None) -> None:
    from rich.console import Console

    board = parts.waits.board()
    if board.state == "unavailable":
        raise CommandError(f"{_freshness(parts, board)} Official page: {board.source_url}")
    Console().print(_table(parts, board, place))


def _watch(parts: "Parts", place: str | None) -> None:
    from rich.live import Live

    with Live(_table(parts, parts.waits.board(), place), refresh_per_second=1) as live:
        try:
            while True:
                time.sleep(TICK_SECONDS)
                live.update(_table(parts, parts.waits.board(), place))
        except KeyboardInterrupt:
            return


def _table(parts: "Parts", board: "Board", place: str | None) -> "Group":
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from frontdesk.ui.wait_states import KINDS, METRICS, shown

    rows = chosen(parts, board, place)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, options in (
        ("", {"width": 1}),
        ("Wait", {"justify": "right", "no_wrap": True}),
        ("Site", {}),
        ("Department", {}),
        ("Region", {}),
    ):
        table.add_column(name, **options)
    for row in rows:
        wait = shown(row)
        style = STYLES[wait.tone]
        named = row.department if row.department != KINDS[row.kind] else KINDS[row.kind]
        cells = (wait.mark, wait.text, row.site, named, row.region)
        styles = (style, style, "", "", "dim")
        table.add_row(*(Text(cell, style=look) for cell, look in zip(cells, styles, strict=True)))
    meanings = dict.fromkeys(METRICS[row.metric] for row in rows if row.state == "ok")
    foot = [_freshness(parts, board)]
    if meanings:
        foot.append(f"The wait is the {'; '.join(meanings)}.".replace("the the ", "the "))
    if board.source_url:
        foot.append(f"Official page: {board.source_url}")
    foot += board.notices
    return Group(table, *(Text(text, style="dim") for text in foot))


def _freshness(parts: "Parts", board: "Board") -> str:
    from frontdesk.ui.wait_states import freshness

    zone = ZoneInfo(parts.settings.organisation.timezone)
    return freshness(board, board.fetched_at and board.fetched_at.astimezone(zone))
