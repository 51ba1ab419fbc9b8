"""Which department is nearest to a town or a site, by the feed's coordinates."""

from collections.abc import Iterable, Mapping, Sequence
from math import asin, cos, radians, sin, sqrt

from frontdesk.tools.feeds import Department
from frontdesk.tools.waits.answer import Answer, Question
from frontdesk.tools.waits.board import WaitRow
from frontdesk.tools.waits.names import normal
from frontdesk.tools.waits.resolve import Target, of_kind
from frontdesk.tools.waits.words import called, kind_of, wait

Point = tuple[float, float]
EARTH_KM = 6371.0
NEAREST = 3


def distance_km(a: Point, b: Point) -> float:
    """Return the great-circle distance of two (latitude, longitude) points in km (haversine)."""
    latitude, longitude = radians(b[0] - a[0]), radians(b[1] - a[1])
    h = sin(latitude / 2) ** 2
    h += cos(radians(a[0])) * cos(radians(b[0])) * sin(longitude / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(h)))


def centre(points: Sequence[Point]) -> Point | None:
    """Return the middle of points that lie close together; None for no points."""
    if not points:
        return None
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def origin(target: Target, towns: Mapping[str, Point]) -> Point | None:
    """Return where a place is: by the settings, else by its departments' coordinates."""
    for town, point in towns.items():
        if normal(town) == normal(target.name):
            return point
    rows: Iterable[Department] = (*target.rows, *([target.missing] if target.missing else []))
    return centre([row.coordinates for row in rows if row.coordinates])


def answer_nearest(question: Question, towns: Mapping[str, Point]) -> Answer:
    """Which department is nearest to a place?"""
    if not question.targets:
        return Answer(["Name a town or a site to measure from."])
    target = question.targets[0]
    start = origin(target, towns)
    if start is None:
        return Answer(
            [f"The feed gives no coordinates for {target.name}, so no distance is known."]
        )
    rows = of_kind(question.board.departments, question.kind)
    if question.kind == "any":
        rows = [row for row in rows if row.kind != "children"] or rows
    if target.kind == "site":
        rows = [row for row in rows if row.site != target.name]
    far = sorted(
        ((distance_km(start, row.coordinates), row) for row in rows if row.coordinates),
        key=lambda pair: (pair[0], pair[1].site),
    )
    if not far:
        return Answer([f"The feed gives coordinates for no {kind_of(question.kind)}."])
    table = [WaitRow(department=row, wait=wait(row), distance_km=round(km, 1)) for km, row in far]
    sentences = []
    for number, (km, row) in enumerate(far[:NEAREST]):
        start_of = f"Nearest to {target.name}: " if number == 0 else "Then "
        place = f"in {row.town}" if row.town and km < 1 else f"about {_said(km)} away"
        sentences.append(f"{start_of}{called(row)}, {place}; {wait(row)}.")
    sentences.append("Distances are in a straight line.")
    return Answer(sentences, table[:NEAREST])


def _said(km: float) -> str:
    return f"{km:.1f} km" if km < 10 else f"{km:.0f} km"
