"""What must hold for any directory and any question."""

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.tools.contact_lookup import Contact, Directory
from frontdesk.tools.contacts.text import NOBODY, PERHAPS, SEVERAL

WORD = st.text(string.ascii_letters + "éÈø'-", min_size=1, max_size=8)
PHRASE = st.lists(WORD, max_size=3).map(" ".join)
PHONE = st.from_regex(r"\d{3}-555-\d{4}( x\d{2})?", fullmatch=True)
PUBLIC = st.builds(
    Contact,
    name=st.lists(WORD, min_size=1, max_size=3).map(" ".join),
    role=PHRASE,
    team=PHRASE,
    site=PHRASE,
    phone=st.just("") | PHONE,
    email=st.just("") | st.from_regex(r"[a-z]{1,8}\d@example\.org", fullmatch=True),
    notes=PHRASE,
)
PRIVATE = PUBLIC.map(
    lambda c: c.model_copy(update={"public": False, "name": f"Qqprivate {c.name}"})
)
ASKED = st.sampled_from(["{}", "whats {}s number", "who handles {}", "call {} 403-555-9999"])


def question(contacts: list[Contact], number: int, asked: str) -> str:
    if not contacts:
        return asked.format("anyone")
    contact = contacts[number % len(contacts)]
    fields = [contact.name, contact.role, contact.team, contact.phone, contact.email]
    return asked.format(fields[number % len(fields)])


@settings(max_examples=150, deadline=None)
@given(st.lists(PUBLIC, max_size=6), st.integers(0, 99), ASKED)
def test_the_text_says_only_what_the_rows_say(
    contacts: list[Contact], number: int, asked: str
) -> None:
    result = Directory.fixed(contacts).lookup(question(contacts, number, asked))
    written = " ".join(
        value for c in contacts for key, value in c.model_dump().items() if key != "public"
    )
    text = result.text
    for frame in (NOBODY, PERHAPS, SEVERAL, "You can ask here:", "Phone:", "E-mail:"):
        text = text.replace(frame, " ")
    for token in re.findall(r"\S+", text):
        assert token.strip(".,") in written or token == "-"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PUBLIC, max_size=4),
    st.lists(PRIVATE, min_size=1, max_size=4),
    st.integers(0, 99),
    ASKED,
)
def test_private_rows_change_nothing(
    public: list[Contact], private: list[Contact], number: int, asked: str
) -> None:
    sought = question(private, number, asked)
    mixed = Directory.fixed([*private, *public])
    assert mixed.lookup(sought) == Directory.fixed(public).lookup(sought)
    assert "Qqprivate" not in mixed.lookup(sought).model_dump_json()
    assert mixed.lookup(private[0].name, staff=True).matches


@settings(max_examples=100, deadline=None)
@given(st.lists(PUBLIC, max_size=5), st.text(max_size=80))
def test_any_text_is_a_question(contacts: list[Contact], text: str) -> None:
    result = Directory.fixed(contacts).lookup(text)
    scores = [match.score for match in result.matches]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert all(match.span in text for match in result.matches)
    assert not result.clear or result.matches
