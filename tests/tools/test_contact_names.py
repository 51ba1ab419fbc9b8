"""Names as they are compared, and questions read for whom they seek."""

import pytest

from frontdesk.tools.contacts.index import stem
from frontdesk.tools.contacts.names import fold, parse_name, sound, words
from frontdesk.tools.contacts.nicknames import short_forms
from frontdesk.tools.contacts.query import read_question

KNOWN = frozenset("smith long marie eve will young john obrien helene tremblay".split())


@pytest.mark.parametrize(
    ("written", "folded"),
    [("Ève", "eve"), ("O’Brien", "o'brien"), ("Müller-Łuk", "muller-luk"), ("Straße", "strasse")],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("Dr. Marie-Ève O'Brien, RN", ("marie", "eve", "obrien")),
        ("Tremblay, Luc", ("luc", "tremblay")),
        ("J. R. van den Berg MD", ("j", "r", "berg")),
        ("Prof. Nguyễn Thị Hoa", ("nguyen", "thi", "hoa")),
        ("李 明", ("李", "明")),
        ("Dr.", ("dr",)),
        ("", ()),
    ],
)
def test_parse_name(written: str, parts: tuple[str, ...]) -> None:
    assert parse_name(written).parts == parts


def test_names_written_as_one() -> None:
    assert parse_name("Marie-Ève Roy").joined["marieeve"] == (0, 1)
    assert parse_name("Jan van den Berg").joined["vandenberg"] == (1,)
    assert parse_name("Mary Ann Lee").joined["maryann"] == (0, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("smith", "smyth"),
        ("shaughnessy", "shonesy"),
        ("philip", "filip"),
        ("catherine", "katherine"),
        ("stephen", "steven"),
        ("macdonald", "mcdonald"),
        ("gauthier", "gotier"),
        ("thibault", "tibo"),
        ("wright", "rite"),
        ("leblanc", "leblank"),
    ],
)
def test_said_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


def test_nicknames_go_both_ways() -> None:
    assert "robert" in short_forms("bob") and "bob" in short_forms("robert")
    assert "guillaume" in short_forms("will")
    assert short_forms("zorg") == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cardiology", "cardiologist"),
        ("refund", "refunds"),
        ("billing", "bill"),
        ("nurse", "nurses"),
    ],
)
def test_stems(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("question", "sought"),
    [
        ("whats dr smiths number", ["smiths"]),
        ("What's the e-mail of Smith's office?", ["smith", "office"]),
        ("who do i call about a lost wallet", ["lost", "wallet"]),
        ("can i speak to marie-eve", ["marie", "eve"]),
        ("numbr for smith plese", ["smith"]),
        ("johnsmith", ["john", "smith"]),
        ("how do i contact someone", []),
        ("will", ["will"]),
        ("Dr. Will", ["will"]),
        ("", []),
        ("?!", []),
    ],
)
def test_only_the_words_that_seek_are_left(question: str, sought: list[str]) -> None:
    assert [word.text for word in read_question(question, KNOWN).words] == sought


def test_signs_of_a_name() -> None:
    def cue(question: str) -> float:
        return max(word.cue for word in read_question(question, KNOWN).words)

    assert cue("how long is the wait") == 0
    assert cue("who do i call about long waits") == 0
    assert cue("call long") > 0
    assert cue("speak to long") > 0
    assert cue("dr long") > cue("call long") - 1
    assert "helene" in read_question("l'adresse d'Hélène", KNOWN).words[0].forms


def test_a_span_is_cut_from_the_question() -> None:
    question = read_question("email of Marie-Ève Tremblay please", KNOWN)
    assert question.span({0, 1}) == "Marie-Ève"
    assert question.span(()) == ""


def test_words_of_other_scripts() -> None:
    assert words("Отдел кадров, 人事課") == ["отдел", "кадров", "人事課"]
