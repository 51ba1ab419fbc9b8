"""Find out how a text is encoded when what it is called cannot be trusted."""

import re
from collections.abc import Iterable

_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Servers name these by default, whatever the file is.
_BY_DEFAULT = re.compile(r"(iso-?8859-\d+|latin-?\d|windows-125\d|cp125\d|us-ascii|ascii)$", re.I)
_SAMPLE = 50_000  # bytes that a guess is made from
_MANY = 0.15  # the share of bytes past ASCII above which a text is hardly Western European


def charset_of(body: bytes, named: Iterable[str]) -> str:
    """Return the name of a charset that decodes `body`; of `named`, the first that does.

    Text that reads as UTF-8 and is not plain ASCII is UTF-8, even where it is called Latin-1. When
    nothing that is named fits, it is guessed; Windows-1252 is what is left.
    """
    for mark, name in _MARKS:
        if body.startswith(mark) and _decodes(body, name):
            return name
    unicode = _decodes(body, "utf-8")
    for name in named:
        if name and _decodes(body, name):
            wrong = unicode and not body.isascii() and _BY_DEFAULT.match(name)
            return "utf-8" if wrong else name
    return "utf-8" if unicode else _guess(body[:_SAMPLE])


def _decodes(body: bytes, name: str) -> bool:
    try:
        body.decode(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return True


def _guess(body: bytes) -> str:
    past = sum(byte > 127 for byte in body)
    if past < _MANY * len(body):
        return "cp1252"
    from charset_normalizer import from_bytes  # loads tables of languages

    best = from_bytes(body).best()
    return best.encoding if best is not None else "cp1252"
