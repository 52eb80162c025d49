"""The corridor as a schematic map: cities where they lie, joined by the shortest tree of bridges.

Points and arcs only, no boundary: a base map would need an approval number (审图号).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langqiao.apps.registry.models import City
from langqiao.kit.words import named

WIDTH, HEIGHT, MARGIN_X, MARGIN_Y = 640.0, 470.0, 64.0, 44.0  # room for a short name


@dataclass(frozen=True)
class Spot:
    """A city and how many records it has."""

    city: City
    count: int


@dataclass(frozen=True)
class Point:
    """A city as drawn; text stands at (label_x, label_y), anchored ``start``, ``middle`` or ``end``."""

    slug: str
    name: str
    count: int
    x: float
    y: float
    halo: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Picture:
    """What the template draws."""

    width: int
    height: int
    points: list[Point]
    arcs: list[str]


def _text_width(text: str) -> float:
    """About how wide a name is at 17 units: a Chinese character fills its square."""
    return sum(17.0 if ord(c) > 0x2E80 else 9.5 for c in text)


@dataclass(frozen=True)
class Projection:
    """Equirectangular, true at the middle latitude: degrees to a place in the picture."""

    shrink: float
    west: float
    north: float
    scale: float
    left: float
    top: float

    @classmethod
    def of(cls, cities: Sequence[City], size: tuple[float, float]) -> Projection:
        """Fit cities into a picture with room for their names."""
        margin = max([MARGIN_X, *(_text_width(named(city)) + 30.0 for city in cities)])
        shrink = math.cos(math.radians(sum(c.latitude for c in cities) / len(cities)))
        xs, ys = [c.longitude * shrink for c in cities], [-c.latitude for c in cities]
        wide, high = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
        scale = min((size[0] - 2 * margin) / wide, (size[1] - 2 * MARGIN_Y) / high)
        left, top = (size[0] - wide * scale) / 2, (size[1] - high * scale) / 2
        return cls(shrink, min(xs), min(ys), scale, left, top)

    def at(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Where a place stands."""
        x, y = longitude * self.shrink, -latitude
        return self.left + (x - self.west) * self.scale, self.top + (y - self.north) * self.scale


def _tree(places: list[tuple[float, float]]) -> list[tuple[int, int]]:
    """Prim's minimum spanning tree: the pairs joined."""
    joined, pairs = {0}, []
    while len(joined) < len(places):
        pair = min(
            ((a, b) for a in joined for b in range(len(places)) if b not in joined),
            key=lambda ab: math.dist(places[ab[0]], places[ab[1]]),
        )
        joined.add(pair[1])
        pairs.append(pair)
    return pairs


@dataclass(frozen=True)
class _Bridge:
    """A flat quadratic arc from west to east that rises above its chord."""

    start: tuple[float, float]
    middle: tuple[float, float]
    end: tuple[float, float]

    @classmethod
    def between(cls, one: tuple[float, float], other: tuple[float, float]) -> _Bridge:
        start, end = sorted([one, other])
        span = math.dist(start, end) or 1.0
        rise = 2 * min(0.07 * span, 10.0)
        # The normal of the chord that points upwards on the screen.
        nx, ny = (end[1] - start[1]) / span, -(end[0] - start[0]) / span
        if ny > 0:
            nx, ny = -nx, -ny
        middle = ((start[0] + end[0]) / 2 + nx * rise, (start[1] + end[1]) / 2 + ny * rise)
        return cls(start, middle, end)

    @property
    def path(self) -> str:
        (x1, y1), (cx, cy), (x2, y2) = self.start, self.middle, self.end
        return f"M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}"

    def at(self, t: float) -> tuple[float, float]:
        """The point at ``t`` of 0…1 (Bézier)."""
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        (x1, y1), (cx, cy), (x2, y2) = self.start, self.middle, self.end
        return a * x1 + b * cx + c * x2, a * y1 + b * cy + c * y2


NEAR = 13.0
"""Between a city's point and the nearest edge of its name, whatever its halo."""
APART = 26.0  # between a name and the points of other cities, where there is room
NAME_HIGH, COUNT_HIGH = 20.0, 20.0

