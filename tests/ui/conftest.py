"""The sample organisation on loopback for the faces: its site, its feed, a small prepared database.

The site that is read is three of its pages, so that a test run embeds a few dozen sentences.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from frontdesk.graphs.prepare import prepare
from frontdesk.graphs.settings import Settings

sys.path.append(str(Path(__file__).parent))  # tests are no package; desks is beside them

from desks import CONTACTS, SAMPLE, TOML, Desk, clean_environment

sys.path.append(str(SAMPLE))

import serve

EVENING = datetime(2026, 2, 11, 19, 30, tzinfo=serve.TIMEZONE)


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
