"""A small organisation on real parts: PostgreSQL, encoder, search, directory, live waits."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from frontdesk.agents.settings import OrganisationSettings
from frontdesk.db.contacts import Contact
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.store import Store
from frontdesk.db.threads import ThreadSaver
from frontdesk.graphs.assistant import AssistantGraph, build_assistant
from frontdesk.graphs.settings import Settings
from frontdesk.tools.contact_lookup import Directory
from frontdesk.tools.feeds import Department
from frontdesk.tools.search import Searcher
from frontdesk.tools.settings import ContactsSettings
from frontdesk.tools.toolbox import Toolbox
from frontdesk.tools.wait_times import WaitTimes

sys.path.append(str(Path(__file__).parent))  # tests are no package; queued_decider is beside them

from queued_decider import Desk, Queued, QueuedDecider

PARKING = """<html><head><title>Parking</title></head><body><main><h1>Parking</h1>
<p>Parking is managed by the parking office. A day pass costs $14.25. Pay at the machine before
you leave.</p><h2>Rates</h2><table><tr><th>Pass</th><th>Price</th></tr>
<tr><td>Week</td><td>$45.00</td></tr><tr><td>Month</td><td>$92.50</td></tr></table>
<h2>Appeals</h2><p>You can appeal a ticket within 14 days. Call 403-555-0148 to appeal.</p>
</main></body></html>"""
VISITING = """<html><head><title>Visiting hours</title></head><body><main><h1>Visiting hours</h1>
<p>Visitors are welcome from 8 am to 8 pm every day. Two visitors may stay with one patient.
Please wash your hands when you arrive and leave.</p></main></body></html>"""
NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(
        organisation=OrganisationSettings(
            name="Fern Valley Health",
            scope="Hospitals, parking and visiting at Fern Valley Health.",
            emergency_notice="Call 911 now or go to the nearest emergency department.",
            timezone="America/Edmonton",
        ),
        contacts=ContactsSettings(switchboard="the switchboard, 403-555-0100"),
    )


@pytest.fixture(scope="module")
def toolbox(
    module_store: Store,
    embedder: GGUFEmbedder,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Toolbox:
    folder = tmp_path_factory.mktemp("website")
    (folder / "parking.html").write_text(PARKING, "utf-8")
    (folder / "visiting.html").write_text(VISITING, "utf-8")
    report = ingest(module_store, [str(folder)], settings, embedder=embedder)
    assert report.stored == 2
    people = [
        Contact(name="Dr. Maya Osei", role="Cardiologist", phone="403-555-0177"),
        Contact(name="Parking office", team="Parking office", phone="403-555-0148"),
    ]
    return Toolbox(
        searcher=Searcher(module_store, embedder),
        directory=Directory.fixed(people, embedder, switchboard=settings.contacts.switchboard),
        embedder=embedder,
        scope=settings.organisation.scope,
        waits=WaitTimes.fixed(
            [_department("Foothill Hospital", 95), _department("Lakeside Hospital", 40)],
            timezone="America/Edmonton",
            url="https://waits.example/",
        ),
    )


def _department(site: str, minutes: int) -> Department:
    return Department(
        site=site,
        department=f"{site} emergency",
        kind="emergency",
        metric="estimate_to_physician",
        minutes=minutes,
        state="ok",
        raw_label=f"{minutes} min",
        fetched_at=NOW,
        region="Fern Valley",
    )


@pytest.fixture(scope="module")
def saver(module_store: Store) -> ThreadSaver:
    return ThreadSaver(module_store)


@pytest.fixture
def desk(settings: Settings, toolbox: Toolbox, saver: ThreadSaver) -> Iterator[Desk]:
    """Return a function that builds the assistant on a queue of decisions."""

    def build(*decisions: Queued, **changes: object) -> tuple[AssistantGraph, QueuedDecider]:
        decider = QueuedDecider(*decisions)
        changed = settings.model_copy(update=changes)
        graph = build_assistant(changed, toolbox=toolbox, decider=decider, checkpointer=saver)
        return graph, decider

    yield build
