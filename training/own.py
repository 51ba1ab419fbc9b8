"""The organisation itself as training sees it: its store, its public directory, its feed's places.

with Parts(settings) as parts:
    member = read_own(parts)
with open_own(settings, member, embedder) as toolbox:
    toolbox.searcher.search("parking")
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from frontdesk.db import Store, contacts, sections
from frontdesk.db.feedback import Feedback, everything
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.retriever import open_retriever
from frontdesk.db.sections import Section
from frontdesk.graphs.parts import Department, Parts
from frontdesk.graphs.prepare import OnStep, Step, prepare
from frontdesk.graphs.settings import Settings
from frontdesk.tools.contact_lookup import Contact, Directory
from frontdesk.tools.search import Searcher
from frontdesk.tools.toolbox import Toolbox
from frontdesk.tools.wait_times import WaitTimes
from frontdesk.training.collection import Member
from frontdesk.training.corpus import Organisation, Question
from frontdesk.training.pipeline.errors import TrainingError
from frontdesk.training.pipeline.hashes import of_value

Told = Callable[[str], None]
SILENCE = 10.0  # seconds of a long step after which people are told how far it is


def fill_store(settings: Settings, say: Told = lambda line: None) -> None:
    """Read the website and the directory when the store is empty; raise if it stays so."""
    if not _pages(settings):
        say("the store is empty: filling it")
        prepare(settings, _teller(say))
    if not _pages(settings):
        raise TrainingError(
            f"the store of {settings.organisation.name} holds no pages, so there is nothing to"
            " learn from or ask about; set [site] start_urls, or run frontdesk ingest with files or"
            " folders"
        )


def _teller(say: Told) -> OnStep:
    """Return what tells the steps that are done, and now and then how far a long one is."""
    told = time.monotonic()

    def tell(step: Step) -> None:
        nonlocal told
        if step.detail and (step.state == "done" or time.monotonic() - told > SILENCE):
            told = time.monotonic()
            say(f"{step.name}: {step.detail}")

    return tell


def fingerprint(settings: Settings, *, feedback: bool) -> dict[str, str]:
    """Return the fingerprints of the store's pages and directory, and of the `feedback`."""
    with Store.open(settings.database, settings.data_dir) as store, store.connection() as database:
        found = {
            "pages": sections.fingerprint(database),
            "contacts": of_value([c.model_dump() for _, c in contacts.read(database, staff=False)]),
        }
    if feedback:
        ratings = [rating.model_dump(mode="json") for rating in read_feedback(settings)]
        found["feedback"] = of_value(ratings)
    return found


def read_feedback(settings: Settings) -> list[Feedback]:
    """Return everything that people said of answers, oldest first."""
    with Store.open(settings.database, settings.data_dir) as store, store.connection() as database:
        return everything(database)


def read_own(settings: Settings, questions: Sequence[Question] = ()) -> Member:
    """Return the organisation of the store, with the feed's places as they are now."""
    with Parts(settings) as parts:
        with parts.store.connection() as database:
            found = sections.read(database)
            people = [contact for _, contact in contacts.read(database, staff=False)]
        departments = parts.waits.board().departments if settings.wait_times.adapter else ()
    organisation = Organisation(
        slug=slug_of(settings.organisation.name),
        name=settings.organisation.name,
        scope=settings.organisation.scope,
        pages=_markdown(found),
        contacts=[_row(contact) for contact in people],
        places=[_place(department) for department in departments],
        questions=list(questions),
    )
    return Member(organisation=organisation, role="own", departments=list(departments))


@contextmanager
def open_own(settings: Settings, member: Member, embedder: Embedder) -> Iterator[Toolbox]:
    """Yield the tools on the store itself; the waits are those that were collected."""
    wait_times = settings.wait_times
    rows = member.organisation.contacts
    people = [Contact.model_validate({key: row[key] for key in contacts.FIELDS}) for row in rows]
    retriever = open_retriever(settings.search.encoder, settings.data_dir, threads=1)
    waits = WaitTimes.fixed(
        member.departments,
        timezone=settings.organisation.timezone,
        aliases=wait_times.aliases,
        towns=wait_times.towns,
        url=wait_times.page_url or wait_times.url,
    )
    places = waits.match if member.departments else None
    with Store.open(settings.database, settings.data_dir) as store:
        yield Toolbox(
            searcher=Searcher(store, embedder, settings.search, retriever=retriever, places=places),
            directory=Directory.fixed(people, embedder, switchboard=settings.contacts.switchboard),
            embedder=embedder,
            scope=settings.organisation.scope,
            waits=waits if member.departments else None,
        )


def slug_of(name: str) -> str:
    """Return a name as a folder is called: lower case, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "organisation"


def _pages(settings: Settings) -> int:
    from frontdesk.db import pages

    with Store.open(settings.database, settings.data_dir) as store, store.connection() as database:
        return pages.count(database)


def _markdown(found: Sequence[Section]) -> dict[str, str]:
    """Return each page as Markdown: its title, its headings, a line a sentence."""
    pages: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    for section in found:
        if section.language not in ("", "en"):
            continue  # questions are generated in English
        lines = pages.setdefault(section.url, [f"# {section.title}"])
        known = above.get(section.url, [])
        for depth, heading in enumerate(section.heading):
            if known[depth : depth + 1] != [heading]:
                lines += ["", f"{'#' * min(depth + 2, 6)} {heading}"]
                known = []
        above[section.url] = section.heading
        lines += section.sentences
    return {url: "\n".join(lines) for url, lines in pages.items()}


def _row(contact: Contact) -> dict[str, str]:
    return {key: str(getattr(contact, key)) for key in contacts.FIELDS}


def _place(department: Department) -> dict[str, str]:
    return {
        "name": department.site,
        "department": department.department,
        "kind": department.kind,
        "state": department.state,
        "minutes": str(department.minutes or ""),
        "region": department.region,
        "town": department.town,
        "note": department.note,
    }
