"""The schematic map of the corridor."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files

import pytest
from django.utils import translation

from langqiao.apps.registry.corridor_map import HEIGHT, NEAR, WIDTH, Spot, distance, draw
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


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("records", [0, 50, 12_345])
def test_a_name_stands_by_its_own_city_and_far_from_any_other(nine, language, counts, records):
    with translation.override(language):
        points = draw([Spot(city, records) for city in nine], counts=counts).points
    for p in points:
        width = sum(17.0 if ord(c) > 0x2E80 else 9.5 for c in p.name)
        left = {"start": p.label_x, "end": p.label_x - width, "middle": p.label_x - width / 2}[p.anchor]
        top = p.label_y - 16
        box = (left, top, left + width, top + (40 if counts else 20))
        own = distance(box, (p.x, p.y))
        assert 8 < own <= NEAR + 0.2, p.name  # beside the dot, never on it
        assert min(distance(box, (q.x, q.y)) for q in points if q is not p) >= 2 * own, p.name
        assert box[0] >= 0
        assert box[2] <= WIDTH


def test_more_records_make_a_wider_halo(nine):
    points = draw([Spot(nine[0], 100), Spot(nine[1], 1)]).points
    assert points[0].halo > points[1].halo
