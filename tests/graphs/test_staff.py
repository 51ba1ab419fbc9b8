"""Private rows of the directory: seen by staff, and by nobody else on any path."""

import json
import logging
from pathlib import Path

import pytest
from pydantic import SecretStr
from queued_decider import QueuedDecider

from frontdesk.agents.decision import Decision
from frontdesk.agents.small.evidence import gather
from frontdesk.db.contacts import Contact
from frontdesk.db.ingest.contacts import import_contacts
from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.db.store import Store
from frontdesk.graphs.assistant import build_assistant
from frontdesk.graphs.examples import example_questions
from frontdesk.graphs.settings import Settings
from frontdesk.graphs.staff import MINUTE, TRIES, StaffDoor
from frontdesk.tools.contact_lookup import Directory
from frontdesk.tools.search import Searcher
from frontdesk.tools.settings import ContactsSettings
from frontdesk.tools.toolbox import Toolbox

TOKEN = "correct horse battery"
ROWS = """name,role,team,site,phone,email,notes,public
Zebulon Quarrington,Falconer,Raptor Keeping,Tarn House,403-555-0191,zq@hidden.example,\
keeps the hunting birds,false
Falconry Night Desk,Night desk,Raptor Keeping,Tarn House,403-555-0192,,after hours,false
Maya Osei,Cardiologist,Cardiology,Avens,403-555-0177,maya@open.example,heart,true
"""
SECRETS = ("quarrington", "zebulon", "falcon", "raptor", "0191", "0192", "zq@hidden", "tarn house")
QUESTIONS = (
    "whats zebulon quarringtons number",
    "zebulan quarington",
    "Z. Quarrington",
    "who is the falconer",
    "raptor keeping team",
    "who looks after the hunting birds",
    "whose number is 403-555-0191",
    "who is zq@hidden.example",
    "someone at tarn house",
    "night desk",
    "",
)


@pytest.fixture(scope="module")
def toolbox(
    module_store: Store, embedder: GGUFEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Toolbox:
    file = tmp_path_factory.mktemp("directory") / "contacts.csv"
    file.write_text(ROWS, "utf-8")
    report = import_contacts(module_store, file, embedder=embedder)
    assert len(report.added) == 3
    return Toolbox(
        searcher=Searcher(module_store, embedder),
        directory=Directory(module_store, embedder),
        embedder=embedder,
        scope="Hospitals and people of Fern Valley Health.",
    )


def leaks(shown: str, asked: str = "") -> list[str]:
    """Return the secrets that `shown` holds and the question itself did not."""
    return [word for word in SECRETS if word in shown.lower() and word not in asked.lower()]


@pytest.mark.parametrize("question", QUESTIONS)
def test_nobody_else_finds_a_private_row(toolbox: Toolbox, question: str) -> None:
    result = toolbox.directory.lookup(question, limit=20)
    assert {match.contact.name for match in result.matches} <= {"Maya Osei"}
    matches = [match.model_dump(exclude={"span"}) for match in result.matches]
    assert not leaks(json.dumps(matches) + result.text)


def test_nor_by_its_meaning(toolbox: Toolbox) -> None:
    vector = toolbox.embed("Falconer, Raptor Keeping, keeps the hunting birds")
    result = toolbox.directory.lookup("the person for that", query_vector=vector, limit=20)
    assert not leaks(result.model_dump_json())


@pytest.mark.parametrize("question", QUESTIONS)
def test_nor_does_the_model_see_it(toolbox: Toolbox, question: str) -> None:
    evidence = gather(toolbox, question)
    assert evidence.contacts is not None
    assert not leaks(evidence.contacts.text)
    assert not evidence.search or not evidence.search.passages


@pytest.mark.parametrize("question", [question for question in QUESTIONS if question])
def test_nor_is_it_in_an_answer_or_a_log(
    toolbox: Toolbox, question: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    decider = QueuedDecider(Decision("contact_lookup", {"query": question}), Decision("answer"))
    settings = Settings(contacts=ContactsSettings(switchboard="the switchboard"))
    graph = build_assistant(settings, toolbox=toolbox, decider=decider, checkpointer=False)
    state = graph.invoke({"messages": [("user", question)]})
    assert not leaks(json.dumps(state["reply"]), question)
    assert not leaks(caplog.text, question)


def test_nor_is_it_offered_as_an_example(toolbox: Toolbox) -> None:
    assert not leaks(" ".join(example_questions(Settings(), toolbox, 50)))


@pytest.mark.parametrize("question", QUESTIONS[:9])
def test_staff_find_it(toolbox: Toolbox, question: str) -> None:
    found = toolbox.directory.lookup(question, staff=True).matches
    assert found and found[0].contact.team == "Raptor Keeping"
    assert not found[0].contact.public


def test_a_row_made_private_is_gone_at_once(
    module_store: Store, embedder: GGUFEmbedder, tmp_path: Path
) -> None:
    directory = Directory(module_store, embedder)
    assert directory.lookup("maya osei").matches
    file = tmp_path / "contacts.csv"
    file.write_text(ROWS.replace("heart,true", "heart,false"), "utf-8")
    import_contacts(module_store, file, embedder=embedder)
    assert not directory.lookup("maya osei").matches
    assert directory.lookup("maya osei", staff=True).matches
    file.write_text(ROWS, "utf-8")
    import_contacts(module_store, file, embedder=embedder)


def test_a_fixed_directory_keeps_the_rule() -> None:
    rows = [Contact(name="Zebulon Quarrington", role="Falconer", public=False)]
    directory = Directory.fixed(rows)
    assert not directory.lookup("zebulon quarrington").matches
    assert directory.lookup("zebulon quarrington", staff=True).matches


def test_the_door_opens_to_the_token_only() -> None:
    door = StaffDoor(ContactsSettings(staff_token=SecretStr(TOKEN)))
    assert door.exists and door.admits(TOKEN) and door.admits(f" {TOKEN} ")
    assert not any(map(door.admits, ("", "correct", TOKEN.upper(), TOKEN + "x")))
    nobody = StaffDoor(ContactsSettings())
    assert not nobody.exists and not nobody.admits("")


def test_guessing_locks_the_door_for_a_minute() -> None:
    now = [0.0]
    door = StaffDoor(ContactsSettings(staff_token=SecretStr(TOKEN)), clock=lambda: now[0])
    for _ in range(TRIES):
        assert not door.admits("wrong wrong wrong")
    assert door.locked and not door.admits(TOKEN)
    now[0] = MINUTE + 1
    assert not door.locked and door.admits(TOKEN)


def test_the_token_is_masked_and_must_be_long() -> None:
    settings = Settings(contacts=ContactsSettings(staff_token=SecretStr(TOKEN)))
    assert TOKEN not in repr(settings) and TOKEN not in str(settings.shown())
    with pytest.raises(ValueError, match="12 characters"):
        ContactsSettings(staff_token=SecretStr("short"))
