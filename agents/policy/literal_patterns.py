"""What a literal looks like, and the one form in which two spellings of it are compared.

Comparison forgives the spacing and dashes of phone numbers, times and prices ("403 555-0100" is
"(403) 555-0100", "8 a.m." is "8am") and letter case; it never changes a digit.
"""

import re

PHONE_DIGITS = 7  # the fewest digits that are read as one phone number across its gaps

_GAP = "[ \\t\\u00a0\\u2009\\u202f]"
_DASH = "[-\\u2010-\\u2015\\u2212]"
# Digits and the numerals that are not decimal digits (2 squared, one half, circled one).
_NUMERAL = r"[\d²³¹¼-¾⁰-₉⅐-↉①-⒛⓪-⓿❶-➓]"
_TOKEN = r"[^\s|<>\"“”«»，。、；：！？（）「」]"
_DOT = r"[.。．｡]"
_CLOCK = rf"\d{{1,2}}(?:[:.h]\d{{2}})?(?:{_GAP}?[ap]{_GAP}?\.?{_GAP}?m\b)?"
_HALF_DAY = rf"{_GAP}?[ap]\.?{_GAP}?m\b"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|janvier|f[ée]vrier|mars|avril|mai|"
    r"juin|juillet|ao[ûu]t|septembre|octobre|novembre|d[ée]cembre|enero|febrero|marzo|abril|mayo|"
    r"junio|julio|agosto|septiembre|octubre|noviembre|diciembre)\b\.?"
)
_ORDINAL_END = r"(?:st|nd|rd|th|er|[ºª])?"
NUMBER_WORDS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
        "hundred thousand million".split(),
        [str(number) for number in [*range(1, 20), *range(20, 100, 10), 100, 1000, 1_000_000]],
        strict=True,
    )
)
_UNITS = (
    r"(?:minute|hour|day|week|month|year|dollar|cent|euro|pound|percent|per cent|kilomet(?:er|re)|"
    r"met(?:er|re)|mile|time)s?"
)

_KINDS = {
    "url": rf"(?:[a-z][a-z\d+.-]*:)?//{_TOKEN}+|www\.{_TOKEN}+|"
    rf"\b(?:mailto|tel|sms|data|file|javascript):{_TOKEN}+",
    "email": r"[\w.+%'’-]+@[\w.-]*\w",
    "date": rf"(?<![\w.-])(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]"
    rf"(?:\d{{4}}|\d{{2}}))(?![\w-])|"
    rf"\b{_MONTH}{_GAP}?\d{{1,2}}{_ORDINAL_END}(?:,?{_GAP}\d{{4}})?(?![\w:]|-\d)|"
    rf"(?<!\w)\d{{1,2}}{_ORDINAL_END}{_GAP}(?:of{_GAP}|de{_GAP})?{_MONTH}"
    rf"(?:,?{_GAP}(?:de{_GAP})?\d{{4}})?(?!\w|-\d)",
    "time": rf"(?<![\w.]){_CLOCK}{_GAP}?{_DASH}{_GAP}?\d{{1,2}}(?:[:.]\d{{2}})?{_HALF_DAY}|"
    rf"(?<![\w.])\d{{1,2}}(?:[:.]\d{{2}})?{_HALF_DAY}|"
    rf"(?<![\w.:])\d{{1,2}}:\d{{2}}(?!\w|:\d)|(?<!\w)\d{{1,2}}{_GAP}?h(?:{_GAP}?\d{{2}})?(?!\w)",
    "price": rf"(?<!\w)[$€£¥]{_GAP}?\d[\d,.]*(?!\w)|"
    rf"(?<![\w.,])\d[\d,.]*{_GAP}?(?:[$€£¥]|(?:dollars?|euros?|cents?|pounds?)\b)",
    "percent": rf"(?<![\w.,])\d[\d,.]*{_GAP}?(?:%|per{_GAP}?cent\b)",
    "phone": rf"(?<![\w.])(?=(?:(?:[+().]|{_GAP}|{_DASH})*\d)"
    rf"{{{PHONE_DIGITS}}})\+?\(?\d{{1,4}}\)?(?:(?:[.]|{_GAP}?{_DASH}{_GAP}?|{_GAP})?"
    rf"\(?\d{{2,4}}\)?){{1,5}}(?:,?{_GAP}?(?:ext|x|extension|poste)\.?{_GAP}?\d{{1,6}})?(?!\w)",
    "amount": rf"\b(?:{'|'.join(NUMBER_WORDS)})[\s-]{_UNITS}\b",
    "day": r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|"
    r"\b(?:january|february|april|august|september|october|november|december)\b",
    "host": rf"(?<![\w@.-])[\w-]+(?:{_DOT}[\w-]+)*{_DOT}(?:[^\W\d_]{{2,}}|xn--[\w-]+)(?!\w)"
    rf"(?::\d+)?(?:/{_TOKEN}*)?",
    "number": rf"{_TOKEN}*{_NUMERAL}{_TOKEN}*",
}
LITERAL = re.compile(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()), re.IGNORECASE
)
_DASHES = re.compile(_DASH)
_SPACES = re.compile(r"\s+")
_URL = re.compile(r"(?P<scheme>[a-z][a-z\d+.-]*:)?(?://)?(?P<host>[^/?#]*)(?P<rest>.*)", re.I)


