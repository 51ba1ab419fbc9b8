"""Opens the organisation of a corpus with the real store, tools and ingestion."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from frontdesk.db import Store
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.settings import ChunkSettings, DatabaseSettings, SiteSettings
from frontdesk.tools.contact_lookup import Contact, Directory
from frontdesk.tools.feeds.department import Department
from frontdesk.tools.search import Searcher
from frontdesk.tools.toolbox import Toolbox
from frontdesk.tools.wait_times import WaitTimes
from frontdesk.training.corpus import Organisation


@dataclass(frozen=True)
class _Files:
    """The part of the settings that ingestion reads."""

    site: SiteSettings = SiteSettings()
    chunks: ChunkSettings = ChunkSettings()


@contextmanager
def open_desk(organisation: Organisation, root: Path, embedder: Embedder) -> Iterator[Toolbox]:
    """Yield the organisation's toolbox; its pages are ingested under `root` the first time."""
    folder = root / organisation.slug
    pages = folder / "pages"
    for url, text in organisation.pages.items():
        path = pages / f"{url.strip('/').replace('/', '--') or 'index'}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    store = Store.open(DatabaseSettings(), folder)
    try:
        ingest(store, [str(pages)], _Files(), embedder=embedder)
        departments = list(_departments(organisation))
        waits = WaitTimes.fixed(departments) if departments else None
        yield Toolbox(
            searcher=Searcher(store, embedder, places=waits.match if waits else None),
            directory=Directory.fixed(list(_contacts(organisation)), embedder),
            embedder=embedder,
            scope=organisation.scope,
            waits=waits,
        )
    finally:
        store.close()


def _contacts(organisation: Organisation) -> Iterator[Contact]:
    columns = ("name", "role", "team", "site", "phone", "email", "notes")
    for row in organisation.contacts:
        if row["public"].strip().lower() not in ("false", "0", "no"):
            yield Contact.model_validate({column: row.get(column) or "" for column in columns})


def _departments(organisation: Organisation) -> Iterator[Department]:
    for row in organisation.places:
        yield Department.model_validate(
            {
                "site": row["name"],
                "department": row["department"],
                "kind": row["kind"],
                "state": row["state"],
                "minutes": int(row["minutes"]) if row["state"] == "ok" else None,
                "region": row["region"],
                "address": row["town"],
                "note": row["note"] or "",
                "fetched_at": datetime.now(UTC),
            }
        )
