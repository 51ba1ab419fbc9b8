"""The Directory page: one search box, people and teams as cards."""

from typing import TYPE_CHECKING

import streamlit as st

from frontdesk.ui import cards
from frontdesk.ui.staff_door import is_staff

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant

LIMIT = 12
LEAST = 0.04  # a match less likely than this is noise
NEAR = 0.2  # of the likeliest match's score: less likely ones are left out


def draw(assistant: "Assistant") -> None:
    """Draw the search box and what it finds."""
    with st.container(key="fd-page"):
        st.html('<h1 class="fd-name">Directory</h1>')
        query = st.text_input(
            "Search for a name, a role, a team or a place",
            key="fd-directory",
            placeholder="A name, a role, a team or what they do; misspelt is fine",
            max_chars=200,
        ).strip()
        staff = is_staff(assistant, "rows that are not public are shown")
        if not query:
            st.html('<p class="fd-note">Type a name or a few words and press Enter.</p>')
            return
        result = assistant.resources.directory.lookup(query, staff=staff, limit=LIMIT)
        likeliest = max((match.score for match in result.matches), default=0.0)
        least = max(LEAST, NEAR * likeliest)
        found = [match.contact for match in result.matches if match.score >= least]
        count = f"{len(found)} found" if found else "Nobody was found."
        st.html(f'<p class="fd-note" role="status">{count}</p>')
        if found:
            st.html(cards.contacts(found))
        elif result.text:
            st.html(cards.answer(result.text))
