"""The questions that people ask of live waits, from their words to the answer, through the day.

What must hold whatever is asked: the numbers are those of the feed at that moment, a department
without a number has none in the answer either, and the answer says when its data was fetched.
"""

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from frontdesk.agents.deciders import open_decider
from frontdesk.db.ingest.client import GuardedClient
from frontdesk.db.ingest.contacts import import_contacts
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.db.store import Store
from frontdesk.graphs.settings import Settings
from frontdesk.tools.waits.words import duration

sys.path.append(str(Path(__file__).parent))  # tests are no package; waits_desk is beside them

from waits_desk import DAY, SAMPLE, Clock, Desk, Said, serve

PAGES = (
    "wait-times.html",
    "facilities/avens-general.html",
    "facilities/quayside-urgent-care.html",
    "facilities/fernhill-urgent-care.html",
    "facilities/wren-childrens.html",
    "facilities/tamsin-creek.html",
    "services/where-to-go.html",
    "patients/parking.html",
    "patients/visiting-hours.html",
    "contact.html",
)
AVENS, ODILES = "Avens General Hospital", "St. Odile's Hospital"
WREN, BELLWETHER = "Wren Children's Hospital", "Bellwether Hospital"
QUAYSIDE, NORTHLIGHT = "Quayside Urgent Care Centre", "Northlight Urgent Care Centre"
FERNHILL, TAMSIN = "Fernhill Urgent Care Centre", "Tamsin Creek Regional Hospital"
PELLORY, HALDER = "Pellory Community Hospital", "Halder District Hospital"
JUNIPER, CORRIGAN = "Juniper Crossing Health Centre", "Corrigan Memorial Hospital"
TIMES = ("03:10", "07:40", "14:00", "19:30", "21:00", "22:20")


@pytest.fixture(scope="module")
def desk(module_store: Store, embedder: GGUFEmbedder, data_dir: Path) -> Iterator[Desk]:
    """The sample organisation, a part of its website, its whole directory and feed."""
    clock = Clock()
    server = serve.make_server(0, clock)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host = server.origin.removeprefix("http://")
    loaded = Settings.load(SAMPLE / "frontdesk.toml")
    site = loaded.site.model_copy(update={"allow": (), "trusted_hosts": (host,), "max_depth": 0})
    settings = loaded.model_copy(update={"site": site, "data_dir": data_dir})
    urls = [f"{server.origin}/{page}" for page in PAGES]
    ingest(module_store, urls, settings, embedder=embedder)
    import_contacts(module_store, SAMPLE / "contacts.csv", embedder=embedder)
    decider = open_decider(settings.model, settings.organisation, data_dir)
    with GuardedClient((host,)) as client:
        yield Desk(settings, clock, server, module_store, embedder, decider, client)
    close = getattr(decider, "close", None)
    if close is not None:
        close()
    server.shutdown()
    server.server_close()
    thread.join()


def holds(said: Said) -> None:
    """Check what must hold of every answer about waits."""
    tools = [step["tool"] for step in said.reply["steps"]]
    assert tools == ["wait_times"], said.told()
    assert said.reply["outcome"] == "answered", said.told()
    assert said.reply["dropped_literals"] == 0, said.told()
    (source,) = said.reply["sources"]
    fetched = next(iter(said.rows.values())).fetched_at.astimezone(serve.TIMEZONE)
    assert source["fetched_at"].startswith(f"{fetched:%Y-%m-%dT%H:%M}"), said.told()
    assert f"Fetched {fetched:%H:%M}, " in said.text, said.told()
    honest(said)


def honest(said: Said) -> None:
    """Check that no number is made up, and that a state is never a number."""
    known = [row.minutes for row in said.rows.values() if row.minutes is not None]
    waits = {duration(minutes) for minutes in known}
    gaps = {duration(abs(one - other)) for one in known for other in known}
    assert set(said.numbers) <= waits | gaps, said.told()
    assert "0 min" not in said.numbers, said.told()
    for site, row in said.rows.items():
        if row.minutes is not None:
            continue
        for sentence in said.sentences_of(site):
            others = [other for other in said.rows if other != site and other in sentence]
            assert others or not set(said.numbers) & set_of(sentence), said.told()


def set_of(sentence: str) -> set[str]:
    """Return the durations of one sentence."""
    return set(Said("", {"answer": sentence}, {}).numbers)


def names(said: Said, *sites: str) -> None:
    """Check that the answer speaks of these sites, each with its own number or its state."""
    for site in sites:
        row = said.rows[site]
        about = " ".join(said.sentences_of(site))
        words = {
            "ok": duration(row.minutes or 0),
            "closed": "closed",
            "closing_soon": "closing soon",
            "unavailable": "unavailable",
        }
        assert words[row.state] in about, said.told()


