"""`frontdesk chat`: the Streamlit app on loopback, opened in the browser."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from frontdesk.ui.failure import CommandError
from frontdesk.ui.options import settings_of, shared

HOST = "127.0.0.1"
PORT = 8501
STARTED_WITHIN = 60.0  # seconds; a cold disk reads Streamlit slowly
FLAGS = {
    "server.address": HOST,
    "server.headless": "true",  # the browser is opened here, when the page is there
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.maxUploadSize": "1",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "logger.level": "error",
    "theme.base": "light",
    "theme.primaryColor": "#0b6157",
    "theme.backgroundColor": "#fbfaf7",
    "theme.secondaryBackgroundColor": "#f1efe8",
    "theme.textColor": "#1d2724",
    "theme.linkColor": "#0b6157",
    "theme.borderColor": "#dcd8cc",
    "theme.baseRadius": "12px",
    "theme.showWidgetBorder": "true",
}


def chat(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the page is.")] = PORT,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")
    ] = True,
) -> None:
    """Open the chat, with live waits and the directory; Ctrl-C ends it."""
    settings_of(context)  # a mistake in the settings is told here, not on the page
    open_page(shared(context).config, port, browser=browser)


def open_page(config: Path | None, port: int, *, browser: bool) -> None:
    """Run the app until it ends, Ctrl-C or SIGTERM. Raises `CommandError` when it fails."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's Ctrl-C
    with start(config, port) as process:
        try:
            wait_for(process, port)
            address = f"http://{HOST}:{port}/"
            print(f"The front desk is open at {address} (Ctrl-C ends it)", flush=True)
            if browser:
                open_browser(address)
            code = process.wait()
        except KeyboardInterrupt:
            code = 0
        finally:
            stop(process)
    if code:
        raise CommandError(f"the page ended by itself (exit code {code}); see the lines above")


def start(config: Path | None, port: int) -> "subprocess.Popen[bytes]":
    """Start the app's process. Raises `CommandError` when the port is taken."""
    require_free(port)
    environment = dict(os.environ)
    if config is not None:
        environment["FRONTDESK_CONFIG"] = str(config.expanduser().absolute())
    flags = [f"--{name}={value}" for name, value in FLAGS.items()]
    command = [sys.executable, "-m", "streamlit", "run", str(Path(__file__).parent / "chat.py")]
    return subprocess.Popen(
        [*command, f"--server.port={port}", *flags],
        env=environment,
        stdout=subprocess.DEVNULL,  # its banner; errors go to stderr
        stdin=subprocess.DEVNULL,
    )


def require_free(port: int, what: str = "the chat", option: str = "--port") -> None:
    """Raise `CommandError` when something listens on `port` already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"port {port} for {what} is taken ({error.strerror}); end what uses it, or choose"
                f" another with {option}"
            ) from error


def wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return when the page answers. Raises `CommandError` when it ends or does not start."""
    limit = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise CommandError(f"the page did not start (exit code {process.returncode})")
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise CommandError(f"the page did not start within {STARTED_WITHIN:g} s")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End the app's process, gently first."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()


def open_browser(address: str) -> None:
    """Open the page in the person's browser, where the machine has one."""
    import webbrowser

    if not webbrowser.open(address):
        print("no browser could be opened: open the address yourself", file=sys.stderr)
