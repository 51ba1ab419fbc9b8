"""Makes one organisation ready to answer: database, encoder, directory, website.

    prepare(settings, lambda step: print(step.name, step.detail, step.seconds))

What is there already is left alone: the directory is imported again only when its file has
changed, and the website is read only while no complete reading of it is on record. `ingest_sources`
and `import_directory` are the same work when a person asks for it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from frontdesk.agents.errors import ModelError
from frontdesk.db import Store, contacts, pages, recipes
from frontdesk.db.errors import FrontdeskDataError
from frontdesk.db.ingest.contacts import ImportReport, import_contacts
from frontdesk.db.ingest.embed import Embedder, GGUFEmbedder, encoder_path
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.ingest.report import IngestEvent, IngestReport
from frontdesk.db.ingest.retriever import Retriever, embed_anew, open_retriever
from frontdesk.graphs.settings import Settings

__all__ = [
    "ImportReport",
    "IngestEvent",
    "IngestReport",
    "PrepareError",
    "Step",
    "import_directory",
    "ingest_sources",
    "prepare",
]

STAMP = "prepared.json"  # under the data folder: what the last runs have made ready


class PrepareError(FrontdeskDataError):
    """The organisation cannot be made ready; the message is one line."""


@dataclass(frozen=True)
class Step:
    """One step as it begins ("started"), goes on ("running") and ends ("done").

    `seconds` is what it took when it is done; `detail` says what was found or made.
    """

    name: Literal["database", "encoder", "directory", "website"]
    state: Literal["started", "running", "done"]
    detail: str = ""
    seconds: float = 0.0


OnStep = Callable[[Step], None]


def prepare(settings: Settings, on_step: OnStep | None = None) -> None:
    """Do what is still to be done, step by step. Quick, and harmless, when run again.

    Raises `StoreError`, `ContactsError` and `PrepareError`: one line each.
    """
    work = _Preparation(settings, on_step or (lambda step: None))
    with work.step("database") as say:
        store = Store.open(settings.database, settings.data_dir)
        say("embedded PostgreSQL" if not settings.database.url else "PostgreSQL by its URL")
    try:
        with work.step("encoder") as say:
            say(encoder_path(settings.data_dir).name)
        with work.step("directory") as say:
            say(work.directory(store))
        with work.step("website") as say:
            say(work.website(store))
    finally:
        work.close()
        store.close()


def ingest_sources(
    settings: Settings,
    sources: Sequence[str],
    *,
    chunker: str | None = None,
    resume: bool = True,
    on_event: Callable[[IngestEvent], None] | None = None,
) -> IngestReport:
    """Read URLs, files or folders into the store.

    What earlier runs have cut in the same way is kept, whether they ended or were killed; without
    `resume` it is cut anew.
    Raises `StoreError`, `SourceError`, and `PrepareError` when the chunker's model cannot be used.
    """
    if chunker is not None:
        chunks = settings.chunks.model_copy(update={"chunker": chunker})
        settings = settings.model_copy(update={"chunks": chunks})
    with (
        Store.open(settings.database, settings.data_dir) as store,
        _encoder(settings) as encoder,
        _retriever(settings) as retriever,
    ):
        if not resume:
            with store.connection() as connection:
                recipes.forget(connection)
        return _ingest(store, sources, settings, encoder, on_event, retriever)


def import_directory(settings: Settings, file: Path, **options: bool) -> ImportReport:
    """Make the directory equal to `file`; options as `import_contacts` takes them.

    Raises `ContactsError` (nothing is written) and `StoreError`.
    """
    with Store.open(settings.database, settings.data_dir) as store, _encoder(settings) as encoder:
        region = settings.contacts.default_region
        return import_contacts(store, file, embedder=encoder, region=region, **options)


def _ingest(
    store: Store,
    sources: Sequence[str],
    settings: Settings,
    encoder: Embedder,
    on_event: Callable[[IngestEvent], None] | None,
    retriever: Retriever | None,
) -> IngestReport:
    """Read sources with the settings' chunker; the agentic one brings its model."""
    given: Any = {
        "embedder": encoder,
        "on_event": on_event,
        "search": settings.search,
        "retriever": retriever,
    }
    if settings.chunks.chunker != "agentic":
        return ingest(store, sources, settings, **given)
    # LangGraph takes two seconds to import, and only this chunker needs it.
    from frontdesk.graphs.agentic_chunker import open_chunker

    try:
        with open_chunker(settings, encoder.embed) as chunker:
            return ingest(store, sources, settings, chunker=chunker, **given)
    except ModelError as error:
        raise PrepareError(f"the agentic chunker: {error}") from error