def canonical(text: str, kind: str) -> str:
    """Return the form of a literal that equal literals share; the digits are untouched."""
    plain = _DASHES.sub("-", text)
    if kind == "url":
        return _url(plain)
    plain = plain.casefold()
    if kind == "phone":
        number, _, extension = re.sub(r"[^\dx]", "", re.sub("[a-z]+", "x", plain)).partition("x")
        return f"phone:{number}" + (f"x{extension}" if extension else "")
    if kind in {"time", "price", "percent", "date"}:
        squeezed = _SPACES.sub("", plain)
        if kind == "time":
            return re.sub(r"([ap])\.?m\.?", r"\1m", squeezed)
        if kind == "percent":
            return squeezed.replace("percent", "%")
        return (
            squeezed.rstrip(".,") if kind == "price" else re.sub(r"[,]|(?<=[a-z])\.", "", squeezed)
        )
    if kind == "day":
        return plain.removesuffix("s")
    if kind == "number":
        return re.sub(r"(?:'|’)s$", "", plain).lstrip("#")
    return _SPACES.sub(" ", plain)


def readings(text: str, kind: str) -> set[str]:
    """Return every form that may be repeated once `text` stands in an observation.

    A URL also allows its host; a phone number its parts of seven digits or more (no country code,
    no extension); a time range its ends; a date its day and year; each of them its plain numbers.
    """
    forms = {canonical(text, kind)}
    if kind == "url":
        forms |= _hosts(text)
    elif kind == "phone":
        forms |= _phone_readings(text)
    elif kind in {"time", "date", "price", "percent"}:
        forms |= _part_readings(text, kind)
    return forms - {""}


def _url(text: str) -> str:
    """Scheme and host without letter case, the rest as it is, no slash at the end."""
    parts = _URL.fullmatch(text)
    if parts is None:
        return text
    scheme = (parts["scheme"] or "").casefold()
    return f"{scheme}//{parts['host'].casefold()}{parts['rest'].rstrip('/')}"


def _hosts(text: str) -> set[str]:
    """The ways to write a URL as a bare host: with and without its path, with and without www."""
    parts = _URL.fullmatch(text)
    if parts is None or parts["scheme"] not in {"http:", "https:", None}:
        return set()
    host = parts["host"].casefold()
    whole = f"{host}{parts['rest'].casefold().rstrip('/')}"
    return {host, whole, host.removeprefix("www."), whole.removeprefix("www."), f"//{host}"}


def _part_readings(text: str, kind: str) -> set[str]:
    """The ends of a range, and the plain numbers of a date, time, price or percentage."""
    if kind == "date":
        words = text.split()
        forms = {canonical(re.sub(r",?\s*\d{4}$", "", text), "date")}
    else:
        words = re.split(rf"\s+|(?<=[\d.m])\s*{_DASH}\s*(?=\d)", text)
        forms = set()
    for word in (word.strip(".,") for word in words):
        forms |= {canonical(word, "number"), canonical(word, kind)}
        forms.add(re.sub(r"[ap]\.?m\.?$|[%$€£¥h]", "", word.casefold()).strip(".,"))
    return forms


def _phone_readings(text: str) -> set[str]:
    number = re.split(r"(?i)[a-z]", text)[0]
    groups = re.findall(r"\d+", number)
    runs = {
        "".join(groups[start:end])
        for start in range(len(groups))
        for end in range(start + 1, len(groups) + 1)
    }
    ends = {group.strip("().+,") for group in (text.split()[0], text.split()[-1])}
    return {f"phone:{run}" for run in runs if len(run) >= PHONE_DIGITS} | {
        end for end in ends if len(end) < PHONE_DIGITS
    }
