"""Identities that hold for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from langqiao.engines.regional import BadInput, Matrix
from langqiao.engines.regional.complementarity import complementarity, similarity
from langqiao.engines.regional.coupling import GRADES, coupling, fusion, grade
from langqiao.engines.regional.dagum import dagum
from langqiao.engines.regional.distance import distances
from langqiao.engines.regional.gravity import potentials
from langqiao.engines.regional.radiation import radiation
from langqiao.engines.regional.specialisation import krugman, krugman_pairs, location_quotients
from langqiao.engines.regional.theil import theil
from langqiao.engines.regional.weights import entropy_weights, normalise
from langqiao.engines.regional.zipf import zipf

few = settings(max_examples=30, deadline=None)
positive = st.floats(0.01, 1e6)


def matrix(values: np.ndarray) -> Matrix:
    return Matrix(
        tuple(f"r{i}" for i in range(len(values))), tuple(f"c{j}" for j in range(values.shape[1])), values
    )


@few
@given(arrays(float, (4, 5), elements=positive), st.floats(0.5, 20))
def test_structure_does_not_depend_on_the_unit(values: np.ndarray, factor: float) -> None:
    x, scaled = matrix(values), matrix(values * factor)
    assert location_quotients(scaled) == pytest.approx(location_quotients(x), rel=1e-9)
    assert krugman(scaled) == pytest.approx(krugman(x), abs=1e-9)
    assert similarity(scaled) == pytest.approx(similarity(x), abs=1e-9)


@few
@given(arrays(float, (4, 5), elements=positive))
def test_structure_indices_keep_their_range(values: np.ndarray) -> None:
    x = matrix(values)
    lq = location_quotients(x)
    # The quotients of an activity, weighted by the regions' sizes, average to 1.
    assert (values.sum(axis=1) / values.sum()) @ lq == pytest.approx(np.ones(5))
    pairs, alike = krugman_pairs(x), similarity(x)
    assert (pairs <= 2 + 1e-12).all()
    assert np.diag(pairs) == pytest.approx(np.zeros(4))
    assert pairs == pytest.approx(pairs.T)
    assert np.diag(alike) == pytest.approx(np.ones(4))
    assert complementarity(x) == pytest.approx(1 - alike)


@few
@given(arrays(float, (3, 4), elements=positive), arrays(float, (4,), elements=positive))
def test_a_rest_of_the_nation_is_one_more_region(values: np.ndarray, rest: np.ndarray) -> None:
    whole = values.sum(axis=0) + rest
    wide = matrix(np.vstack([values, rest]))
    assert location_quotients(matrix(values), whole=whole) == pytest.approx(
        location_quotients(wide)[:3], rel=1e-6
    )


@few
@given(arrays(float, (9,), elements=positive), st.lists(st.sampled_from("ABC"), min_size=9, max_size=9))
def test_inequality_parts_add_up(values: np.ndarray, groups: list[str]) -> None:
    parts = theil(values, groups)
    assert parts.total == pytest.approx(parts.within + parts.between)
    assert -1e-9 <= parts.total <= np.log(9) + 1e-9
    gini = dagum(values, groups)
    assert gini.total == pytest.approx(gini.within + gini.between + gini.overlap, abs=1e-9)
    assert min(gini.within, gini.between, gini.overlap) >= -1e-12
    # With everyone in one group all of it is within.
    assert dagum(values, ["A"] * 9).within == pytest.approx(gini.total, abs=1e-9)


@few
@given(arrays(float, (5, 4), elements=st.floats(0, 1)))
def test_coupling_keeps_its_range(levels: np.ndarray) -> None:
    for form in ("plain", "modified"):
        found = coupling(levels, form=form)
        for figure in (found.c, found.t, found.d):
            assert ((figure >= 0) & (figure <= 1 + 1e-12)).all()
    even = coupling(np.full((1, 4), 0.5))
    assert even.c[0] == pytest.approx(1)
    assert even.d[0] == pytest.approx(np.sqrt(0.5))


def test_the_modified_form_multiplies_what_is_not_the_largest() -> None:
    # Three subsystems by hand: mean gap (0.4 + 0.6 + 0.2) / 3, product (0.5/0.9)(0.3/0.9) over two.
    found = coupling(np.array([[0.9, 0.5, 0.3]]), form="modified").c[0]
    assert found == pytest.approx(np.sqrt((1 - 0.4) * np.sqrt(0.5 * 0.3) / 0.9))


def test_grades() -> None:
    assert [grade(x) for x in (0, 0.1, 0.599, 0.9, 1)] == [0, 1, 5, 9, 9]
    assert GRADES[grade(0.65)][1].zh == "初级协调"
    with pytest.raises(BadInput, match="from 0 to 1"):
        grade(1.5)


@few
@given(arrays(float, (6,), elements=positive), st.integers(0, 100))
def test_radiation_sends_everything_somewhere(mass: np.ndarray, seed: int) -> None:
    points = np.random.default_rng(seed).uniform(0, 100, (6, 2))
    km = np.linalg.norm(points[:, None] - points[None], axis=2)
    shares = radiation(mass, km)
    assert shares.sum(axis=1) == pytest.approx(np.ones(6))
    assert np.diag(shares) == pytest.approx(np.zeros(6))


def test_radiation_by_hand() -> None:
    # From a (mass 2) to b (1) nothing lies between, to c (1) b does; M = 4.
    shares = radiation(np.array([2.0, 1, 1]), np.array([[0.0, 1, 2], [1, 0, 1], [2, 1, 0]]))
    assert shares[0] == pytest.approx([0, 2 / (2 * 3) / 0.5, 2 / (3 * 4) / 0.5])
    # From b both others are equally near, each behind the other.
    assert shares[1] == pytest.approx([2 / (2 * 4) / 0.75, 0, 1 / (3 * 4) / 0.75])


def test_zipf_finds_a_pareto_exponent() -> None:
    sizes = 1000.0 / (np.arange(1, 201) - 0.5) ** (1 / 1.2)
    found = zipf(sizes)
    assert found.exponent == pytest.approx(1.2)
    assert found.error == pytest.approx(1.2 * 0.1)
    assert found.explained == pytest.approx(1)
    assert found.line == pytest.approx(sizes)
    assert found.warnings == ()
    assert [caution.code for caution in zipf(sizes[:9]).warnings] == ["few_ranks"]


@few
@given(arrays(float, (6, 3), elements=st.floats(0, 1e6)))
def test_weights_and_normalised_values(values: np.ndarray) -> None:
    scaled = normalise(values, falling=[1])
    assert ((scaled >= 0.01 - 1e-12) & (scaled <= 1 + 1e-12)).all()
    weights = entropy_weights(scaled)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()


def test_entropy_weights_by_hand() -> None:
    # An even column carries nothing; the other one everything.
    assert entropy_weights(np.array([[1.0, 1], [1, 3]])) == pytest.approx([0, 1])
    assert entropy_weights(np.ones((3, 2))) == pytest.approx([0.5, 0.5])


def test_distances_of_the_corridor() -> None:
    places = np.array([[31.0344, 121.2233], [30.7522, 120.75], [31.8639, 117.2808]])
    km = distances(places)
    assert [round(km[0, 1]), round(km[0, 2])] == [55, 386]  # as the facts give them
    assert potentials(np.array([2.0, 3, 1]), km)[0, 1] == pytest.approx(6 / km[0, 1] ** 2)


def test_fusion_compares_years() -> None:
    rows = [("杭州", "2021"), ("杭州", "2022"), ("合肥", "2021"), ("合肥", "2022")]
    values = np.array([[1.0, 5, 2, 3], [2, 6, 3, 4], [0, 4, 1, 2], [3, 7, 4, 5]])
    sides = {"technology": ["a"], "industry": ["b"], "finance": ["c"], "talent": ["d"]}
    found = fusion(rows, values, "abcd", sides)
    assert found.coupling.d.argsort().tolist() == [2, 0, 1, 3]
    assert found.coupling.d[3] == pytest.approx(1)
    assert found.weights == {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}
    with pytest.raises(BadInput, match="serves twice"):
        fusion(rows, values, "abcd", {**sides, "talent": ["a"]})
