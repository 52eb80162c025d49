"""The schematic map of the corridor."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files

import pytest

from langqiao.apps.registry.corridor_map import HEIGHT, WIDTH, Spot, draw
from langqiao.apps.registry.models import City


@pytest.fixture
def nine():
    text = (files("langqiao.apps.registry") / "corridors" / "g60.toml").read_text()
    return [City(**city) for city in tomllib.loads(text)["cities"]]


def test_nothing_to_draw_without_cities():
    assert draw([]) is None


def test_one_city_stands_in_the_picture(nine):
    picture = draw([Spot(nine[0], 0)])
    assert picture.arcs == []
    assert 0 < picture.points[0].x < WIDTH


def test_cities_lie_as_on_the_earth(nine):
    points = {p.slug: p for p in draw([Spot(city, 5) for city in nine]).points}
    assert points["hefei"].x < points["wuhu"].x < points["huzhou"].x < points["songjiang"].x
    assert points["hefei"].y < points["hangzhou"].y < points["jinhua"].y
    assert all(0 < p.x < WIDTH and 0 < p.y < HEIGHT for p in points.values())


def test_bridges_join_all_cities_by_the_shortest_tree(nine):
    picture = draw([Spot(city, 5) for city in nine])
    assert len(picture.arcs) == 8
    ends = {(p.x, p.y): p.slug for p in picture.points}

    def at(x: str, y: str) -> str:
        return min(ends, key=lambda place: math.dist(place, (float(x), float(y))))

    pairs = set()
    for arc in picture.arcs:
        start, rest = arc[1:].split("Q")
        pairs.add(frozenset(ends[at(*place)] for place in (start.split(), rest.split()[2:])))
    assert frozenset({"xuancheng", "wuhu"}) in pairs
    assert frozenset({"hangzhou", "jinhua"}) in pairs
    assert frozenset({"hefei", "songjiang"}) not in pairs


def test_names_do_not_cover_one_another(nine):
    points = draw([Spot(city, 50) for city in nine]).points
    boxes = []
    for p in points:
        width = 17 * len(p.name)
        left = {"start": p.label_x, "end": p.label_x - width, "middle": p.label_x - width / 2}[p.anchor]
        boxes.append((left, p.label_y - 14, left + width, p.label_y + 20))
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert min(a[2], b[2]) <= max(a[0], b[0]) or min(a[3], b[3]) <= max(a[1], b[1])


def test_more_records_make_a_wider_halo(nine):
    points = draw([Spot(nine[0], 100), Spot(nine[1], 1)]).points
    assert points[0].halo > points[1].halo
