"""The right person from a whole question, and nobody where nobody is meant."""

import pytest

from frontdesk.db.ingest.embed import GGUFEmbedder
from frontdesk.tools.contact_lookup import Contact, ContactResult, Directory


def row(name: str, role: str = "", team: str = "", site: str = "", **more: object) -> Contact:
    return Contact.model_validate({"name": name, "role": role, "team": team, "site": site} | more)


CONTACTS = [
    row("Dr. Alice Smith", "Cardiologist", "Heart Clinic", "Foothills", phone="403-555-0101"),
    row("John Smith", "Porter", "Facilities", "Riverside", phone="403-555-0106"),
    row("John Smith", "Nurse Manager", "Emergency", "Foothills", phone="403-555-0107"),
    row("Dr. Robert Long", "Surgeon", "General Surgery", "Foothills", phone="403-555-0102"),
    row("Marie-Ève Tremblay", "Interpreter Coordinator", "Language Services", "Riverside"),
    row("Siobhán O'Brien", "Billing Clerk", "Finance", "Head Office", email="so@example.org"),
    row("Will Young", "Payroll Officer", "Finance", "Head Office", phone="403-555-0108"),
    row("Xiaoming Li", "Pharmacist", "Pharmacy", "Riverside", phone="403-555-0111"),
    row("Jan van den Berg", "Volunteer Coordinator", "Volunteers", "Riverside"),
    row("Stephanie Shaughnessy", "Privacy Officer", "Legal", "Head Office"),
    row("Guillaume Beaudoin", "Dietitian", "Nutrition", "Foothills"),
    row("Parking Office", "", "Parking Services", "Foothills", notes="permits and refunds"),
    row("Lost and Found", "", "Security", "Foothills", notes="lost property, wallets and keys"),
    row("Switchboard", "", "Switchboard", "Foothills", phone="403-555-0100"),
    row("Zelda Quartz", "VIP Liaison", "Executive", "Head Office", public=False),
]


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.fixed(CONTACTS)


def best(result: ContactResult) -> str:
    return result.matches[0].contact.name if result.matches else ""


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("marie-ève tremblay", "Marie-Ève Tremblay"),
        ("can i speak to marie-eve", "Marie-Ève Tremblay"),
        ("marieeve trembly", "Marie-Ève Tremblay"),
        ("tremblay marie eve", "Marie-Ève Tremblay"),
        ("whats dr longs number", "Dr. Robert Long"),
        ("bob long", "Dr. Robert Long"),
        ("rob lonng", "Dr. Robert Long"),
        ("dr. r. long", "Dr. Robert Long"),
        ("call long", "Dr. Robert Long"),
        ("alice smith", "Dr. Alice Smith"),
        ("alcie smtih", "Dr. Alice Smith"),
        ("smith in cardiology", "Dr. Alice Smith"),
        ("shivon obrien", "Siobhán O'Brien"),
        ("o brien siobhan", "Siobhán O'Brien"),
        ("email for siobhan o'brien pls", "Siobhán O'Brien"),
        ("Dr. Will", "Will Young"),
        ("will young", "Will Young"),
        ("jan vandenberg", "Jan van den Berg"),
        ("van den berg", "Jan van den Berg"),
        ("steph shonesy", "Stephanie Shaughnessy"),
        ("gui bodwin", "Guillaume Beaudoin"),
        ("xiaoming li", "Xiaoming Li"),
        ("li xiaoming", "Xiaoming Li"),
        ("johnsmith the porter", "John Smith"),
    ],
)
def test_names(directory: Directory, question: str, name: str) -> None:
    result = directory.lookup(question)
    assert best(result) == name
    assert result.clear and result.matches[0].score >= 0.6
    assert result.matches[0].matched_on == "name"
    assert name in result.text


@pytest.mark.parametrize(
    ("question", "name", "basis"),
    [
        ("who is the privacy officer", "Stephanie Shaughnessy", "role"),
        ("i need a cardiolgist", "Dr. Alice Smith", "role"),
        ("pharmacy number", "Xiaoming Li", "role"),
        ("email for the parking office pls", "Parking Office", "name"),
        ("who handles parking refunds", "Parking Office", "team"),
        ("volunteers", "Jan van den Berg", "role"),
    ],
)
def test_roles_and_teams(directory: Directory, question: str, name: str, basis: str) -> None:
    match = directory.lookup(question).matches[0]
    assert (match.contact.name, match.matched_on) == (name, basis)
    assert match.score >= 0.6


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("who do i call about a lost wallet", "Lost and Found"),
        ("i left my keys on a bench", "Lost and Found"),
        ("who do i see about my heart", "Dr. Alice Smith"),
        ("who deals with salaries", "Will Young"),
        ("diet advice", "Guillaume Beaudoin"),
        ("my invoice is wrong, who do I talk to", "Siobhán O'Brien"),
    ],
)
def test_descriptions(embedder: GGUFEmbedder, question: str, name: str) -> None:
    assert best(Directory.fixed(CONTACTS, embedder).lookup(question)) == name


