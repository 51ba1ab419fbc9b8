"""The sample organisation on loopback for the faces: its site, its feed, a small prepared database.

The site that is read is three of its pages, so that a test run embeds a few dozen sentences.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from frontdesk.graphs.prepare import prepare
from frontdesk.graphs.settings import Settings

SAMPLE = Path(__file__).parents[2] / "examples" / "kestrel-valley"
sys.path.append(str(Path(__file__).parent))  # tests are no package
sys.path.append(str(SAMPLE))

import serve  # noqa: E402

EVENING = datetime(2026, 2, 11, 19, 30, tzinfo=serve.TIMEZONE)
TOML = """
[organisation]
name = "Kestrel Valley Health"
scope = "Hospitals, parking and visiting of Kestrel Valley Health."
emergency_notice = "Call 911 now."
timezone = "America/Edmonton"
[site]
start_urls = ["{origin}/patients/parking.html"]
allow = ["{origin}/patients/parking.html", "{origin}/patients/visiting-hours.html"]
trusted_hosts = ["{host}"]
[wait_times]
adapter = "ahs"
url = "{origin}/api/waittimes/en"
[contacts]
file = "contacts.csv"
"""
CONTACTS = """name,role,team,site,phone,email,notes,public
Parking Office,Front desk,Parking and transport,Tidewater Building,587-555-0111,\
parking@kestrelvalley.example,Mon-Fri 7 am-7 pm,true
Maya Oyelaran,Cardiologist,Cardiology,Avens General Hospital,587-555-0177,,,true
Iris Private,Security,Security,Tidewater Building,587-555-0199,,,false
"""


@dataclass(frozen=True)
class Desk:
    """A prepared organisation: its settings file, its folder, and the command line on it."""

    config: Path
    environment: dict[str, str]

    def run(
        self, *arguments: str, stdin: str = "", timeout: float = 120
    ) -> "subprocess.CompletedProcess[str]":
        """Run `frontdesk` in a process of its own, as a person does."""
        return subprocess.run(
            [sys.executable, "-m", "frontdesk.ui.cli", *arguments],
            env=self.environment,
            cwd=self.config.parent,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )


def failed(done: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """Check the exit code, and that stderr is one line with `words` in it, no traceback."""
    assert done.returncode == code, done.stderr
    line = done.stderr.strip()
    assert line.startswith("frontdesk: ") and "\n" not in line, line
    assert "Traceback" not in line
    for word in words:
        assert word in line


def clean_environment(**more: str) -> dict[str, str]:
    """Return the environment without what a person has set for their own desk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK")}
    return {**kept, "COLUMNS": "120", "NO_COLOR": "1", **more}


@pytest.fixture(scope="session")
def sample() -> Iterator[serve.SampleServer]:
    """The sample website and feed on a free port; it is always the same evening there."""
    server = serve.make_server(0, lambda: EVENING)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def write_desk(
    sample: serve.SampleServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Desk]:
    """Return a function that writes a new organisation, not yet prepared."""

    def write() -> Desk:
        folder = tmp_path_factory.mktemp("desk")
        host = sample.origin.removeprefix("http://")
        text = TOML.format(origin=sample.origin, host=host)
        (folder / "frontdesk.toml").write_text(text, "utf-8")
        (folder / "contacts.csv").write_text(CONTACTS, "utf-8")
        return Desk(folder / "frontdesk.toml", clean_environment())

    return write


@pytest.fixture(scope="session")
def desk(write_desk: Callable[[], Desk]) -> Desk:
    """A prepared organisation, shared by the tests that do not change it."""
    made = write_desk()
    prepare(Settings.load(made.config))
    return made
