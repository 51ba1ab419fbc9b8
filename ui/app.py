"""The Streamlit app: one assistant for everybody, three pages, one look."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

    from frontdesk.graphs import Assistant

_LOG = logging.getLogger(__name__)
THEME = Path(__file__).parent / "theme.css"
# Drawn here: a named icon would be fetched from the network.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#0b6157"/>'
    '<path d="M6 23h20M9 20a7 7 0 0 1 14 0zM16 13v-3M13 10h6" fill="none" stroke="#fff"'
    ' stroke-width="2.4" stroke-linecap="round"/></svg>'
)
Opener = Callable[[], "Assistant"]


def open_assistant() -> "Assistant":
    """Open the assistant of the settings that FRONTDESK_CONFIG names."""
    from frontdesk.graphs import Assistant, Settings

    return Assistant.open(Settings.load())


@st.cache_resource(show_spinner=False)
def shared_assistant(_opener: Opener) -> "Assistant":
    """Return the one assistant of this process, opened by the first visitor."""
    return _opener()


def run(opener: Opener = open_assistant) -> None:
    """Draw the page that was asked for. What fails is told in one line and logged."""
    st.set_page_config(page_title="Front desk", page_icon=ICON)
    st.html(THEME)
    try:
        with st.spinner("Opening the front desk…"):
            assistant = shared_assistant(opener)
        st.navigation(_pages(assistant), position="top").run()
    except Exception as error:  # the outermost edge of a visit
        _LOG.exception("a page failed")
        from frontdesk.ui.failure import one_line

        st.error(escape_markdown(one_line(error)), icon=":material/error:")


def _pages(assistant: "Assistant") -> "list[StreamlitPage]":
    from frontdesk.ui import chat_page, directory_page, training_page, waits_page

    def chat() -> None:
        chat_page.draw(assistant)

    def waits() -> None:
        waits_page.draw(assistant)

    def directory() -> None:
        directory_page.draw(assistant)

    def training() -> None:
        training_page.draw(assistant)

    pages = [st.Page(chat, title="Chat", icon=":material/chat:", default=True)]
    if assistant.settings.wait_times.adapter:
        pages.append(st.Page(waits, title="Waits", icon=":material/schedule:"))
    pages.append(st.Page(directory, title="Directory", icon=":material/contacts:"))
    if assistant.resources.staff_door.exists:
        pages.append(st.Page(training, title="Training", icon=":material/school:"))
    return pages


def escape_markdown(text: str) -> str:
    """Return `text` so that Streamlit's Markdown shows it as it is."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-.!|~$:" else c for c in text)
