"""The flows between the cities as a drawing (要素流动图): points and curved lines with their direction.

Schematic: points where the cities lie, no boundary (see :mod:`langqiao.apps.eye.boundaries` for those).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langqiao.apps.ledger.flows import KINDS
from langqiao.apps.registry.corridor_map import HEIGHT, WIDTH, Picture, Projection, Spot, draw
from langqiao.apps.registry.models import City

LINES_AT_MOST = 24
"""More lines than these can no longer be told apart; the largest of each kind are drawn."""
THIN, THICK = 1.4, 5.5
BEND, BEND_A_KIND = 0.045, 0.03  # of the distance: a kind's lines run beside those of the others
ARROW_AT = 0.62
CLEAR = 9.0  # between a city's point and the end of a line


@dataclass(frozen=True)
class Stroke:
    """A flow as drawn: a curve, an arrow head on it, how wide it is, what it says and where it leads."""

    kind: str
    path: str
    arrow: str
    width: float
    origin: str
    destination: str
    label: str
    url: str


@dataclass(frozen=True)
class Drawing:
    """What the template draws; ``left_out`` lines are in the table alone."""

    picture: Picture
    strokes: list[Stroke]
    left_out: int
    boundaries: list[str]


def _point(start: tuple[float, float], bend: tuple[float, float], end: tuple[float, float], t: float) -> Any:
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
    return a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]


def _towards(place: tuple[float, float], other: tuple[float, float], by: float) -> tuple[float, float]:
    span = math.dist(place, other) or 1.0
    return place[0] + (other[0] - place[0]) * by / span, place[1] + (other[1] - place[1]) * by / span


def _curve(
    start: tuple[float, float], end: tuple[float, float], *, rank: int, width: float
) -> tuple[str, str]:
    """Path and arrow head of a flow; it keeps to the right of its way, so that both ways stay apart."""
    span = math.dist(start, end) or 1.0
    rise = span * (BEND + BEND_A_KIND * rank)
    nx, ny = -(end[1] - start[1]) / span, (end[0] - start[0]) / span
    bend = ((start[0] + end[0]) / 2 + nx * rise * 2, (start[1] + end[1]) / 2 + ny * rise * 2)
    first, last = _towards(start, bend, CLEAR), _towards(end, bend, CLEAR)
    x, y = _point(first, bend, last, ARROW_AT)
    ahead = _point(first, bend, last, ARROW_AT + 0.01)
    turn = math.atan2(ahead[1] - y, ahead[0] - x)
    size = 4.5 + width
    corners = [
        (x + math.cos(turn + a) * size * r, y + math.sin(turn + a) * size * r)
        for a, r in ((0.0, 1.0), (2.5, 0.8), (-2.5, 0.8))
    ]
    path = f"M{first[0]:.1f} {first[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {last[0]:.1f} {last[1]:.1f}"
    return path, " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)


def draw_flows(
    cities: Sequence[City],
    rows: Sequence[Any],
    *,
    size: tuple[float, float] = (WIDTH, HEIGHT),
    outlines: Sequence[Sequence[tuple[float, float]]] = (),
    counts: bool = True,
) -> Drawing | None:
    """Draw cities and the flows between them; None when there is no city yet.

    Args:
        rows: flows (``queries.portal.FlowRow``), the largest of each kind first. Width goes with the square
            root of the quantity, each kind by its own largest, as units differ. Flows within a city make
            its halo wider and are no line.
        outlines: rings of (longitude, latitude) to draw behind it all.
        counts: whether the number of records stands below a city's name.
    """
    if not cities:
        return None
    records: dict[str, int] = {}
    for row in rows:
        for slug in {row.origin.slug, row.destination.slug}:
            records[slug] = records.get(slug, 0) + row.count
    picture = draw([Spot(city, records.get(city.slug, 0)) for city in cities], size=size, counts=counts)
    assert picture is not None  # there are cities
    places = {point.slug: (point.x, point.y) for point in picture.points}
    between = [row for row in rows if row.origin.slug != row.destination.slug and row.quantity > 0]
    largest: dict[str, int] = {}
    for row in between:
        largest[row.kind.slug] = max(largest.get(row.kind.slug, 0), row.quantity)
    places_in_kind: Counter[str] = Counter()
    share = []
    for row in between:
        places_in_kind[row.kind.slug] += 1
        share.append((places_in_kind[row.kind.slug], -row.quantity / largest[row.kind.slug], row))
    share.sort(key=lambda found: found[:2])
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    strokes = []
    for _place, _share, row in share[:LINES_AT_MOST]:
        width = THIN + (THICK - THIN) * math.sqrt(row.quantity / largest[row.kind.slug])
        path, arrow = _curve(
            places[row.origin.slug], places[row.destination.slug], rank=ranks[row.kind.slug], width=width
        )
        strokes.append(
            Stroke(
                row.kind.slug, path, arrow, round(width, 1), row.origin.slug, row.destination.slug,
                row.label, row.url,
            )
        )  # fmt: skip
    projection = Projection.of(cities, size)
    return Drawing(
        picture, strokes, max(0, len(share) - LINES_AT_MOST), [_ring(ring, projection) for ring in outlines]
    )


def _ring(ring: Sequence[tuple[float, float]], projection: Projection) -> str:
    places = (projection.at(latitude, longitude) for longitude, latitude in ring)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) + "Z"
