"""What is configured, reachable and missing: one check a part, each with the way to mend it."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from frontdesk.agents.decision import Writer
from frontdesk.agents.errors import ModelError
from frontdesk.agents.runtime.model_file import is_here
from frontdesk.db import chunks, contacts, dense_index, pages, retrieval
from frontdesk.db.errors import FetchError, FrontdeskDataError
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.encoder_file import FILE_NAME
from frontdesk.graphs.resources import Resources
from frontdesk.graphs.settings import FILE_NAME as SETTINGS_FILE
from frontdesk.graphs.settings import Settings

LEAST_FREE = 512 * 1024 * 1024  # bytes: a database, an encoder and a small site
PATIENCE = 5.0  # seconds for each thing on the network


@dataclass(frozen=True)
class Check:
    """One part: "off" is not set up, on purpose; "warn" works but not fully; "bad" is broken."""

    part: str
    state: Literal["ok", "off", "warn", "bad"]
    found: str
    mend: str = ""


def checkup(settings: Settings) -> Iterator[Check]:
    """Check every part, cheapest first. Never raises for a part that is broken."""
    with Resources(settings) as resources:
        yield _settings(settings)
        yield _data_dir(settings.data_dir)
        database = _database(resources)
        yield database
        yield _encoder(settings)
        yield _website(settings)
        if database.state != "bad":
            yield _pages(resources)
            yield _search(resources)
            if settings.search.encoder:
                yield _retriever(resources)
            yield _directory(resources)
            yield _waits(resources)
        yield _model(resources)


def _settings(settings: Settings) -> Check:
    named = os.environ.get("FRONTDESK_CONFIG", SETTINGS_FILE)
    organisation = settings.organisation
    if not organisation.scope:
        mend = f"write [organisation] name and scope in {named}"
        return Check("settings", "warn", f"{organisation.name}, without a scope", mend)
    return Check("settings", "ok", organisation.name)


def _data_dir(folder: Path) -> Check:
    """Whether files can be made there, with room for a database."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        return Check("data folder", "bad", f"{folder}: cannot be written", "set data_dir")
    free = shutil.disk_usage(nearest).free
    said = f"{folder}, {free / 1024**3:.1f} GiB free"
    if free < LEAST_FREE:
        return Check("data folder", "bad", said, "free some space, or set data_dir elsewhere")
    return Check("data folder", "ok", said)


def _database(resources: Resources) -> Check:
    kind = "PostgreSQL by its URL" if resources.settings.database.url else "embedded PostgreSQL"

    def look() -> Check:
        with resources.store.connection() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return Check("database", "ok", f"{kind} {row[0] if row else ''}".strip())

    return _guarded("database", look, "start it, or mend [database] url")


def _encoder(settings: Settings) -> Check:
    file = settings.data_dir / "models" / FILE_NAME
    if file.is_file():
        return Check("encoder", "ok", f"{file.name}, {file.stat().st_size / 1024**2:.0f} MiB")
    return Check("encoder", "off", "not made yet", "the first ingest or question makes it")


def _website(settings: Settings) -> Check:
    site = settings.site
    if not site.start_urls:
        mend = "set [site] start_urls, or ingest files"
        return Check("website", "off", "none set up", mend)
    url = site.start_urls[0]
    with GuardedClient(site.trusted_hosts, PATIENCE, site.max_page_bytes) as client:
        try:
            status = client.get(url).status
        except FetchError as error:
            mend = "check [site] start_urls and the network; a private host needs trusted_hosts"
            return Check("website", "warn", f"{url}: {error.reason}", mend)
    state: Literal["ok", "warn"] = "ok" if status < 400 else "warn"
    mend = "" if status < 400 else "check [site] start_urls"
    return Check("website", state, f"{url} answers {status}", mend)


def _pages(resources: Resources) -> Check:
    def look() -> Check:
        with resources.store.connection() as connection:
            held = pages.count(connection)
        if held:
            return Check("pages", "ok", f"{held} on record")
        return Check("pages", "warn", "none on record", "run: frontdesk ingest")

    return _guarded("pages", look, "run: frontdesk ingest")