@contextmanager
def _encoder(settings: Settings) -> Iterator[Embedder]:
    encoder = GGUFEmbedder(encoder_path(settings.data_dir))
    try:
        yield encoder
    finally:
        encoder.close()


@contextmanager
def _retriever(settings: Settings) -> Iterator[Retriever | None]:
    retriever = open_retriever(settings.search.encoder, settings.data_dir)
    try:
        yield retriever
    finally:
        if retriever is not None:
            retriever.close()


class _Preparation:
    """The steps of one run, with the stamp of the runs before it."""

    def __init__(self, settings: Settings, on_step: OnStep) -> None:
        self.settings = settings
        self.on_step = on_step
        self.file = settings.data_dir / STAMP
        self.running: Step | None = None

    @cached_property
    def encoder(self) -> GGUFEmbedder:
        return GGUFEmbedder(encoder_path(self.settings.data_dir))

    def close(self) -> None:
        if "encoder" in self.__dict__:
            self.encoder.close()

    @contextmanager
    def step(self, name: Any) -> Iterator[Callable[[str], None]]:
        """Tell that a step begins and ends; what it yields keeps the detail to tell."""
        began = time.monotonic()
        details: list[str] = []
        self.running = Step(name, "started")
        self.on_step(self.running)
        yield details.append
        seconds = time.monotonic() - began
        self.on_step(Step(name, "done", "".join(details), seconds))

    def directory(self, store: Store) -> str:
        """Import the contact file if it has changed; return what was done."""
        file = self.settings.contacts.file
        if file is None:
            return "none set up"
        try:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise PrepareError(f"{file}: {error.strerror}; set [contacts] file") from error
        with store.connection() as connection:
            empty = contacts.version(connection) <= 1
        if not empty and self._stamp().get("contacts") == digest:
            return "unchanged"
        region = self.settings.contacts.default_region
        report = import_contacts(store, file, embedder=self.encoder, region=region)
        self._keep(contacts=digest)
        return report.summary()

    def website(self, store: Store) -> str:
        """Read the site unless it was once read completely; return what was done."""
        with _retriever(self.settings) as retriever:
            return self._website(store, retriever)

    def _website(self, store: Store, retriever: Retriever | None) -> str:
        if retriever is not None:
            embed_anew(store, retriever, self._working)
        sources = list(self.settings.site.start_urls)
        if not sources:
            return "none set up"
        with store.connection() as connection:
            held = pages.count(connection)
        if held and self._stamp().get("site") == sources:
            return f"{held} pages on record"
        report = _ingest(store, sources, self.settings, self.encoder, self._reading, retriever)
        problems = [*report.failed, *report.skipped]
        if problems and not report.stored + report.unchanged:
            first = problems[0]
            raise PrepareError(f"the website cannot be read: {first.url}: {first.reason}")
        if report.complete:
            self._keep(site=sources)
        return report.summary()

    def _reading(self, event: IngestEvent) -> None:
        if self.running is not None and event.kind in ("stored", "unchanged"):
            read = event.report.stored + event.report.unchanged
            self._working(f"{read} of {event.report.found} pages")

    def _working(self, detail: str) -> None:
        if self.running is not None:
            self.on_step(replace(self.running, state="running", detail=detail))

    def _stamp(self) -> dict[str, Any]:
        """Return what was made ready for this database; nothing when that cannot be read."""
        try:
            kept = json.loads(self.file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        mine = isinstance(kept, dict) and kept.get("database") == self._database()
        return kept if mine else {}

    def _keep(self, **values: Any) -> None:
        kept = {**self._stamp(), **values, "database": self._database()}
        self.file.write_text(json.dumps(kept), "utf-8")

    def _database(self) -> str:
        """Name the database without telling its password."""
        return hashlib.sha256(self.settings.database.url.encode()).hexdigest()[:16]
