"""A disk without room, made of a few megabytes of memory in a mount namespace of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from desks import Desk, clean_environment, failed

SCRIPT = """
mount -t tmpfs -o size="$1" none "$PWD" && cd "$PWD" && cp "$2"/* . && shift 2 && exec "$@"
"""


def in_small_disk(
    size: str, files: Path, folder: Path, *command: str
) -> "subprocess.CompletedProcess[str]":
    """Run `command` in `folder`, a disk of `size` that holds the files of `files`."""
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", size, str(files), *command],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("size", ["3m", "60m"])
def test_a_full_disk_is_told_in_one_line(desk: Desk, tmp_path: Path, size: str) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name in ("frontdesk.toml", "contacts.csv"):
        (files / name).write_bytes((desk.config.parent / name).read_bytes())
    small = tmp_path / "small"
    small.mkdir()
    if in_small_disk("1m", files, small, "true").returncode:
        pytest.skip("no disk can be mounted here (needs root)")
    command = [sys.executable, "-m", "frontdesk.ui.cli", "contacts", "import", "contacts.csv"]
    done = in_small_disk(size, files, small, *command)
    failed(done, 1, str(small))
    assert "space" in done.stderr or "written" in done.stderr
