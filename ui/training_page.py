"""The Training page, for staff: what people said of answers, and one button to learn from it."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from frontdesk.ui.staff_door import is_staff

if TYPE_CHECKING:
    from frontdesk.graphs import Assistant

LINES = 12  # of the log that are shown
PAUSE = "2s"


@dataclass
class Training:
    """A training in a process of its own: closing the browser or the page does not end it."""

    process: "subprocess.Popen[bytes]"
    log: Path
    taken: bool = False  # whether the app has opened the model that came of it

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self.process.poll() is None

    def lines(self) -> list[str]:
        """Return the last lines of its log."""
        return self.log.read_text("utf-8", errors="replace").splitlines()[-LINES:]


def draw(assistant: "Assistant") -> None:
    """Draw what there is to learn from, the button, and the models so far."""
    with st.container(key="fd-page"):
        st.html('<h1 class="fd-name">Training</h1>')
        if not is_staff(assistant, "what people said may be learnt from"):
            st.html('<p class="fd-note">Sign in to train from what people said of answers.</p>')
            return
        said = assistant.memory.said()
        up, down, edited = st.columns(3)
        up.metric("Thumbs up", said["up"])
        down.metric("Thumbs down", said["down"])
        edited.metric("Better answers", said["edited"])
        held = _held()
        training = held[0] if held else None
        label = "Learn from this feedback"
        busy = training is not None and training.running
        if st.button(label, key="fd-train", disabled=busy or not any(said.values())):
            held[:] = [start(assistant.settings.data_dir)]
            st.rerun()
        if training is not None:
            _progress()
        _models(assistant)


def start(data_dir: Path) -> Training:
    """Start `frontdesk train feedback` in a new folder under the data folder; return it."""
    runs = data_dir / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    folder = runs / f"feedback-{time.strftime('%Y%m%d-%H%M%S')}"
    log = folder.with_suffix(".log")
    command = [sys.executable, "-m", "frontdesk.ui.cli", "train", "feedback"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--folder", str(folder)],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    return Training(process, log)


@st.cache_resource(show_spinner=False)
def _held() -> list[Training]:
    """Return where the training of this process is kept: at most one."""
    return []


@st.fragment(run_every=PAUSE)
def _progress() -> None:
    training = _held()[0]
    st.code("\n".join(training.lines()) or "starting…", language=None)
    if training.running:
        st.html('<p class="fd-note" role="status">Training; you may leave this page.</p>')
    elif training.process.returncode:
        st.error("It stopped; the last line says why. The model in service is unchanged.")
    else:
        if not training.taken:
            from frontdesk.ui.app import shared_assistant

            training.taken = True
            shared_assistant.clear()  # the next turn of any visit opens the new model
        st.success("The new model is in service.")


def _models(assistant: "Assistant") -> None:
    promoted = assistant.memory.promoted()
    if not promoted:
        st.html('<p class="fd-note">The bundled model is in service.</p>')
        return
    rows = [
        {
            "in service": run.in_service,
            "model": run.name,
            "first steps right": _share(run.scores.get("routing")),
            "since": run.created_at,
        }
        for run in promoted
    ]
    st.dataframe(rows, hide_index=True)


def _share(score: dict[str, int] | None) -> str:
    return f"{score['right']} of {score['of']}" if score else ""
