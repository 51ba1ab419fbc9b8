"""The staff door of a page: whoever knows the staff token of the settings is let in for a visit."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant

_STAFF = "fd-staff"  # in the visit's session: whether the staff token was given


def is_staff(assistant: "Assistant", means: str) -> bool:
    """Return whether this visit is signed in as staff; draw the door where there is one.

    `means` says in a few words what signing in has changed on the page.
    """
    door = assistant.resources.staff_door
    if not door.exists:
        return False
    if st.session_state.get(_STAFF):
        st.html(f'<p class="fd-note">Signed in as staff: {means}.</p>')
        if st.button("Sign out", key="fd-staff-out"):
            st.session_state[_STAFF] = False
            st.rerun()
        return bool(st.session_state[_STAFF])
    with st.expander("Staff"), st.form("fd-staff-door", border=False):
        token = st.text_input("Staff token", type="password", max_chars=200)
        if st.form_submit_button("Sign in"):
            if door.admits(token):
                st.session_state[_STAFF] = True
                st.rerun()
            locked = "Too many wrong tokens; try again in a minute."
            st.error(locked if door.locked else "That is not the staff token.")
    return False
