"""Where the sentences of a text begin and end, so that one of them can be left out."""

import re

_END = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?:\s*\[\d{1,3}\])*(?=\s|$)|[。！？])\s*|\n+")
_ABBREVIATION = re.compile(
    r"^\s*\d{1,3}\.\s*$|(?:^|[\s(])(?:dr|mr|mrs|ms|st|ste|mt|ft|ave|blvd|rd|no|ext|tel|vs|e\.g|i\.e|approx|dept|rm|"
    r"[a-z])\.\s*$",
    re.IGNORECASE,
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence; together they cover `text`, blanks included.

    A sentence ends at a full stop, question or exclamation mark before a blank, or at a line's
    end. "Dr. Lee", "ext. 4" and the "1." of a list are not two sentences.
    """
    spans = []
    start = 0
    for match in _END.finditer(text):
        piece = text[start : match.end()]
        if "\n" not in match[0] and _ABBREVIATION.search(piece):
            continue
        spans.append((start, match.end()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return spans
