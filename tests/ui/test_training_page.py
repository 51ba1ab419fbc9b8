"""The Training page: closed to visitors; for staff, what was said and a button that trains."""

import os
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest
from desks import Desk
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from frontdesk.graphs.memory import Feedback
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings
from frontdesk.ui import training_page

TOKEN = "a token of the staff"


def page(assistant: "Any") -> None:
    """Draw the Training page; this is the script of the app under test."""
    from frontdesk.ui import training_page

    training_page.draw(assistant)


def test_staff_train_from_feedback(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_CONFIG", str(desk.config))
    settings = Settings.load(desk.config)
    contacts = settings.contacts.model_copy(update={"staff_token": SecretStr(TOKEN)})
    with Resources(settings.model_copy(update={"contacts": contacts})) as parts:
        with parts.store.connection() as connection:
            connection.execute("DELETE FROM feedback")  # what other tests said at this desk
        visit = SimpleNamespace(resources=parts, memory=parts.memory, settings=settings)
        app = AppTest.from_function(page, args=(visit,)).run(timeout=60)
        assert not app.metric and "Sign in" in str(app.get("html")[1].proto.body)
        app.text_input[0].input(TOKEN)
        next(b for b in app.button if b.label == "Sign in").click().run(timeout=60)
        assert [metric.value for metric in app.metric] == ["0", "0", "0"]
        assert app.button(key="fd-train").disabled
        rating = Feedback(thread="t", turn=0, thumb=-1, question="is there parking", answer="No.")
        parts.memory.rate(rating)
        app.run(timeout=60)
        assert [metric.value for metric in app.metric] == ["0", "1", "0"]
        app.button(key="fd-train").click().run(timeout=60)
        (training,) = training_page._held()
        try:
            _until_said(training, "01-collect")
            assert app.run(timeout=60).button(key="fd-train").disabled
        finally:
            os.killpg(training.process.pid, signal.SIGKILL)
            training.process.wait(20)
        assert "stopped" in app.run(timeout=60).error[0].value


def _until_said(training: training_page.Training, word: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and training.running:
        if any(word in line for line in training.lines()):
            return
        time.sleep(0.2)
    raise AssertionError(f"{word!r} was not said: {training.lines()}")
