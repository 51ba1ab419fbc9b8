"""The sites of a feed on a plain map: an SVG drawn from its coordinates, no tile server needed."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from frontdesk.ui.picture import picture
from frontdesk.ui.wait_states import Shown, ordered, shown

if TYPE_CHECKING:
    from frontdesk.graphs.parts import Department

WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 720.0, 280.0, 560.0
MARGIN_X, MARGIN_Y = 96.0, 44.0
LINE = 15.0  # height of a label
SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # kilometres
KM_A_DEGREE = 111.32
Point = tuple[float, float]


def sites_map(rows: Iterable["Department"]) -> str:
    """Return the departments that have coordinates as an SVG map, "" when fewer than two do.

    Equirectangular around the middle latitude, the same scale both ways; departments at one point
    share a mark that shows the shortest of their waits.
    """
    places: dict[Point, list[Department]] = {}
    for row in ordered(rows):
        if row.coordinates is not None:
            places.setdefault(row.coordinates, []).append(row)
    if len(places) < 2:
        return ""
    points, height, km = _project(list(places))
    marks = "".join(
        _mark(point, group) for point, group in zip(points, places.values(), strict=True)
    )
    labels = _labels(points, list(places.values()), height)
    land = f'<rect class="land" width="{WIDTH:.0f}" height="{height:.0f}" rx="14"/>'
    drawn = f"{land}{_graticule(height)}{_scale(km, height)}{marks}{labels}"
    said = f"Map of {len(places)} sites with their waits, which the table above lists; north is up."
    return f'<figure class="fd-map">{picture(drawn, WIDTH, height, said)}</figure>'


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


def _mark(point: Point, group: Sequence["Department"]) -> str:
    wait = shown(group[0])
    x, y = point
    return f'<circle class="{wait.tone}" cx="{x:.1f}" cy="{y:.1f}" r="7"/>'


def _labels(
    points: Sequence[Point], groups: Sequence[Sequence["Department"]], height: float
) -> str:
    """Return name and wait beside each mark, where they cover no other label; else the wait."""
    taken: list[tuple[float, float, float, float]] = [
        (x - 8, y - 8, x + 8, y + 8) for x, y in points
    ]
    said: list[str] = []
    for (x, y), group in zip(points, groups, strict=True):
        wait = shown(group[0])
        for lines in ((_short(group[0].site), wait.text), (wait.text,)):
            place = _free(x, y, lines, taken, height)
            if place is not None:
                box, anchor, left = place
                taken.append(box)
                said.append(_label(lines, anchor, left, box[1], wait))
                break
    return "".join(said)


def _free(
    x: float,
    y: float,
    lines: Sequence[str],
    taken: Sequence[tuple[float, float, float, float]],
    height: float,
) -> tuple[tuple[float, float, float, float], str, float] | None:
    """Return (box, text-anchor, x of the text) of the first free place around a mark."""
    wide = max(len(line) for line in lines) * 6.4 + 6
    high = LINE * len(lines)
    for anchor, left, top in (
        ("start", x + 12, y - high / 2),
        ("end", x - 12 - wide, y - high / 2),
        ("middle", x - wide / 2, y + 11),
        ("middle", x - wide / 2, y - 11 - high),
    ):
        box = (left, top, left + wide, top + high)
        inside = box[0] > 4 and box[1] > 4 and box[2] < WIDTH - 4 and box[3] < height - 4
        if inside and not any(_overlap(box, other) for other in taken):
            return box, anchor, {"start": left, "end": left + wide}.get(anchor, x)
    return None


def _label(lines: Sequence[str], anchor: str, x: float, top: float, wait: Shown) -> str:
    last = len(lines) - 1
    texts = "".join(
        f'<text class="{f"wait {wait.tone}" if at == last else "name"}" x="{x:.1f}"'
        f' y="{top + LINE * at + 11.5:.1f}" text-anchor="{anchor}">{escape(line)}</text>'
        for at, line in enumerate(lines)
    )
    return texts


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


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
