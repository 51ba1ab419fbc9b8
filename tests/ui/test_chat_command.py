"""`frontdesk chat` and the sample's open.py: one line when it is open, Ctrl-C ends all of it."""

import signal
import socket
import subprocess
import sys
import urllib.request

import pytest
from desks import SAMPLE, Desk, clean_environment, failed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_chat_opens_and_ends_when_told(desk: Desk, end: signal.Signals) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "frontdesk.ui.cli", "chat", "--port", str(port), "--no-browser"],
        env=desk.environment,
        cwd=desk.config.parent,
        stdout=subprocess.PIPE,
        text=True,
        # A suite started in the background ignores Ctrl-C, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{port}/" in line and "Ctrl-C" in line
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            assert page.status == 200
        process.send_signal(end)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_sample_says_which_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--port", "--site-port"):
            other = "--site-port" if option == "--port" else "--port"
            done = subprocess.run(
                [
                    *(sys.executable, str(SAMPLE / "open.py"), "--no-browser"),
                    *(option, port, other, str(free_port())),
                ],
                env=clean_environment(),
                capture_output=True,
                text=True,
            )
            failed(done, 1, port, option)
