"""Distances and nearness, against published figures."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.apps.registry.corridor import CityEntry, read_corridor
from langqiao.apps.registry.geography import distance_km, nearness

# Geodesic km between city centres, as listed for the corridor.
KNOWN = [
    ("songjiang", "jiaxing", 55), ("songjiang", "hangzhou", 131), ("songjiang", "jinhua", 262),
    ("songjiang", "suzhou", 67), ("songjiang", "huzhou", 109), ("songjiang", "xuancheng", 236),
    ("songjiang", "wuhu", 269), ("songjiang", "hefei", 386), ("jiaxing", "hangzhou", 76),
    ("hangzhou", "jinhua", 141), ("suzhou", "huzhou", 68), ("huzhou", "xuancheng", 128),
    ("xuancheng", "wuhu", 54), ("wuhu", "hefei", 123),
]  # fmt: skip


@pytest.fixture(scope="module")
def cities():
    return {city.slug: city for city in read_corridor().cities}


@pytest.mark.parametrize(("a", "b", "km"), KNOWN)
def test_distances_of_the_corridor(cities, a, b, km):
    assert distance_km(cities[a], cities[b]) == pytest.approx(km, abs=1)


def test_nearness_falls_by_half_every_150_km(cities):
    here = cities["songjiang"]
    assert nearness(here, here) == 1
    assert nearness(None, here) == nearness(here, None) == 0.5
    by_distance = sorted(cities.values(), key=lambda city: distance_km(here, city))
    assert all(nearness(here, a) > nearness(here, b) for a, b in pairwise(by_distance))
    assert nearness(here, cities["hangzhou"]) == pytest.approx(2 ** (-130.77 / 150), abs=1e-4)


places = st.builds(
    CityEntry,
    st.just("a"), st.just("a"), st.just("a"), st.just("a"), st.just("000000"),
    st.floats(-90, 90), st.floats(-180, 180),
)  # fmt: skip


@given(places, places)
def test_distance_is_symmetric_and_bounded_and_nearness_stays_in_its_range(a, b):
    assert distance_km(a, b) == pytest.approx(distance_km(b, a), abs=1e-6)
    assert 0 <= distance_km(a, b) <= 20_004
    assert 0 < nearness(a, b) <= 1
