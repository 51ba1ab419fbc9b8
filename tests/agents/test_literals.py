"""The literal check: nothing with a digit, a host or an address survives unless it was seen."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.agents.policy.literals import check, literals

SITE = (
    "Call 403-555-0100 or write to parking@health.example. Open 8 a.m. to 10 p.m., Monday to "
    "Friday. A day pass is $14.25, 20 % less for seniors. See https://health.example/parking for "
    "the form. Closed January 5, 2026. Dial 811 for advice. The 2nd floor, room 12A."
)


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("see https://a.example/x_(y)?q=1.", "url", "https://a.example/x_(y)?q=1"),
        ("see (www.a.example/x)", "url", "www.a.example/x"),
        ("[form](https://a.example/f)", "url", "https://a.example/f"),
        ("mailto:me@a.example now", "url", "mailto:me@a.example"),
        ("click javascript:alert(1)", "url", "javascript:alert(1)"),
        ("go to evil.example.", "host", "evil.example"),
        ("go to t.co/x now", "host", "t.co/x"),
        ("go to evil。example", "host", "evil。example"),
        ("go to bücher.example", "host", "bücher.example"),
        ("write o'neil+x@sub.a.example!", "email", "o'neil+x@sub.a.example"),
        ("call (403) 555-0100.", "phone", "(403) 555-0100"),
        ("call +44 20 7946 0958 today", "phone", "+44 20 7946 0958"),
        ("call 403.555.0100 ext. 12", "phone", "403.555.0100 ext. 12"),
        ("call 01 23 45 67 89", "phone", "01 23 45 67 89"),
        ("on 2026-01-15 only", "date", "2026-01-15"),
        ("on 15/01/2026", "date", "15/01/2026"),
        ("on January 5th, 2026", "date", "January 5th, 2026"),
        ("le 5 février 2026", "date", "5 février 2026"),
        ("at 8:30 a.m. sharp", "time", "8:30 a.m"),
        ("from 8 – 10 pm", "time", "8 – 10 pm"),
        ("à 18 h 30", "time", "18 h 30"),
        ("at 14:05", "time", "14:05"),
        ("it is $5.50.", "price", "$5.50"),
        ("it is 5,50 €", "price", "5,50 €"),
        ("it is 12 dollars", "price", "12 dollars"),
        ("down 12.5 %", "percent", "12.5 %"),
        ("the 21st ward", "number", "21st"),
        ("room 12A", "number", "12A"),
        ("x² and ½", "number", "x²"),
        ("open 24/7", "number", "24/7"),
        ("٤٠٣ beds", "number", "٤٠٣"),
        ("in twenty minutes", "amount", "twenty minutes"),
        ("open Mondays", "day", "Mondays"),
    ],
)
def test_finds_each_kind(text: str, kind: str, found: str) -> None:
    assert (kind, found) in [(item.kind, item.text) for item in literals(text)]


@pytest.mark.parametrize(
    "text",
    ["e.g. a Ph.D. at 9", "The U.S. office", "i.e. no", "Come in. Sit down.", "well... yes", ""],
)
def test_abbreviations_are_not_hosts(text: str) -> None:
    assert [item.text for item in literals(text) if item.kind == "host"] == []


@pytest.mark.parametrize(
    "answer",
    [
        "Call (403) 555 0100.",
        "Call 403.555.0100.",
        "Call 403–555–0100.",
        "Open 8 am to 10 pm.",
        "Open 8a.m. on Fridays.",
        "It is $ 14.25, or 20% less.",
        "The site is health.example.",
        "See HTTPS://Health.Example/parking/.",
        "Closed on January 5.",
        "Closed in 2026.",
        "Dial 811.",
        "Take room 12a on the 2nd floor.",
        "Write to Parking@health.example",
    ],
)
def test_keeps_what_was_seen_in_another_spelling(answer: str) -> None:
    assert check(answer, [SITE]).text == answer


@pytest.mark.parametrize(
    "answer",
    [
        "Call 403-555-0101.",
        "Call 403-555-010.",
        "Call 555-0100-403.",
        "Call 8112.",
        "Open 8 p.m.",
        "Open 9 am.",
        "Open 10:00 pm.",
        "It is $14.",
        "It is 14.25 euros.",
        "Save 25 %.",
        "See https://health.example/parking2",
        "See https://health.example/Parking",
        "See https://health.example.evil.example/parking",
        "See evil.example",
        "Write to billing@health.example",
        "Write to parking@health.example.evil.example",
        "Closed January 6, 2026.",
        "Closed January 5, 2027.",
        "Open Sunday.",
        "Wait ten minutes.",
        "Room 12.",
        "Room 12B.",
        "The 3rd floor.",
        "Room ١٢.",
        "It is 20² wide.",
    ],
)
def test_drops_what_was_not_seen(answer: str) -> None:
    checked = check(answer, [SITE])
    assert checked.text == ""
    assert len(checked.dropped) >= 1


def test_only_the_offending_sentence_goes() -> None:
    checked = check("Dial 811. Dial 911. Dr. Lee answers.\nRoom 99\nRoom 12A", [SITE])
    assert checked.text == "Dial 811. Dr. Lee answers.\nRoom 12A"
    assert checked.kept == ("811", "12A")
    assert checked.dropped == ("911", "99")


def test_a_list_number_becomes_a_dash() -> None:
    checked = check("1. Park.\n2. Pay $14.25.\n3. Go to evil.example.", [SITE])
    assert checked.text == "- Park.\n- Pay $14.25."
    assert "evil.example" in checked.dropped


def test_citation_marks_up_to_the_last_source_are_not_literals() -> None:
    assert check("Dial 811 [1].", [SITE], sources=1).text == "Dial 811 [1]."
    assert check("Dial 811 [1].", [SITE], sources=1).kept == ("811",)
    assert check("Dial 811 [2].", [SITE], sources=1).text == ""


def test_a_phone_beside_a_number() -> None:
    seen = ["Ward 12", "Phone 403-555-0100"]
    assert check("Ward 12 403-555-0100", seen).text
    assert not check("Ward 13 403-555-0100", seen).text
    assert not check("Call 403 555 0100", ["403 beds", "555 rooms", "0100"]).text


def test_a_day_may_stand_shortened() -> None:
    assert check("Open Tuesday.", ["Tue 8-4"]).text
    assert not check("Open Wednesday.", ["Tue 8-4"]).text


def test_an_amount_in_words_may_stand_in_digits() -> None:
    assert check("About twenty minutes.", ["20 min"]).text
    assert not check("About 20 minutes.", ["twenty minutes"]).text


SEPARATORS = st.sampled_from([" ", ". ", "\n", ", ", "-", " (", ") ", ".", ":", "/", "\u00a0", "–"])
WORDS = ["call", "am", "Dr", "open", "may", "ext", "x", "$", "%", "evil", "example", "a.m.", "pm"]


def texts(digits: str) -> st.SearchStrategy[str]:
    """Text that mixes words, digit strings and the separators of phones, dates and prices."""
    token = st.sampled_from(WORDS) | st.text(digits, min_size=1, max_size=10)
    return st.lists(st.tuples(token, SEPARATORS), max_size=25).map(
        lambda pairs: "".join(token + separator for token, separator in pairs)
    )


@given(answer=texts("0123456789²٤½"), seen=st.lists(texts("01234"), max_size=3))
def test_no_foreign_digit_survives(answer: str, seen: list[str]) -> None:
    assert not set(check(answer, seen).text) & set("56789²٤½")


@given(answer=texts("012"), seen=st.lists(texts("012"), max_size=4))
def test_every_surviving_run_of_digits_stands_in_the_texts(answer: str, seen: list[str]) -> None:
    """A run of digits stands if it is a run there, or a part of a phone number there."""
    runs = {run for text in seen for run in re.findall(r"\d+", text)}
    joined = [re.sub(r"[^\d\n]", "", text) for text in seen]
    for run in re.findall(r"\d+", check(answer, seen).text):
        assert run in runs or any(run in digits for digits in joined)


@given(answer=texts("0123"), seen=st.lists(texts("0123"), max_size=3))
def test_checking_twice_changes_nothing(answer: str, seen: list[str]) -> None:
    once = check(answer, seen).text
    assert check(once, seen).text == once


@given(text=texts("0123456789"))
def test_a_quote_always_passes(text: str) -> None:
    assert check(text, [text]).dropped == ()


@given(text=st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    for item in literals(text):
        assert text[slice(*item.span)] == item.text
    assert check(text, [text]).dropped == ()
