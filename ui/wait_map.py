"""The sites of a feed on a plain map: an SVG drawn from its coordinates, no tile server needed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from frontdesk.ui.picture import picture
from frontdesk.ui.wait_states import ordered, shown

if TYPE_CHECKING:
    from frontdesk.graphs.parts import Department

WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 720.0, 280.0, 560.0
MARGIN_X, MARGIN_Y = 96.0, 44.0
LINE = 15.0  # height of a label
SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # kilometres
KM_A_DEGREE = 111.32
Point = tuple[float, float]
Box = tuple[float, float, float, float]
NEAR = 26.0  # in the picture


def sites_map(rows: Iterable["Department"]) -> str:
    """Return the departments that have coordinates as a map, "" when fewer than two places do.

    Equirectangular around the middle latitude, the same scale both ways. Places that would cover
    each other share one mark with their number and the shortest of their waits.
    """
    places: dict[Point, list[Department]] = {}
    for row in ordered(rows):
        if row.coordinates is not None:
            places.setdefault(row.coordinates, []).append(row)
    if len(places) < 2:
        return ""
    points, height, km = _project(list(places))
    marks = _marks(points, list(places.values()))
    land = f'<rect class="land" width="{WIDTH:.0f}" height="{height:.0f}" rx="14"/>'
    drawn = "".join(_drawn(mark) for mark in marks) + _labels(marks, height)
    said = f"Map of {len(places)} places with their waits, which the table lists; north is up."
    svg = f"{land}{_graticule(height)}{_scale(km, height)}{drawn}"
    return f'<figure class="fd-map">{picture(svg, WIDTH, height, said)}</figure>'


@dataclass(frozen=True)
class Mark:
    """A mark on the map: one place, or several that would cover each other."""

    x: float
    y: float
    rows: tuple["Department", ...]  # the shortest wait first
    places: int = 1

    @property
    def name(self) -> str:
        """The site, or what the sites share: their town, else their region."""
        sites = list(dict.fromkeys(row.site for row in self.rows))
        if self.places == 1:
            return _short(sites[0])
        for shared in ({row.town for row in self.rows}, {row.region for row in self.rows}):
            if len(shared) == 1 and (name := shared.pop()):
                return f"{name}, {len(sites)} sites"
        return f"{_short(sites[0])} and {len(sites) - 1} more"

    @property
    def wait(self) -> str:
        """The wait, the shortest one of several."""
        said = shown(self.rows[0])
        several = self.places > 1 and self.rows[0].state == "ok"
        return f"from {said.text}" if several else said.text

    @property
    def tone(self) -> str:
        return shown(self.rows[0]).tone


def _marks(points: Sequence[Point], groups: Sequence[Sequence["Department"]]) -> list[Mark]:
    """Return one mark a place; those nearer to each other than `NEAR` become one."""
    marks: list[Mark] = []
    for (x, y), rows in zip(points, groups, strict=True):
        near = next((m for m in marks if math.hypot(m.x - x, m.y - y) < NEAR), None)
        if near is None:
            marks.append(Mark(x, y, tuple(rows)))
            continue
        count = near.places + 1
        middle = (near.x + (x - near.x) / count, near.y + (y - near.y) / count)
        joined = Mark(*middle, tuple(ordered([*near.rows, *rows])), count)
        marks[marks.index(near)] = joined
    return marks


def _project(places: Sequence[Point]) -> tuple[list[Point], float, float]:
    """Return the places in the picture, its height, and how many pixels are a kilometre."""
    latitudes = [latitude for latitude, _ in places]
    narrow = math.cos(math.radians((min(latitudes) + max(latitudes)) / 2))
    east = [longitude * narrow * KM_A_DEGREE for _, longitude in places]
    north = [latitude * KM_A_DEGREE for latitude in latitudes]
    wide, high = max(east) - min(east) or 1.0, max(north) - min(north) or 1.0
    km = min((WIDTH - 2 * MARGIN_X) / wide, (MOST_HEIGHT - 2 * MARGIN_Y) / high)
    height = max(LEAST_HEIGHT, high * km + 2 * MARGIN_Y)
    left = (WIDTH - wide * km) / 2
    top = (height - high * km) / 2
    points = [
        (left + (x - min(east)) * km, top + (max(north) - y) * km)
        for x, y in zip(east, north, strict=True)
    ]
    return points, height, km


def _drawn(mark: Mark) -> str:
    radius = 7 if mark.places == 1 else 11
    circle = f'<circle class="{mark.tone}" cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{radius}"/>'
    if mark.places == 1:
        return circle
    at = f'x="{mark.x:.1f}" y="{mark.y + 4:.1f}" text-anchor="middle"'
    return f'{circle}<text class="count" {at}>{mark.places}</text>'


def _labels(marks: Sequence[Mark], height: float) -> str:
    """Return name and wait beside each mark, where they cover nothing; else the wait alone."""
    taken: list[Box] = [(m.x - 9, m.y - 9, m.x + 9, m.y + 9) for m in marks]
    said: list[str] = []
    for mark in marks:
        for lines in ((mark.name, mark.wait), (mark.wait,)):
            place = _free(mark, lines, taken, height)
            if place is not None:
                box, anchor, x = place
                taken.append(box)
                said.append(_label(lines, anchor, x, box[1], mark.tone))
                break
    return "".join(said)


def _free(
    mark: Mark, lines: Sequence[str], taken: Sequence[Box], height: float
) -> tuple[Box, str, float] | None:
    """Return (box, text-anchor, x of the text) of the first free place around a mark."""
    wide = max(len(line) for line in lines) * 6.6 + 6
    high = LINE * len(lines)
    for anchor, left, top in (
        ("start", mark.x + 15, mark.y - high / 2),
        ("end", mark.x - 15 - wide, mark.y - high / 2),
        ("middle", mark.x - wide / 2, mark.y + 12),
        ("middle", mark.x - wide / 2, mark.y - 12 - high),
    ):
        box = (left, top, left + wide, top + high)
        inside = box[0] > 4 and box[1] > 4 and box[2] < WIDTH - 4 and box[3] < height - 4
        if inside and not any(_overlap(box, other) for other in taken):
            return box, anchor, {"start": left, "end": left + wide}.get(anchor, mark.x)
    return None


def _label(lines: Sequence[str], anchor: str, x: float, top: float, tone: str) -> str:
    last = len(lines) - 1
    return "".join(
        f'<text class="{f"wait {tone}" if at == last else "name"}" x="{x:.1f}"'
        f' y="{top + LINE * at + 11.5:.1f}" text-anchor="{anchor}">{escape(line)}</text>'
        for at, line in enumerate(lines)
    )


def _graticule(height: float) -> str:
    """Return faint lines, so that an empty stretch still reads as ground."""
    lines = [f"M0 {y}H{WIDTH:.0f}" for y in range(60, int(height), 60)]
    lines += [f"M{x} 0V{height:.0f}" for x in range(60, int(WIDTH), 60)]
    return f'<path class="grid" d="{"".join(lines)}"/>'


def _scale(km: float, height: float) -> str:
    length = max((size for size in SCALES if size * km <= 130), default=SCALES[0])
    end, y = 18 + length * km, height - 18
    return (
        f'<path class="scale" d="M18 {y - 5:.0f}v5H{end:.1f}v-5"/>'
        f'<text class="soft" x="{end + 6:.1f}" y="{y:.0f}">{length} km</text>'
    )


def _short(site: str) -> str:
    return site if len(site) <= 30 else f"{site[:29].rstrip()}…"


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