@pytest.mark.parametrize(
    ("question", "site"),
    [
        ("How long is the wait at Avens General Hospital?", AVENS),
        ("hows the wait at avens genral rn", AVENS),
        ("avens general er wait", AVENS),
        ("What's the wait time at St. Odile's right now?", ODILES),
        ("st odilles wait", ODILES),
        ("how busy is quayside", QUAYSIDE),
        ("how long would I wait at the Northlight urgent care centre?", NORTHLIGHT),
        ("wait at tamsin creek hospital", TAMSIN),
        ("wait times for halder please", HALDER),
        ("how long is emergency at juniper crossing", JUNIPER),
    ],
)
@pytest.mark.parametrize("clock", ["07:40", "14:00", "22:20"])
def test_the_wait_at_a_site(desk: Desk, clock: str, question: str, site: str) -> None:
    said = desk.at(clock).ask(question)
    holds(said)
    names(said, site)


@pytest.mark.parametrize("clock", TIMES)
def test_limited_hours_through_the_day(desk: Desk, clock: str) -> None:
    said = desk.at(clock).ask("How long is the wait at Fernhill Urgent Care?")
    holds(said)
    names(said, FERNHILL)
    if said.rows[FERNHILL].state != "ok":
        assert not said.numbers, said.told()


def test_a_site_with_two_departments(desk: Desk) -> None:
    by_day = desk.at("14:00").ask("How long is the wait at Bellwether Hospital?")
    holds(by_day)
    names(by_day, BELLWETHER, WREN)
    by_night = desk.at("23:30").ask("How long is the wait at Bellwether Hospital?")
    holds(by_night)
    names(by_night, "Bellwether Health Campus")


@pytest.mark.parametrize(
    ("question", "sites"),
    [
        ("What are the wait times in Port Avens?", [AVENS, ODILES]),
        ("er waits in halder", [HALDER]),
        ("how long are the waits in Tamsin Creek", [TAMSIN]),
    ],
)
def test_a_town_or_region(desk: Desk, question: str, sites: list[str]) -> None:
    said = desk.at("14:00").ask(question)
    holds(said)
    names(said, *sites)


@pytest.mark.parametrize("clock", TIMES)
@pytest.mark.parametrize(
    "question", ["Where is the shortest wait right now?", "which hospital is fastest at the moment"]
)
def test_the_shortest(desk: Desk, clock: str, question: str) -> None:
    said = desk.at(clock).ask(question)
    holds(said)
    adults = [row for row in said.rows.values() if row.minutes and row.kind != "children"]
    names(said, min(adults, key=lambda row: row.minutes or 0).site)


@pytest.mark.parametrize(
    "question",
    ["Where is the shortest wait for children?", "where would my kid be seen the fastest"],
)
def test_the_shortest_for_children(desk: Desk, question: str) -> None:
    by_day = desk.at("14:00").ask(question)
    holds(by_day)
    names(by_day, WREN)
    by_night = desk.at("23:30").ask(question)
    holds(by_night)
    assert "children are seen here overnight" in by_night.text, by_night.told()


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is the shortest urgent care wait?", "urgent_care"),
        ("which urgent care is quickest right now", "urgent_care"),
        ("shortest emergency department wait", "emergency"),
    ],
)
@pytest.mark.parametrize("clock", ["14:00", "22:20"])
def test_the_shortest_of_a_kind(desk: Desk, clock: str, question: str, kind: str) -> None:
    said = desk.at(clock).ask(question)
    holds(said)
    rows = [row for row in said.rows.values() if row.minutes and row.kind == kind]
    names(said, min(rows, key=lambda row: row.minutes or 0).site)


def test_urgent_care_or_emergency(desk: Desk) -> None:
    said = desk.at("14:00").ask("Is urgent care faster than emergency right now?")
    holds(said)
    for kind in ("urgent_care", "emergency"):
        rows = [row for row in said.rows.values() if row.minutes and row.kind == kind]
        names(said, min(rows, key=lambda row: row.minutes or 0).site)


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ("07:40", "closed now"),
        ("14:00", "open now"),
        ("20:30", "closing soon"),
        ("22:20", "closed"),
    ],
)
def test_open_now(desk: Desk, clock: str, words: str) -> None:
    said = desk.at(clock).ask("Is Quayside Urgent Care open now?")
    holds(said)
    assert words in " ".join(said.sentences_of(QUAYSIDE)), said.told()


@pytest.mark.parametrize(
    ("question", "words", "hours"),
    [
        ("Will Quayside be open at nine tonight?", "should be open at 21:00", "8 am to 10 pm"),
        (
            "will fernhill urgent care be open at 9 tonight",
            "should be closed at 21:00",
            "8 am to 8 pm",
        ),
        ("is northlight open at 3 am", "should be open at Thu 12 Feb 03:00", "24 hours"),
        (
            "Is Quayside open tomorrow at 7:30 am?",
            "should be closed at Thu 12 Feb 07:30",
            "8 am to 10 pm",
        ),
    ],
)
def test_open_at_a_time(desk: Desk, question: str, words: str, hours: str) -> None:
    """The live tool works it out; its page's own sentence of the hours answers as well."""
    said = desk.at("14:00").ask(question)
    if [step["tool"] for step in said.reply["steps"]] == ["search"]:
        assert hours in said.text, said.told()
    else:
        holds(said)
        assert words in said.text, said.told()


