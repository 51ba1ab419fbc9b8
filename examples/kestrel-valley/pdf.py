"""Set Markdown as a PDF: headings, paragraphs, lists, tables; the same bytes every time."""

import html
import io
from collections.abc import Iterator, Sequence

from markdown_it.token import Token
from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

TINT = colors.HexColor("#0b5d5e")
STYLES = getSampleStyleSheet()
BODY = ParagraphStyle("body", STYLES["BodyText"], fontSize=10.5, leading=15)
SMALL = ParagraphStyle("small", BODY, fontSize=9, textColor=colors.HexColor("#555555"))
ITEM = ParagraphStyle("item", BODY, leftIndent=12, bulletIndent=2)
CELL = ParagraphStyle("cell", BODY, fontSize=9.5, leading=13)
HEADINGS = {
    tag: ParagraphStyle(tag, STYLES[f"Heading{level}"], textColor=TINT)
    for level, tag in enumerate(("h1", "h2", "h3"), start=1)
}
GRID = [
    ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9bb")),
    ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e3f0ef")),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


def inline(token: Token) -> str:
    """The text of an inline token in reportlab's small markup (bold and italics)."""
    marks = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>"}
    parts = [
        marks.get(child.type) or (" " if child.type == "softbreak" else html.escape(child.content))
        for child in token.children or ()
    ]
    return "".join(parts)


def table(tokens: Iterator[Token]) -> Flowable:
    """Read the tokens of one table up to its end."""
    rows: list[list[Paragraph]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(Paragraph(inline(token), CELL))
        elif token.type == "table_close":
            break
    return Table(rows, style=GRID, hAlign="LEFT", repeatRows=1, spaceAfter=8)


def flow(tokens: Sequence[Token]) -> Iterator[Flowable]:
    """The flowables of a document in order."""
    stream = iter(tokens)
    style, bullet, number = BODY, None, 0
    for token in stream:
        if token.type == "table_open":
            yield table(stream)
        elif token.type == "heading_open":
            style = HEADINGS[token.tag]
        elif token.type == "ordered_list_open":
            number = 1
        elif token.type == "list_item_open":
            style, bullet = ITEM, f"{token.info}." if number else "–"
        elif token.type in ("heading_close", "list_item_close"):
            style, bullet = BODY, None
        elif token.type == "ordered_list_close":
            number = 0
        elif token.type == "inline":
            yield Paragraph(inline(token), style, bulletText=bullet)


def render(title: str, dated: str, tokens: Sequence[Token]) -> bytes:
    """The PDF of one paper, with its title, its date and who publishes it."""
    out = io.BytesIO()
    paper = SimpleDocTemplate(
        out, pagesize=LETTER, title=title, author="Kestrel Valley Health", invariant=1,
        leftMargin=22 * mm, rightMargin=22 * mm, topMargin=20 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    head = [Paragraph(html.escape(title), HEADINGS["h1"])]
    imprint = Paragraph(f"Kestrel Valley Health · {dated}", SMALL)
    paper.build([*head, imprint, Spacer(1, 6 * mm), *flow(tokens)])
    return out.getvalue()
