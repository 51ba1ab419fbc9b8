"""Private rows on the faces: the command line's --staff, and the Directory page's staff door."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from desks import Desk
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import Settings

TOKEN = "a token of the staff"


def page(assistant: "Any") -> None:
    """Draw the Directory page; this is the script of the app under test."""
    from frontdesk.ui import directory_page

    directory_page.draw(assistant)


def resources(desk: Desk, token: str) -> Resources:
    settings = Settings.load(desk.config)
    contacts = settings.contacts.model_copy(update={"staff_token": SecretStr(token)})
    return Resources(settings.model_copy(update={"contacts": contacts}))


def shown(app: AppTest) -> str:
    """Return the HTML of the page."""
    assert not app.exception
    return " ".join(str(part.proto.body) for part in app.get("html"))


def test_the_command_line_finds_private_rows_for_staff_only(desk: Desk) -> None:
    anybody = desk.run("contacts", "find", "iris private")
    assert anybody.returncode == 0 and "0199" not in anybody.stdout
    assert "587-555-0199" in desk.run("contacts", "find", "iris private", "--staff").stdout
    found = json.loads(desk.run("contacts", "find", "parking ofice", "--json").stdout)
    assert found["matches"][0]["contact"]["name"] == "Parking Office"


def test_the_directory_page_opens_to_the_token(desk: Desk) -> None:
    with resources(desk, TOKEN) as parts:
        app = AppTest.from_function(page, args=(SimpleNamespace(resources=parts),))
        app.run(timeout=60)
        app.text_input(key="fd-directory").input("iris private").run(timeout=60)
        assert "0199" not in shown(app)
        door = next(field for field in app.text_input if field.label == "Staff token")
        door.input("a wrong token")
        sign_in = next(button for button in app.button if button.label == "Sign in")
        sign_in.click().run(timeout=60)
        assert app.error[0].value == "That is not the staff token."
        assert "0199" not in shown(app)
        next(field for field in app.text_input if field.label == "Staff token").input(TOKEN)
        next(button for button in app.button if button.label == "Sign in").click().run(timeout=60)
        assert "587-555-0199" in shown(app) and "Signed in as staff" in shown(app)
        app.button(key="fd-staff-out").click().run(timeout=60)
        assert "0199" not in shown(app)


@pytest.mark.parametrize("token", [""])
def test_without_a_token_there_is_no_door(desk: Desk, token: str) -> None:
    with resources(desk, token) as parts:
        app = AppTest.from_function(page, args=(SimpleNamespace(resources=parts),))
        app.run(timeout=60)
        assert not [field for field in app.text_input if field.label == "Staff token"]
