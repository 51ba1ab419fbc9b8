"""Turn a table into rows that can be read, and quoted, alone.

| Day      | Hours       |
| Saturday | 9 am - 1 pm |     ->  "Day: Saturday; Hours: 9 am - 1 pm"
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from frontdesk.db.ingest.document import Link

_MOST_SPAN = 100  # a hostile colspan of a million must not fill the memory


@dataclass(frozen=True)
class Cell:
    """One cell, repeated wherever it spans."""

    text: str
    header: bool
    links: tuple[Link, ...] = ()


CellReader = Callable[[Any], tuple[str, tuple[Link, ...]]]


def is_layout(table: Any) -> bool:
    """Whether a table only arranges a page: to be read as the blocks in it."""
    if table.get("role") in ("presentation", "none") or table.find(".//table") is not None:
        return True
    rows = list(table.iter("tr"))
    has_headers = table.find(".//th") is not None or table.find("caption") is not None
    return not has_headers and all(len(row.xpath("./td")) < 2 for row in rows)


def table_rows(table: Any, read: CellReader) -> tuple[str, list[tuple[str, tuple[Link, ...]]]]:
    """Return the caption and one text a row, with the row's links. `read` reads one cell."""
    caption = table.findtext("caption") or ""
    if table.find("caption") is not None:
        caption = table.find("caption").text_content()
    grid = _grid(table, read)
    written = [
        (text, tuple(dict.fromkeys(link for cell in cells if cell for link in cell.links)))
        for text, cells in zip(readable_rows(grid), _data_rows(grid), strict=True)
    ]
    return caption, [(text, links) for text, links in written if text]


def readable_rows(grid: list[list[Cell | None]]) -> list[str]:
    """Write the data rows of a grid, each value after its column's header."""
    heads = _header_count(grid)
    width = max((len(row) for row in grid), default=0)
    names = [""] * width
    for row in grid[:heads]:
        for column, cell in enumerate(row):
            if cell and cell.text and cell.text not in names[column].split(", "):
                names[column] = ", ".join(filter(None, (names[column], cell.text)))
    return [_readable(row, names) for row in _data_rows(grid)]


def _data_rows(grid: list[list[Cell | None]]) -> list[list[Cell | None]]:
    return grid[_header_count(grid) :]


def _readable(row: list[Cell | None], names: list[str]) -> str:
    cells = [(names[i], cell) for i, cell in enumerate(row) if cell and cell.text]
    distinct: list[tuple[str, Cell]] = []
    for name, cell in cells:
        if not distinct or cell is not distinct[-1][1]:  # a cell that spans columns says it once
            distinct.append((name, cell))
    if not distinct:
        return ""
    first = distinct[0][1]
    if first.header and not any(name for name, _ in distinct[1:]) and len(distinct) > 1:
        return f"{first.text.rstrip(':')}: " + "; ".join(cell.text for _, cell in distinct[1:])
    return "; ".join(
        f"{name.rstrip(':')}: {cell.text}" if name else cell.text for name, cell in distinct
    )


def _header_count(grid: list[list[Cell | None]]) -> int:
    """How many rows at the top are headers: all their cells are."""
    count = 0
    for row in grid:
        cells = [cell for cell in row if cell]
        if len(cells) < 2 or not all(cell.header or not cell.text for cell in cells):
            break
        count += 1
    return count if count < len(grid) else 0


def _grid(table: Any, read: CellReader) -> list[list[Cell | None]]:
    grid: list[list[Cell | None]] = []
    waiting: dict[int, tuple[int, Cell]] = {}  # column -> rows still to fill, and with what
    for row in table.iter("tr"):
        line: list[Cell | None] = []
        in_head = row.getparent().tag == "thead"
        elements: Iterator[Any] = iter(row.xpath("./td | ./th"))
        element: Any = next(elements, None)
        while element is not None or len(line) in waiting:
            column = len(line)
            if column in waiting:
                left, cell = waiting.pop(column)
                line.append(cell)
                if left > 1:
                    waiting[column] = (left - 1, cell)
                continue
            text, links = read(element)
            cell = Cell(text, element.tag == "th" or in_head, links)
            down = _span(element, "rowspan")
            for offset in range(_span(element, "colspan")):
                line.append(cell)
                if down > 1:
                    waiting[column + offset] = (down - 1, cell)
            element = next(elements, None)
        grid.append(line)
    return grid


def _span(element: Any, name: str) -> int:
    value = (element.get(name) or "1").strip()
    return max(1, min(int(value), _MOST_SPAN)) if value.isdigit() else 1