# Where a name stands: its anchor, and how much of NEAR lies between, across and down. The plainest first.
_SIDES = (
    ("start", 1.0, 0.0), ("end", -1.0, 0.0), ("middle", 0.0, 1.0), ("middle", 0.0, -1.0),
    ("start", 0.7, 0.5), ("end", -0.7, 0.5), ("start", 0.7, -0.5), ("end", -0.7, -0.5),
)  # fmt: skip
_Side = tuple[str, float, float]
_Box = tuple[float, float, float, float]


def _box(x: float, y: float, width: float, height: float, side: _Side) -> _Box:
    """Left, top, right, bottom of a label at a side of its point."""
    anchor, dx, dy = side
    left = {"start": x + dx * NEAR, "end": x + dx * NEAR - width, "middle": x - width / 2}[anchor]
    middle = y + dy * NEAR + math.copysign(height / 2, dy) * bool(dy)
    return left, middle - height / 2, left + width, middle + height / 2


def distance(box: _Box, place: tuple[float, float]) -> float:
    """From a label to a point; 0 where it lies on the label."""
    left, top, right, bottom = box
    return math.hypot(max(left - place[0], 0, place[0] - right), max(top - place[1], 0, place[1] - bottom))


def _cost(
    box: _Box,
    taken: list[_Box],
    places: list[tuple[float, float]],
    bridges: list[_Bridge],
    size: tuple[float, float],
) -> float:
    """How much a label would cover of other labels, cities, bridges and the picture's edge."""
    left, top, right, bottom = box
    cost = 0.0
    for l2, t2, r2, b2 in taken:
        cost += max(0.0, min(right, r2) - max(left, l2)) * max(0.0, min(bottom, b2) - max(top, t2))
    cost += sum(900.0 * max(0.0, 1 - distance(box, place) / APART) for place in places)
    for bridge in bridges:
        on = [bridge.at(step / 12) for step in range(1, 12)]
        cost += 70.0 * sum(left < x < right and top < y < bottom for x, y in on)
    outside = max(0.0, -left) + max(0.0, right - size[0]) + max(0.0, bottom - size[1]) + max(0.0, -top)
    return cost + 60.0 * outside


def draw(
    spots: list[Spot], *, size: tuple[float, float] = (WIDTH, HEIGHT), counts: bool = True
) -> Picture | None:
    """Lay out the map; None when there is no city yet.

    Args:
        size: width and height of the picture in its own units, in which a name is 17 high.
        counts: whether the number of records stands below the name.
    """
    if not spots:
        return None
    projection = Projection.of([spot.city for spot in spots], size)
    places = [projection.at(spot.city.latitude, spot.city.longitude) for spot in spots]
    most = max((spot.count for spot in spots), default=0) or 1
    bridges = [_Bridge.between(places[a], places[b]) for a, b in _tree(places)]
    height = NAME_HIGH + COUNT_HIGH * counts
    points: list[Point] = []
    taken: list[_Box] = []
    for spot, (x, y) in zip(spots, places, strict=True):
        name: Any = named(spot.city)
        width = max(_text_width(name), (6.5 * len(f"{spot.count:,}") + 14) * counts)
        halo = 10.0 + 12.0 * math.sqrt(spot.count / most)
        others = [p for p in places if p != (x, y)]
        boxes = [_box(x, y, width, height, side) for side in _SIDES]
        costs = [_cost(box, taken, others, bridges, size) for box in boxes]
        best = costs.index(min(costs))
        box, anchor = boxes[best], _SIDES[best][0]
        taken.append(box)
        label_x = {"start": box[0], "end": box[2], "middle": x}[anchor]
        points.append(
            Point(spot.city.slug, name, spot.count, round(x, 1), round(y, 1), round(halo, 1),
                  round(label_x, 1), round(box[1] + 0.8 * NAME_HIGH, 1), anchor)
        )  # fmt: skip
    return Picture(int(size[0]), int(size[1]), points, [bridge.path for bridge in bridges])
