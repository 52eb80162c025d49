from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.matching.consortium import (
    Cover,
    Gap,
    Member,
    collect,
    smallest_cover,
    split_problem,
    suggest,
)

Scores = dict[int, dict[str, float]]


def merit(
    chosen: tuple[str, ...],
    scores: Scores,
    cities: Mapping[str, str],
    distances: Mapping[str, float],
    grain: float,
) -> tuple[float, ...] | None:
    """What is minimised, in order; None where a part stays open. Written anew, without a solver."""
    rows = [row for row in scores.values() if row]
    if any(not set(row) & set(chosen) for row in rows):
        return None
    strength = sum(max(round(row[key] / grain) for key in chosen if key in row) for row in rows)
    homes = {cities.get(key) or ("alone", key) for key in chosen}
    known = [distances[key] for row in rows for key in row if key in distances]
    way = sum(round(distances.get(key, max(known, default=0.0))) for key in chosen)
    return len(chosen), -strength, len(homes), way


def brute_force(
    scores: Scores, cities: Mapping[str, str], distances: Mapping[str, float], grain: float
) -> tuple[float, ...]:
    everyone = sorted({key for row in scores.values() for key in row})
    sets = itertools.chain.from_iterable(
        itertools.combinations(everyone, n) for n in range(len(everyone) + 1)
    )
    merits = (merit(chosen, scores, cities, distances, grain) for chosen in sets)
    return min(found for found in merits if found is not None)


keys = st.sampled_from("abcdefg")
tables = st.dictionaries(
    st.integers(1, 6), st.dictionaries(keys, st.integers(10, 16).map(float), max_size=5), max_size=6
)


@settings(max_examples=150, deadline=None)
@given(
    tables,
    st.dictionaries(keys, st.sampled_from(["上海", "杭州", ""])),
    st.dictionaries(keys, st.integers(0, 300).map(float)),
    st.sampled_from([1.0, 2.5]),
)
def test_the_solver_finds_what_trying_everything_finds(
    scores: Scores, cities: dict[str, str], distances: dict[str, float], grain: float
) -> None:
    chosen = smallest_cover(scores, cities=cities, distances=distances, grain=grain)
    assert merit(chosen, scores, cities, distances, grain) == brute_force(scores, cities, distances, grain)


@given(tables)
@settings(max_examples=40, deadline=None)
def test_the_order_of_what_is_given_does_not_matter(scores: Scores) -> None:
    turned = {part: dict(reversed(row.items())) for part, row in reversed(scores.items())}
    assert smallest_cover(scores) == smallest_cover(turned)


def test_one_for_all_beats_two_specialists() -> None:
    assert smallest_cover({1: {"a": 20.0, "c": 8.0}, 2: {"b": 20.0, "c": 8.0}}) == ("c",)


def test_equal_numbers_are_told_apart_by_strength_then_cities_then_way() -> None:
    scores = {1: {"a": 9.0, "b": 9.0, "c": 12.0}, 2: {"d": 9.0}}
    assert smallest_cover(scores) == ("c", "d")
    level = {1: {"a": 9.0, "b": 9.1}, 2: {"d": 9.0}}
    cities = {"a": "杭州", "b": "上海", "d": "杭州"}
    assert smallest_cover(level, cities=cities, grain=0.5) == ("a", "d")
    apart = {"a": "杭州", "b": "上海", "d": "苏州"}
    assert smallest_cover(level, cities=apart, distances={"a": 170.0, "b": 20.0, "d": 90.0}) == ("b", "d")


def test_nothing_to_cover_needs_nobody() -> None:
    assert smallest_cover({}) == ()
    assert smallest_cover({1: {}}) == ()


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="score"):
        smallest_cover({1: {"a": float("nan")}})
    with pytest.raises(ValueError, match="distance"):
        smallest_cover({1: {"a": 1.0}}, distances={"a": float("inf")})
    with pytest.raises(ValueError, match="grain"):
        smallest_cover({1: {"a": 1.0}}, grain=0.0)


LIBRARY = {
    "激光雷达": [("松江所", 12.0, "成果1"), ("松江所", 15.0, "成果2"), ("苏州厂", 8.0, "成果3")],
    "航向角": [("苏州厂", 11.0, "成果4"), ("松江所", 3.0, "成果5")],
    "地质条件": [("合肥院", 5.0, "成果6")],
}
PROBLEM = (
    "1、激光雷达扫描成像技术；2、航向角测量装置小型化；3、地质条件改变的预感知；4、液压支架防爆外壳材料。"
)


def search(text: str) -> list[tuple[str, float, str]]:
    return [hit for word, hits in LIBRARY.items() if word in text for hit in hits]


def test_a_consortium_says_who_covers_what_with_which_evidence_and_what_stays_open() -> None:
    found = suggest(PROBLEM, search, cities={"松江所": "上海", "苏州厂": "苏州"}, threshold=6.0, ratio=0.5)
    assert found.members == (
        Member(
            "苏州厂",
            "苏州",
            (Cover(1, 8.0, ("成果3",), leading=True), Cover(2, 11.0, ("成果4",), leading=True)),
        ),
    )
    assert found.gaps == (Gap(3, "合肥院", 5.0), Gap(4, "", 0.0))
    assert found.cities == ("苏州",)


def test_a_stricter_ratio_brings_in_the_specialist() -> None:
    found = suggest(PROBLEM, search, cities={"松江所": "上海", "苏州厂": "苏州"}, threshold=6.0, ratio=0.6)
    assert [(member.organisation, [cover.part for cover in member.covers]) for member in found.members] == [
        ("松江所", [1]),
        ("苏州厂", [2]),
    ]
    assert found.members[0].covers[0].evidence == ("成果2", "成果1")


def test_coverage_keeps_what_reaches_threshold_and_ratio() -> None:
    parts = split_problem("激光雷达扫描成像技术。航向角测量装置小型化。")
    coverage = collect(parts, search, threshold=10.0, ratio=0.0)
    assert {part: list(row) for part, row in coverage.covers.items()} == {1: ["松江所"], 2: ["苏州厂"]}
    assert coverage.best[2][0] == "苏州厂"


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        suggest("激光雷达扫描成像技术", lambda _: [("甲", float("nan"), "x")])
    with pytest.raises(ValueError, match="ratio"):
        suggest("激光雷达扫描成像技术", search, ratio=1.5)


def test_a_blank_problem_has_no_consortium() -> None:
    found = suggest("", search)
    assert (found.parts, found.members, found.gaps) == ((), (), ())
