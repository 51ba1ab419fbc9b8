"""A real browser on the real page: Debian's Chromium, driven by Playwright, without a network."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from frontdesk.ui.chat_command import FLAGS

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
WITHIN = 60_000  # milliseconds; a loaded machine is slow to draw
ANSWERED = ".fd-answer:not(.fd-thinking)"


@contextmanager
def app(script: Path, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Run a Streamlit script with the flags of `frontdesk chat`; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = [f"--{name}={value}" for name, value in {**FLAGS, "server.port": port}.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *flags],
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


def ask(page: Page, question: str) -> str:
    """Type a question, wait for the whole answer and return it."""
    before = page.locator("[data-testid=stFeedback]").count()
    page.get_by_role("textbox").fill(question)
    page.get_by_role("textbox").press("Enter")
    page.locator("[data-testid=stFeedback]").nth(before).wait_for(timeout=WITHIN)
    return page.locator(ANSWERED).last.inner_text()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        assert process.poll() is None, "the app ended by itself"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the app did not start")
