"""Whether a raw row may stand in the directory, and how its phone and e-mail are written there."""

import re
import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from frontdesk.db.contacts import FIELDS, Contact
from frontdesk.db.ingest.people.rows import BadRow, RawRow

LONGEST = {"name": 200, "notes": 2000}
LONGEST_OTHER = 300
_YES = frozenset("true t yes y 1 x oui o public vrai on".split())
_NO = frozenset("false f no n 0 non private internal prive privé faux off".split())
_EMAIL = re.compile(
    r"[^\s@<>(),;:\"\\\[\]]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_][\w-]{1,62}"
)
# A number of the house: three to six digits, perhaps announced ("811", "x4321", "ext. 22").
_SHORT = re.compile(r"(?:(?:ext\.?|extension|poste|x|#|\*)\s*)?\*?\d{3,6}", re.IGNORECASE)

_FICTIONAL = re.compile(r"\d{3}555\d{4}")  # numbers of films and of samples, in North America


class Unusable(ValueError):
    """A value that cannot stand; the message says which and why."""


def check(row: RawRow, *, region: str, unmarked_public: bool) -> tuple[Contact, bool] | BadRow:
    """Return the contact and whether the row said if it is public, or why it is rejected.

    A row that says nothing of `public` is private, unless `unmarked_public`.
    """
    try:
        values = {field: _clean(field, row.values.get(field, "")) for field in FIELDS}
        if not any(letter.isalnum() for letter in values["name"]):
            raise Unusable("no name")
        values["phone"] = phone(values["phone"], region)
        values["email"] = email(values["email"])
        marked = _marked(row.values.get("public", ""))
    except Unusable as error:
        return BadRow(row.line, str(error), row.values)
    public = unmarked_public if marked is None else marked
    return Contact(**values, public=public), marked is not None


def phone(value: str, region: str) -> str:
    """Return a phone number as it is written in its country, its extension kept.

    A number that is only possible, such as a fictional 555 one, or a short one of the house stays
    as written. Raises `Unusable` for anything else.
    """
    if not value or _SHORT.fullmatch(value):
        return value
    try:
        number = phonenumbers.parse(value, region)
    except NumberParseException:
        raise Unusable(f"phone {value!r} is not a phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise Unusable(f"phone {value!r} has too many or too few digits")
    written = phonenumbers.PhoneNumberMatcher(value, region, leniency=0)
    spelt = any(letter.isalpha() for letter in _bare(value))  # 1-800-FLOWERS
    if spelt or _FICTIONAL.fullmatch(str(number.national_number)):
        return value
    if not phonenumbers.is_valid_number(number):
        return value
    if sum(1 for _ in written) > 1:
        return value  # two numbers in one cell: both are kept
    home = phonenumbers.country_code_for_region(region) == number.country_code
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def email(value: str) -> str:
    """Return an e-mail address without `mailto:`. Raises `Unusable` when it is none."""
    value = re.sub(r"^mailto:", "", value, flags=re.IGNORECASE)
    if value and (len(value) > 254 or not _EMAIL.fullmatch(value)):
        raise Unusable(f"e-mail {value[:80]!r} is not an address")
    return value


def _bare(value: str) -> str:
    """Return a phone number without its announcement of an extension."""
    return re.split(r"(?i)\s*(?:ext\.?|extension|poste|x|#)\s*\d+$", value)[0]


def _clean(field: str, value: str) -> str:
    """Return a value on one line. Raises `Unusable` for hidden characters and endless values."""
    value = " ".join(unicodedata.normalize("NFC", value).split())
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co") for letter in value):
        raise Unusable(f"{field} holds a control character")
    if len(value) > LONGEST.get(field, LONGEST_OTHER):
        raise Unusable(f"{field} is longer than {LONGEST.get(field, LONGEST_OTHER)} characters")
    return value


def _marked(value: str) -> bool | None:
    word = value.strip().lower()
    if not word:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    raise Unusable(f"public is {value.strip()[:40]!r}; write true or false")