def _search(resources: Resources) -> Check:
    """How chunks are compared with a question, and whether that fits their number."""
    settings = resources.settings.search

    def look() -> Check:
        name = resources.retriever.name if resources.retriever else ""
        with resources.store.connection() as connection:
            count, index = chunks.count(connection), dense_index.index(connection, name)
        if index is None and count < settings.exact_below:
            found = f"each of {count:,} chunks is compared, HNSW from {settings.exact_below:,} on"
            return Check("search", "ok", found)
        if index is None or not index.valid:
            found = f"each of {count:,} chunks is compared, for want of an HNSW index"
            if index is not None and index.building:
                return Check("search", "warn", f"{found}; it is being built")
            return Check("search", "warn", found, "run: frontdesk ingest")
        found = f"HNSW index over {count:,} chunks, {index.bytes / 1024**2:,.0f} MiB"
        if count < settings.exact_below:
            return Check(
                "search", "ok", f"each of {count:,} chunks is compared; there is an {found}"
            )
        if (index.m, index.ef_construction) != (settings.m, settings.ef_construction):
            built = f"m {index.m}, ef_construction {index.ef_construction}"
            mend = f"DROP INDEX {dense_index.name(name)} in the database, then: frontdesk ingest"
            return Check("search", "warn", f"{found}, built with {built}", mend)
        return Check("search", "ok", f"{found}, ef_search {settings.ef_search}")

    return _guarded("search", look, "run: frontdesk ingest")


def _retriever(resources: Resources) -> Check:
    """Whether every chunk is embedded by the encoder that the settings name for the search."""

    def look() -> Check:
        retriever = resources.retriever
        assert retriever is not None
        with resources.store.connection() as connection:
            held = chunks.count(connection)
            done = retrieval.count(connection, retriever.name)
        if done == held:
            return Check("retriever", "ok", f"{retriever.name}, {held:,} chunks embedded by it")
        found = f"{held - done:,} of {held:,} chunks are not embedded by {retriever.name}"
        return Check(
            "retriever", "warn", f"{found}: the bundled encoder searches", "run: frontdesk ingest"
        )

    return _guarded("retriever", look, "mend [search] encoder, or leave it empty")


def _directory(resources: Resources) -> Check:
    file = resources.settings.contacts.file

    def look() -> Check:
        with resources.store.connection() as connection:
            rows = contacts.read(connection, staff=True)
        public = sum(contact.public for _, contact in rows)
        if rows:
            return Check("directory", "ok", f"{len(rows)} contacts, {public} of them public")
        if file is None:
            return Check("directory", "off", "none set up", "run: frontdesk contacts import FILE")
        return Check("directory", "warn", "empty", f"run: frontdesk contacts import {file}")

    if file is not None and not file.is_file():
        return Check("directory", "bad", f"{file}: no such file", "mend [contacts] file")
    return _guarded("directory", look, "run: frontdesk contacts import FILE")


def _waits(resources: Resources) -> Check:
    settings = resources.settings.wait_times
    if not settings.adapter:
        return Check("live waits", "off", "none set up", "set [wait_times] adapter and url")

    def look() -> Check:
        board = resources.waits.board()
        count = len(board.departments)
        said = f"{settings.adapter} feed, {count} departments, {board.state}"
        if board.state == "fresh":
            return Check("live waits", "ok", said)
        mend = f"check [wait_times] url: {settings.url}"
        return Check("live waits", "warn", f"{said}: {board.reason}", mend)

    return _guarded("live waits", look, "check [wait_times]")


def _model(resources: Resources) -> Check:
    settings = resources.settings.model
    mend = "set [model] path to a GGUF file, or leave it empty for the bundled model"
    if settings.url:
        address = urlsplit(settings.url)
        port = address.port or (443 if address.scheme == "https" else 80)
        try:
            socket.create_connection((address.hostname or "", port), PATIENCE).close()
        except OSError as error:
            said = f"{address.hostname}:{port}: {error.strerror or error}"
            return Check("model", "bad", said, "start the model server, or mend [model] url")
    if settings.path.startswith("hf:") and not is_here(
        settings.path, resources.settings.data_dir / "models"
    ):
        fetch = "the first question fetches it"
        return Check("model", "off", f"{settings.path}, not fetched yet", fetch)
    try:
        decider = resources.decider
    except ModelError as error:
        return Check("model", "bad", str(error), mend)
    if settings.grounding != "verbatim" and not isinstance(decider, Writer):
        said = f"{decider.name} quotes: it cannot put answers into its own words"
        mend = f"for grounding = {settings.grounding!r} set [model] path to an instruct model"
        return Check("model", "warn", said, mend)
    return Check("model", "ok", decider.name)


def _guarded(part: str, look: Callable[[], Check], mend: str) -> Check:
    """Return what `look` finds, or the fault that stopped it."""
    try:
        return look()
    except FrontdeskDataError as error:
        return Check(part, "bad", str(error), mend)
