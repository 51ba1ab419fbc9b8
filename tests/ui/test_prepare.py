"""Making ready: each step once, quickly and harmlessly when run again."""

import json
import re
from collections.abc import Callable

import pytest
from desks import CONTACTS, Desk

from frontdesk.db.contacts import ContactsError
from frontdesk.graphs.checkup import checkup
from frontdesk.graphs.prepare import STAMP, PrepareError, Step, prepare
from frontdesk.graphs.settings import Settings


def done(settings: Settings) -> dict[str, Step]:
    steps: list[Step] = []
    prepare(settings, steps.append)
    return {step.name: step for step in steps if step.state == "done"}


def test_a_second_time_does_nothing(desk: Desk) -> None:
    settings = Settings.load(desk.config)
    steps = done(settings)
    assert list(steps) == ["database", "encoder", "directory", "website"]
    assert steps["directory"].detail == "unchanged"
    assert steps["website"].detail == "2 pages on record"


def test_a_changed_contact_file_is_imported_again(write_desk: Callable[[], Desk]) -> None:
    desk = write_desk()
    settings = Settings.load(desk.config)
    first = done(settings)
    assert "3 added" in first["directory"].detail and "2 stored" in first["website"].detail
    file = desk.config.parent / "contacts.csv"
    file.write_text(CONTACTS.replace("Mon-Fri", "Mon-Sat"), "utf-8")
    assert "1 changed" in done(settings)["directory"].detail


def test_a_lost_stamp_costs_time_and_nothing_else(desk: Desk) -> None:
    settings = Settings.load(desk.config)
    (settings.data_dir / STAMP).write_text("not json")
    steps = done(settings)
    assert "3 unchanged" in steps["directory"].detail
    assert "2 unchanged" in steps["website"].detail
    assert json.loads((settings.data_dir / STAMP).read_text())["site"]


def test_what_is_missing_is_told(write_desk: Callable[[], Desk]) -> None:
    desk = write_desk()
    text = desk.config.read_text()
    (desk.config.parent / "contacts.csv").unlink()
    with pytest.raises(PrepareError, match="contacts.csv: No such file"):
        prepare(Settings.load(desk.config))
    (desk.config.parent / "contacts.csv").write_bytes(b"\x00\x01")
    with pytest.raises(ContactsError, match="contacts.csv"):
        prepare(Settings.load(desk.config))
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", text)
    desk.config.write_text(text.replace('file = "contacts.csv"', ""))
    with pytest.raises(PrepareError, match="the website cannot be read: http://127.0.0.1:9/"):
        prepare(Settings.load(desk.config))


def test_the_checkup_says_how_to_mend(write_desk: Callable[[], Desk]) -> None:
    desk = write_desk()
    (desk.config.parent / "contacts.csv").unlink()
    checks = {check.part: check for check in checkup(Settings.load(desk.config))}
    assert checks["pages"].state == "warn" and "frontdesk ingest" in checks["pages"].mend
    assert checks["directory"].state == "bad" and "no such file" in checks["directory"].found
    assert checks["live waits"].state == "ok"
