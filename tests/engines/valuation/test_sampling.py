"""Distributions and draws: the three numbers hold, streams are independent and repeat."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.valuation import BadInput, Basis, Correlation, Quantity, Shape, Unit
from langqiao.engines.valuation.sampling import quantile, shares, uniforms

from .cases import exact, spread

PINNED = [0.7837335497532164, 0.869605092098448, 0.8363796673850673]
GRID = (np.arange(200_000) + 0.5) / 200_000


def test_pert_has_its_mean_and_stays_within_its_ends() -> None:
    values = quantile(spread(0.1, 0.2, 0.6), GRID)
    assert values.min() >= 0.1
    assert values.max() <= 0.6
    assert values.mean() == pytest.approx((0.1 + 4 * 0.2 + 0.6) / 6, abs=1e-6)


def test_triangular_has_its_mean_and_its_mode() -> None:
    values = quantile(spread(1, 2, 6, Unit.YEARS, Shape.TRIANGULAR), GRID)
    assert values.mean() == pytest.approx(3, abs=1e-5)
    assert quantile(spread(1, 2, 6, Unit.YEARS, Shape.TRIANGULAR), np.array([0.2]))[0] == pytest.approx(2)
    counts, edges = np.histogram(values, bins=50)
    assert edges[counts.argmax()] == pytest.approx(2, abs=0.15)


def test_lognormal_has_all_three_numbers_as_quantiles() -> None:
    # Not symmetric in logarithms on purpose: 50, 100, 300.
    found = quantile(spread(50, 100, 300, Unit.WAN, Shape.LOGNORMAL), np.array([0.1, 0.5, 0.9]))
    assert found == pytest.approx([50, 100, 300])


def test_a_lognormal_with_even_sides_is_the_ordinary_one() -> None:
    values = quantile(spread(50, 100, 200, Unit.WAN, Shape.LOGNORMAL), GRID)
    sigma = math.log(2) / 1.2815515655446004
    assert np.log(values).std() == pytest.approx(sigma, rel=1e-3)
    assert values.mean() == pytest.approx(100 * math.exp(sigma**2 / 2), rel=1e-3)


numbers = st.lists(st.floats(0.01, 100), min_size=3, max_size=3).map(sorted)


@settings(deadline=None)
@given(numbers, st.sampled_from([Shape.TRIANGULAR, Shape.PERT, Shape.LOGNORMAL]))
def test_quantiles_rise_and_keep_their_ends(ends: list[float], shape: Shape) -> None:
    low, base, high = ends
    if shape is Shape.LOGNORMAL and high > 1000 * low:
        return
    values = quantile(Quantity(low, base, high, Unit.WAN, "检验用", Basis.ASSUMED, shape), GRID[::997])
    assert np.isfinite(values).all()
    assert (np.diff(values) >= -1e-9 * high).all()
    if shape is not Shape.LOGNORMAL:
        assert low - 1e-9 <= values.min() <= values.max() <= high + 1e-9


def test_a_certain_value_is_always_the_same() -> None:
    assert set(quantile(exact(0.25), GRID[:10])) == {0.25}
    assert set(quantile(spread(2, 2, 2, Unit.YEARS), GRID[:10])) == {2.0}


def test_a_seed_gives_one_stream_for_each_key() -> None:
    first = uniforms("margin", seed=5, draws=1000)
    assert (first == uniforms("margin", seed=5, draws=1000)).all()
    assert (first[:10] == uniforms("margin", seed=5, draws=10)).all()
    assert not (first == uniforms("tax", seed=5, draws=1000)).any()
    assert not (first == uniforms("margin", seed=6, draws=1000)).any()
    assert 0 < first.min() < first.max() < 1
    assert first.mean() == pytest.approx(0.5, abs=0.03)


def test_the_stream_is_the_one_of_the_receipts_already_given() -> None:
    # Changing these numbers breaks every receipt: raise receipt.ENGINE when it has to be done.
    found = uniforms("margin", seed=2026, draws=3)
    assert found == pytest.approx(PINNED, abs=1e-15)


def test_other_inputs_do_not_move_a_stream() -> None:
    few = shares(["margin"], seed=1, draws=50)
    many = shares(["tax", "margin", "discount"], seed=1, draws=50)
    assert (few["margin"] == many["margin"]).all()


def test_correlated_inputs_move_together() -> None:
    pair = Correlation("margin", "split", 0.8, "检验用")
    found = shares(["margin", "split", "tax"], seed=3, draws=40_000, correlations=[pair])
    ranks = np.argsort(np.argsort([found["margin"], found["split"]], axis=1), axis=1)
    assert np.corrcoef(ranks)[0, 1] == pytest.approx(6 / math.pi * math.asin(0.4), abs=0.01)
    assert abs(np.corrcoef(found["margin"], found["tax"])[0, 1]) < 0.02
    for values in found.values():  # the margins of the joint distribution stay uniform
        assert np.quantile(values, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("a", "b", 1.0)], "rho"),
        ([("a", "a", 0.5)], "rho"),
        ([("a", "b", float("nan"))], "rho"),
        ([("a", "x", 0.5)], "unknown"),
        ([("a", "b", 0.9), ("b", "c", 0.9), ("a", "c", -0.9)], "together"),
    ],
)
def test_correlations_that_cannot_be_are_refused(pairs, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        shares("abc", seed=1, draws=5, correlations=[Correlation(*pair, "检验用") for pair in pairs])
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("numbers", "shape", "code"),
    [
        ((1, 3, 2), Shape.PERT, "order"),
        ((1, 2, float("inf")), Shape.PERT, "finite"),
        ((float("nan"), 2, 3), Shape.PERT, "finite"),
        ((1, 2, 3), Shape.FIXED, "fixed"),
        ((0, 2, 3), Shape.LOGNORMAL, "positive"),
        ((0.001, 1, 3), Shape.LOGNORMAL, "wide"),
    ],
)
def test_quantities_that_cannot_be_are_refused(numbers, shape: Shape, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        Quantity(*numbers, Unit.WAN, "检验用", Basis.ASSUMED, shape)
    assert refused.value.code == code


def test_a_number_without_a_source_is_refused() -> None:
    with pytest.raises(BadInput, match="where the numbers come from"):
        Quantity(1, 2, 3, Unit.WAN, "  ")
