"""The chat: a question, the steps as they happen, the answer as it comes, what it rests on."""

import uuid
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import streamlit as st

from frontdesk.ui import cards
from frontdesk.ui.turns import Turn, of_thread

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant

LONGEST = 8000  # characters of a question; the assistant's own limit
UNFOLDED = 6  # rows of a table of waits that are shown at once
APOLOGY = "Sorry, the front desk could not answer just now. Please try again in a moment."


def draw(assistant: "Assistant") -> None:
    """Draw the conversation that the address names, or a new one."""
    thread = _thread()
    turns = _turns(assistant, thread)
    asked = st.chat_input("Ask anything about our services", max_chars=LONGEST)
    asked = asked or st.session_state.pop("chosen", None)
    with st.container(key="fd-page"):
        if not turns and not asked:
            _welcome(assistant)
            return
        _bar(assistant)
        for number, turn in enumerate(turns):
            _draw_turn(assistant, thread, number, turn)
        if asked and asked.strip():
            _answer(assistant, thread, turns, asked.strip())


def _thread() -> str:
    """Return the thread that the address names; kept when another page was looked at."""
    named = st.query_params.get("thread") or st.session_state.get("thread")
    thread = named or uuid.uuid4().hex
    st.session_state["thread"] = thread
    if st.query_params.get("thread") != thread:
        st.query_params["thread"] = thread
    return thread


def _turns(assistant: "Assistant", thread: str) -> list[Turn]:
    """Return the turns of the thread; read from the database once a session."""
    if st.session_state.get("turns_of") != thread:
        st.session_state["turns"] = list(of_thread(assistant.messages(thread)))
        st.session_state["turns_of"] = thread
        st.session_state["ratings"] = {
            rating.turn: rating.thumb for rating in assistant.memory.ratings(thread)
        }
    turns: list[Turn] = st.session_state["turns"]
    return turns


def _begin() -> None:
    """Leave this conversation; the next run of the page starts a new one."""
    st.session_state["thread"] = uuid.uuid4().hex
    st.query_params.pop("thread", None)


def _bar(assistant: "Assistant") -> None:
    with st.container(key="fd-bar", horizontal=True, vertical_alignment="center"):
        st.html(f'<h1 class="fd-name">{escape(assistant.settings.organisation.name)}</h1>')
        st.button("New conversation", icon=":material/edit_square:", on_click=_begin, key="fd-new")


def _welcome(assistant: "Assistant") -> None:
    from frontdesk.graphs.examples import example_questions

    organisation = assistant.settings.organisation
    scope = f"<p>{escape(organisation.scope)}</p>" if organisation.scope else ""
    st.html(
        f'<header class="fd-hero"><h1>{escape(organisation.name)}</h1>'
        f"<p class='fd-lead'>Ask a question in your own words. Answers come with their source.</p>"
        f"{scope}</header>"
    )
    examples = st.session_state.setdefault(
        "examples", example_questions(assistant.settings, assistant.resources.toolbox)
    )
    with st.container(key="fd-chips", horizontal=True):
        for number, example in enumerate(examples):
            st.button(
                _plain_label(example),
                key=f"fd-chip-{number}",
                on_click=_choose,
                args=(example,),
            )
    st.html(f'<p class="fd-emergency">{escape(organisation.emergency_notice)}</p>')


def _choose(example: str) -> None:
    st.session_state["chosen"] = example


def _answer(assistant: "Assistant", thread: str, turns: list[Turn], asked: str) -> None:
    """Stream the answer to a new question onto the page, then keep the turn."""
    turn = Turn(asked)
    st.html(cards.question(asked))
    with st.container(key=f"fd-turn-{len(turns)}"):
        steps, body, rest = st.empty(), st.empty(), st.empty()
        body.html('<div class="fd-answer fd-thinking" role="status">Looking this up…</div>')
        try:
            for event in assistant.stream(asked, thread=thread):
                turn.take(event)
                if turn.steps:
                    steps.html(cards.steps(turn.steps))
                if turn.text:
                    body.html(_text(turn))
        except Exception:
            body.html(cards.answer(APOLOGY))
            raise  # the page says why, below
        with rest.container():
            _rest(assistant, thread, len(turns), turn)
    turns.append(turn)


def _draw_turn(assistant: "Assistant", thread: str, number: int, turn: Turn) -> None:
    st.html(cards.question(turn.question))
    with st.container(key=f"fd-turn-{number}"):
        if turn.steps:
            st.html(cards.steps(turn.steps))
        if turn.text:
            st.html(_text(turn))
        _rest(assistant, thread, number, turn)


def _text(turn: Turn) -> str:
    return cards.answer(turn.text, writing=not turn.finished, urgent=turn.outcome == "emergency")


def _rest(assistant: "Assistant", thread: str, number: int, turn: Turn) -> None:
    """Draw what the answer rests on, and the thumbs."""
    zone = ZoneInfo(assistant.settings.organisation.timezone)
    if turn.waits and turn.waits["rows"]:
        st.html(_waits(turn.waits, zone))
    found = turn.contacts(assistant)
    if found:
        st.html(cards.contacts(found))
    pages = [source for source in turn.sources if source.get("quote") or not turn.waits]
    if pages:
        st.html(cards.sources(pages, zone))
    if turn.finished:
        _thumbs(assistant, thread, number, turn)


def _waits(event: dict[str, Any], zone: ZoneInfo) -> str:
    from frontdesk.graphs.parts import Department

    known = set(Department.model_fields)
    rows = [
        Department(**{key: value for key, value in row.items() if key in known})
        for row in event["rows"]
    ]
    read = event.get("fetched_at")
    moment = datetime.fromisoformat(read) if read else None
    # The age of now, not of then: the thread may be looked at again tomorrow.
    old = (datetime.now(UTC) - moment).total_seconds() if moment else None
    return cards.waits(rows, moment, old, zone, url=event.get("url") or "", unfolded=UNFOLDED)


def _thumbs(assistant: "Assistant", thread: str, number: int, turn: Turn) -> None:
    key = f"fd-thumb-{thread}-{number}"
    ratings: dict[int, int | None] = st.session_state["ratings"]
    if key not in st.session_state and ratings.get(number) is not None:
        st.session_state[key] = 1 if ratings[number] == 1 else 0
    st.feedback("thumbs", key=key, on_change=_rate, args=(assistant, thread, number, turn, key))


def _rate(assistant: "Assistant", thread: str, number: int, turn: Turn, key: str) -> None:
    """Store a thumb, or that it was taken back."""
    from frontdesk.graphs.memory import Feedback

    chosen = st.session_state.get(key)
    thumb: Literal[-1, 1] | None = None if chosen is None else 1 if chosen == 1 else -1
    rating = Feedback(
        thread=thread,
        turn=number,
        thumb=thumb,
        question=turn.question,
        answer=turn.text,
        model=turn.model,
    )
    assistant.memory.rate(rating)
    st.session_state["ratings"][number] = thumb
    st.toast("Thank you.")


def _plain_label(text: str) -> str:
    """Return a button's label so that its Markdown shows it as it is."""
    from frontdesk.ui.app import escape_markdown

    return escape_markdown(text)
