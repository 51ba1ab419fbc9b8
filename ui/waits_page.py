"""The Waits page: the live table, the map of the feed's coordinates, the day at one site."""

from html import escape
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import streamlit as st

from frontdesk.ui import cards
from frontdesk.ui.wait_chart import day_chart
from frontdesk.ui.wait_map import sites_map
from frontdesk.ui.wait_states import KINDS, freshness

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant
    from frontdesk.graphs.parts import Board, Department

AGAIN_SECONDS = 30  # how often the page looks again; the feed is asked at its own interval
EVERYTHING = "All"


def draw(assistant: "Assistant") -> None:
    """Draw the page; its board is looked at again while the page is open."""
    with st.container(key="fd-page"):
        st.html('<h1 class="fd-name">Live waits</h1>')
        st.fragment(_board, run_every=AGAIN_SECONDS)(assistant)


def _board(assistant: "Assistant") -> None:
    waits = assistant.resources.waits
    zone = ZoneInfo(assistant.settings.organisation.timezone)
    board = waits.board()
    local = board.fetched_at and board.fetched_at.astimezone(zone)
    if board.state != "fresh":
        st.html(f'<p class="fd-alert" role="alert">{escape(freshness(board, local))}</p>')
    if not board.departments:
        return
    rows = _chosen(board)
    st.html(cards.waits(rows, board.fetched_at, board.age_seconds, zone, url=board.source_url))
    for notice in board.notices:
        st.html(f'<p class="fd-note">{escape(notice)}</p>')
    drawn = sites_map(rows)
    if drawn:
        st.html(f"<h2>Where they are</h2>{drawn}")
    _history(assistant, zone)


def _chosen(board: "Board") -> "list[Department]":
    """Return the departments of the kind that was chosen."""
    kinds = [KINDS[kind] for kind in KINDS if any(row.kind == kind for row in board.departments)]
    if len(kinds) < 2:
        return list(board.departments)
    chosen = st.segmented_control(
        "Kind of department", [EVERYTHING, *kinds], default=EVERYTHING, key="fd-kind"
    )
    if chosen in (None, EVERYTHING):
        return list(board.departments)
    return [row for row in board.departments if KINDS[row.kind] == chosen]


def _history(assistant: "Assistant", zone: ZoneInfo) -> None:
    board = assistant.resources.waits.board()
    names = sorted({row.site for row in board.departments})
    st.html("<h2>The day at one site</h2>")
    site = st.selectbox("Site", names, key="fd-site")
    for history in assistant.resources.waits.history(site) if site else ():
        st.html(day_chart(history, zone))
