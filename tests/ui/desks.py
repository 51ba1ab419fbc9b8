"""A desk for tests of the faces: its settings file, and the command line on it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "examples" / "kestrel-valley"
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
