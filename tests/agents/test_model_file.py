"""Finding the model: files, references to Hugging Face, and what is wrong with them."""

import fcntl
import hashlib
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from frontdesk.agents.errors import ModelFileError
from frontdesk.agents.runtime.model_file import is_here, resolve

CONTENT = b"GGUF" + bytes(range(256)) * 64


class Hub(BaseHTTPRequestHandler):
    """A small stand-in for the hub: one file, one damaged file, nothing else."""

    requests: list[str] = []

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""

    def do_HEAD(self) -> None:
        """Answer with the headers of a file."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """Answer with a file."""
        self.requests.append(self.path)
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        name = self.path.rsplit("/", 1)[-1]
        known = self.path.startswith("/owner/repo/resolve/") and name in {"a.gguf", "bad.gguf"}
        self.send_response(200 if known else 404)
        if known:
            published = CONTENT if name == "a.gguf" else CONTENT + b"x"
            self.send_header("ETag", f'"{hashlib.sha256(published).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Content-Length", str(len(CONTENT)))
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
        self.end_headers()
        if body and known:
            self.wfile.write(CONTENT)


@pytest.fixture
def hub() -> Iterator[str]:
    """The URL of a hub on loopback."""
    Hub.requests.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_itself(model_path: Path, tmp_path: Path) -> None:
    assert resolve(str(model_path), tmp_path) == model_path


def test_a_reference_is_fetched_once(hub: str, tmp_path: Path) -> None:
    for _ in range(2):
        path = resolve("hf:owner/repo:a.gguf", tmp_path, endpoint=hub)
        assert path.read_bytes() == CONTENT
    assert len(Hub.requests) == 1


def test_a_download_shows_how_far_it_is(hub: str, tmp_path: Path) -> None:
    call = f"resolve('hf:owner/repo:a.gguf', Path({str(tmp_path)!r}), endpoint={hub!r})"
    program = f"from pathlib import Path\nfrom {resolve.__module__} import resolve\n{call}"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run([sys.executable, "-c", program], stderr=theirs, check=True, timeout=120)
    assert b"100%" in os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)


def test_what_is_here_is_told_from_what_is_not(hub: str, tmp_path: Path) -> None:
    reference = "hf:owner/repo:a.gguf"
    assert not is_here(reference, tmp_path)
    path = resolve(reference, tmp_path, endpoint=hub)
    assert is_here(reference, tmp_path)
    assert is_here(str(path), tmp_path)


def test_a_damaged_download_is_thrown_away(hub: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="wrong checksum"):
        resolve("hf:owner/repo:bad.gguf", tmp_path, endpoint=hub)
    assert list(tmp_path.rglob("bad.gguf")) == []


def test_what_is_not_there_is_one_clear_error(hub: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="hf:owner/repo:none.gguf could not be fetched"):
        resolve("hf:owner/repo:none.gguf", tmp_path, endpoint=hub)
    with pytest.raises(ModelFileError, match="could not be fetched"):
        resolve("hf:owner/repo:a.gguf", tmp_path, endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize("reference", ["hf:owner", "hf:o/r:a.bin", "hf:o/r:../a.gguf", "hf::"])
def test_a_malformed_reference_says_the_form(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ModelFileError, match="hf:owner/repo:file.gguf"):
        resolve(reference, tmp_path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_bytes(b"<html>")
    with pytest.raises(ModelFileError, match="no GGUF file"):
        resolve(str(tmp_path / "page.gguf"), tmp_path)
    with pytest.raises(ModelFileError, match="cannot be read"):
        resolve(str(tmp_path / "none.gguf"), tmp_path)