@pytest.mark.parametrize(
    ("question", "sites"),
    [
        ("Is Avens General or St. Odile's faster?", (AVENS, ODILES)),
        ("which has the shorter wait, halder or pellory", (HALDER, PELLORY)),
        ("compare quayside and northlight", (QUAYSIDE, NORTHLIGHT)),
    ],
)
@pytest.mark.parametrize("clock", ["14:00", "22:20"])
def test_two_compared(desk: Desk, clock: str, question: str, sites: tuple[str, str]) -> None:
    said = desk.at(clock).ask(question)
    holds(said)
    names(said, *sites)


def test_the_nearest_to_a_town(desk: Desk) -> None:
    said = desk.at("14:00").ask("Which emergency department is nearest to Juniper Crossing?")
    assert said.reply["outcome"] == "answered" and "km" in said.text, said.told()
    assert f"Nearest to Juniper Crossing: {JUNIPER}" in said.text, said.told()
    assert f"Then {HALDER} (emergency), about 52 km away" in said.text, said.told()
    assert "Fetched 14:00, just now" in said.text, said.told()


def test_whether_it_is_getting_better(desk: Desk) -> None:
    """Three Wednesdays before, and the hours before the question, were read as they came."""
    asked = desk.at("14:00", feed="history")
    waits = asked.resources.waits
    for week in (3, 2, 1):
        for minute in range(0, 60, 10):
            desk.clock.set(f"14:{minute:02d}", DAY - timedelta(weeks=week))
            assert waits.board().state == "fresh"
    for clock in ("12:50", "13:00", "13:20", "13:40", "14:00"):
        desk.clock.set(clock)
        assert waits.board().state == "fresh"
    said = asked.ask("Is the wait at Avens General getting better?")
    assert said.reply["outcome"] == "answered", said.told()
    names(said, AVENS)
    assert "at 13:00" in said.text, said.told()
    assert "Usual for Wednesdays at this hour" in said.text and "3 days" in said.text, said.told()
    assert "Fetched 14:00, just now" in said.text, said.told()


@pytest.mark.parametrize(
    "question",
    [
        "How long is the wait at Foothills Medical Centre?",
        "wait time at the Larkspur clinic",
        "how busy is the er in Calgary",
    ],
)
def test_a_site_that_is_not_in_the_feed(desk: Desk, question: str) -> None:
    said = desk.at("14:00").ask(question)
    assert not said.numbers, said.told()
    assert said.reply["outcome"] in ("answered", "not_found", "clarify"), said.told()


def test_the_age_of_what_is_known(desk: Desk) -> None:
    asked = desk.at("14:00", feed="age")
    first = asked.ask("How long is the wait at Halder District Hospital?")
    assert "Fetched 14:00, just now." in first.text, first.told()
    asked.pass_time(minutes=2)
    later = asked.ask("How long is the wait at Halder District Hospital?")
    assert "Fetched 14:00, 2 minutes ago." in later.text, later.told()
    asked.pass_time(minutes=2)
    newer = asked.ask("How long is the wait at Halder District Hospital?")
    assert "Fetched 14:04, just now." in newer.text, newer.told()


def test_a_second_question_goes_on_from_the_first(desk: Desk) -> None:
    asked = desk.at("14:00")
    asked.ask("How long is the wait at Halder District Hospital?", "waits-thread")
    said = asked.ask("and pellory?", "waits-thread")
    holds(said)
    names(said, PELLORY)


def test_a_few_words_ask_the_same_of_another_place(desk: Desk) -> None:
    asked = desk.at("14:00")
    asked.ask("how long is the wait at quayside", thread="beside")
    said = asked.ask("and northlight?", thread="beside")
    holds(said)
    names(said, NORTHLIGHT)


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("how long is the wait at avens general and how much is parking there", "parking"),
        ("avens general wait + parking price", "parking"),
        ("How busy is Avens General right now? When can I visit somebody?", "visiting"),
    ],
)
def test_two_questions_in_one_are_both_answered(desk: Desk, question: str, page: str) -> None:
    said = desk.at("14:00").ask(question)
    tools = {step["tool"] for step in said.reply["steps"]}
    assert tools == {"wait_times", "search"}, said.told()
    names(said, AVENS)
    pages = [source["url"] for source in said.reply["sources"]]
    assert any(page in url for url in pages), said.told()
    honest(said)