@pytest.mark.parametrize(
    "question",
    [
        "how long is the wait",
        "how long is the wait at the emergency department",
        "are young adults seen here",
        "will it be open at nine",
        "what is the visiting policy",
        "write me a poem about my ex",
        "where is the smoking area",
        "dr zhivago",
        "peter smith",
        "zelda quartz",
        "?",
        "",
        "a" * 20_000,
        "\x00\ufffd\ud800",
    ],
)
def test_nobody(directory: Directory, question: str) -> None:
    result = directory.lookup(question)
    assert not result.clear
    assert all(match.score < 0.6 for match in result.matches if match.matched_on == "name")


def test_nobody_found_offers_the_switchboard(directory: Directory) -> None:
    result = directory.lookup("dr zhivago")
    assert result.text.startswith("Nobody in the directory") and "403-555-0100" in result.text
    own = Directory.fixed(CONTACTS[:1], switchboard="the front desk, 555 0199")
    assert own.lookup("dr zhivago").text.endswith("You can ask the front desk, 555 0199.")
    assert Directory.fixed([]).lookup("anyone").text == "Nobody in the directory matches that."


def test_namesakes_are_both_offered_and_told_apart(directory: Directory) -> None:
    result = directory.lookup("john smith")
    assert not result.clear
    assert [match.contact.role for match in result.matches[:2]] == ["Porter", "Nurse Manager"]
    assert result.matches[0].score >= 0.85
    assert "Porter, Facilities, Riverside" in result.text
    assert "Nurse Manager, Emergency, Foothills" in result.text
    told = directory.lookup("john smith in emergency")
    assert told.clear and told.matches[0].contact.role == "Nurse Manager"


def test_a_shared_surname_is_no_winner(directory: Directory) -> None:
    result = directory.lookup("whats dr smiths number")
    assert not result.clear
    assert len([match for match in result.matches if match.score >= 0.6]) == 3


def test_a_number_or_address_finds_its_owner(directory: Directory) -> None:
    assert best(directory.lookup("whose number is (403) 555 0108")) == "Will Young"
    assert best(directory.lookup("who is SO@example.org?")) == "Siobhán O'Brien"


def test_the_limit_and_a_given_vector(embedder: GGUFEmbedder) -> None:
    directory = Directory.fixed(CONTACTS, embedder)
    vector = embedder.embed(["who pays the staff"])[0]
    result = directory.lookup("who pays the staff", query_vector=vector, limit=2)
    assert len(result.matches) <= 2
    assert result == directory.lookup("who pays the staff", limit=2)


def test_spans_stand_in_the_question(directory: Directory) -> None:
    match = directory.lookup("Could I reach Siobhán O'Brien today?").matches[0]
    assert match.span == "Siobhán O'Brien"


def test_colleagues_of_one_post_are_all_named() -> None:
    midwives = [row(name, "Registered Midwife", "Maternity") for name in ("Ann Roe", "Bea Poe")]
    result = Directory.fixed(midwives).lookup("i need a midwife")
    assert not result.clear
    assert "Ann Roe" in result.text and "Bea Poe" in result.text


def test_an_office_is_a_name_and_a_post() -> None:
    directory = Directory.fixed([*CONTACTS, row("Rabbi Naomi Stein", "Chaplain", "Spiritual Care")])
    assert best(directory.lookup("is there a rabbi please")) == "Rabbi Naomi Stein"
    assert best(directory.lookup("rabbi stein")) == "Rabbi Naomi Stein"


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("metering phone", "Metering Team"),
        ("who runs metering", "Stellan Ruck"),
        ("the metering boss", "Stellan Ruck"),
        ("stellan from the metering team", "Stellan Ruck"),
    ],
)
def test_somebody_is_sought_and_no_office(question: str, name: str) -> None:
    office = row("Metering Team", team="Metering Team")
    head = row("Stellan Ruck", role="Head of metering", team="Metering Team")
    clerk = row("Oda Finn", role="Cashier", team="Payments")
    assert best(Directory.fixed([office, head, clerk]).lookup(question)) == name
