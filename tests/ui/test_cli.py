"""The command line as people use it: in a process of its own, on real parts."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desks import Desk, failed
from serve import SampleServer

from frontdesk.ui.cli import hoisted

HEAVY = "torch transformers sentence_transformers streamlit langchain pandas".split()


def test_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys, frontdesk.ui.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert not loaded & {*HEAVY, "rich.console", "psycopg", "llama_cpp", "pydantic", "langgraph"}


def test_options_of_the_line_may_stand_anywhere() -> None:
    assert hoisted(["ask", "q", "--config", "f", "--debug"]) == [
        "--config",
        "f",
        "--debug",
        "ask",
        "q",
    ]
    assert hoisted(["waits", "--config=f"]) == ["--config=f", "waits"]
    assert hoisted(["ask", "--", "--debug"]) == ["ask", "--", "--debug"]


@pytest.mark.parametrize(
    "command", ["chat", "ask", "ingest", "contacts", "waits", "train", "eval", "doctor"]
)
def test_every_command_has_help(desk: Desk, command: str) -> None:
    done = desk.run(command, "--help")
    assert done.returncode == 0 and "Usage: frontdesk" in done.stdout


def test_wrong_usage_is_told_in_one_line(desk: Desk) -> None:
    failed(desk.run("ask", "q", "--no-such-option"), 2, "--no-such-option")
    failed(desk.run("ask"), 2, "QUESTION")
    failed(desk.run("ask", "   "), 2, "empty")
    failed(desk.run("waits", "--history"), 2, "PLACE")
    failed(desk.run("waits", "--watch", "--json"), 2, "--watch")
    failed(desk.run("nonsense"), 2, "nonsense")


def test_live_waits(desk: Desk) -> None:
    done = desk.run("waits")
    assert done.returncode == 0, done.stderr
    assert "Avens General Hospital" in done.stdout and "Fetched" in done.stdout
    shown = json.loads(desk.run("waits", "--json").stdout)
    assert shown["state"] == "fresh" and shown["age_seconds"] < 600
    closed = [row for row in shown["departments"] if row["state"] == "closed"]
    assert all(row["minutes"] is None for row in closed)


def test_live_waits_of_a_misspelt_place(desk: Desk) -> None:
    shown = json.loads(desk.run("waits", "avens genral", "--json").stdout)
    assert [row["site"] for row in shown["departments"]] == ["Avens General Hospital"]
    failed(desk.run("waits", "xyzzy"), 1, "xyzzy")


def test_the_day_at_a_site(desk: Desk) -> None:
    desk.run("waits")
    days = json.loads(desk.run("waits", "--history", "Avens General Hospital", "--json").stdout)
    assert days[0]["department"]["site"] == "Avens General Hospital" and days[0]["stretches"]
    assert "Hour" in desk.run("waits", "Avens General Hospital", "--history").stdout


def test_the_directory_is_imported_and_dry_runs_change_nothing(
    write_desk: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = write_desk()
    first = desk.run("contacts", "import", "contacts.csv")
    assert first.returncode == 0 and "3 added" in first.stdout, first.stderr
    file = tmp_path / "new.csv"
    file.write_text("name,phone,public\nParking Office,587-555-0112,true\n,1,true\n", "utf-8")
    dry = desk.run("contacts", "import", str(file), "--dry-run")
    assert "a dry run" in dry.stdout and "line 3" in dry.stdout
    again = json.loads(desk.run("contacts", "import", "contacts.csv", "--json").stdout)
    assert again["unchanged"] == 3 and not again["added"]


def test_a_broken_contact_file(desk: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\x00\x01\x02\xff\xfe not a table")
    failed(desk.run("contacts", "import", str(broken)), 1, "broken.csv")
    failed(desk.run("contacts", "import", str(tmp_path / "none.csv")), 1, "none.csv")


def test_ingest_reports_and_repeats(write_desk: Callable[[], Desk], tmp_path: Path) -> None:
    desk = write_desk()
    page = tmp_path / "page.html"
    page.write_text("<title>Tea</title><h1>Tea</h1><p>Tea is served at four in the hall.</p>")
    first = json.loads(desk.run("ingest", str(page), "--json").stdout)
    assert first["stored"] == 1 and first["complete"]
    again = desk.run("ingest", str(page))
    assert again.returncode == 0 and "1 unchanged" in again.stdout


def test_ingest_of_what_cannot_be_read(write_desk: Callable[[], Desk], tmp_path: Path) -> None:
    desk = write_desk()
    binary = tmp_path / "picture.bin"
    binary.write_bytes(bytes(range(256)) * 40)
    failed(desk.run("ingest", str(binary)), 1, "picture.bin")
    failed(desk.run("ingest", "no/such/file.html"), 1, "no such file")
    failed(desk.run("ingest", "http://127.0.0.1:9/"), 1, "127.0.0.1:9", "trusted_hosts")


def test_an_unreachable_feed(write_desk: Callable[[], Desk]) -> None:
    desk = write_desk()
    text = desk.config.read_text().replace("/api/waittimes/en", "/no-feed-here")
    desk.config.write_text(text)
    failed(desk.run("waits"), 1, "cannot be read")


def test_broken_settings(desk: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "frontdesk.toml"
    broken.write_text("[organisation\nname = 1")
    failed(desk.run("waits", "--config", str(broken)), 1, "frontdesk.toml", "line 1")
    broken.write_text('[organisation]\nnmae = "x"')
    failed(desk.run("doctor", "--config", str(broken)), 1, '"name"')
    failed(desk.run("--config", "none.toml", "ask", "q"), 1, "none.toml")


def test_a_dead_database(desk: Desk, tmp_path: Path) -> None:
    config = tmp_path / "frontdesk.toml"
    url = "postgresql://nobody:secret@127.0.0.1:9/none"
    config.write_text(
        desk.config.read_text() + f'[database]\nurl = "{url}"\nconnect_timeout_seconds = 2\n'
    )
    done = desk.run("waits", "--config", str(config))
    failed(done, 1, "127.0.0.1")
    assert "secret" not in done.stderr


def test_a_traceback_only_when_asked_for(desk: Desk) -> None:
    done = desk.run("--config", "none.toml", "waits", "--debug")
    assert done.returncode == 1 and "Traceback" in done.stderr


def test_doctor(desk: Desk) -> None:
    done = desk.run("doctor", "--json")
    checks = {check["part"]: check for check in json.loads(done.stdout)["checks"]}
    for part in ("settings", "database", "encoder", "website", "pages", "directory", "live waits"):
        assert checks[part]["state"] == "ok", checks[part]
    assert "1 of them" not in checks["directory"]["found"]
    broken = [part for part, check in checks.items() if check["state"] == "bad"]
    assert done.returncode == (1 if broken else 0)
    assert all(checks[part]["mend"] for part in broken)


def test_the_port_of_the_chat_is_taken(desk: Desk, sample: SampleServer) -> None:
    port = sample.server_address[1]
    failed(desk.run("chat", "--port", str(port), "--no-browser"), 1, str(port), "--port")
