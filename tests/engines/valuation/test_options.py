"""Options: textbook values, parity, convergence of the tree, and the real option on top."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.valuation import BadInput, CautionCode, OptionKind, Unit
from langqiao.engines.valuation.case import base_value
from langqiao.engines.valuation.options import Terms, binomial, black_scholes, fewest_steps

from .cases import exact, option, spread


def terms(*values: float) -> Terms:
    return Terms(*(np.array([value]) for value in values))


HULL = terms(42, 40, 0.5, 0.1, 0.2, 0.0)  # Hull, Options, Futures and Other Derivatives: call 4.76, put 0.81


def test_black_scholes_as_in_the_textbook() -> None:
    assert black_scholes(HULL, call=True)[0] == pytest.approx(4.7594, abs=5e-5)
    assert black_scholes(HULL, call=False)[0] == pytest.approx(0.8086, abs=5e-5)


# American puts, S 40, r 4.88 %, as tabled by Geske, Johnson (1984) and by Ju (1998) from a tree of 10,000 steps.
@pytest.mark.parametrize(
    ("strike", "volatility", "published"),
    [
        (35, 0.2, [0.0062, 0.2004, 0.4328]),
        (40, 0.2, [0.8522, 1.5798, 1.9904]),
        (45, 0.2, [5.0000, 5.0883, 5.2670]),
        (35, 0.4, [0.2466, 1.3460, 2.1549]),
        (40, 0.4, [1.7681, 3.3874, 4.3526]),
        (45, 0.4, [5.2868, 6.5099, 7.3830]),
    ],
)
def test_american_puts_as_published(strike: float, volatility: float, published: list[float]) -> None:
    years = np.array([0.0833, 0.3333, 0.5833])
    same = [np.full(3, value) for value in (0.0488, volatility, 0.0)]
    asked = Terms(np.full(3, 40.0), np.full(3, float(strike)), years, *same)
    assert binomial(asked, call=False, american=True, steps=1000) == pytest.approx(published, abs=2e-3)


@pytest.mark.parametrize("call", [True, False])
@pytest.mark.parametrize("leak", [0.0, 0.05])
def test_the_tree_tends_to_the_closed_form(call: bool, leak: float) -> None:
    asked = terms(100, 105, 2, 0.04, 0.35, leak)
    closed = black_scholes(asked, call=call)[0]
    gaps = [
        abs(binomial(asked, call=call, american=False, steps=steps)[0] - closed) / closed
        for steps in (50, 2000)
    ]
    assert gaps[1] < 1e-3
    assert gaps[1] < gaps[0]


amounts = st.floats(10, 1000)
rates = st.floats(0.0, 0.15)


worlds = st.tuples(amounts, amounts, st.floats(0.1, 10), rates, st.floats(0.15, 1), rates)


@settings(deadline=None, max_examples=60)
@given(worlds)
def test_put_call_parity(world: tuple[float, ...]) -> None:
    s, k, t, r, sigma, q = world
    asked = terms(*world)
    forward = s * math.exp(-q * t) - k * math.exp(-r * t)
    closed = black_scholes(asked, call=True) - black_scholes(asked, call=False)
    assert closed[0] == pytest.approx(forward, abs=1e-8 * (s + k))
    steps = max(60, fewest_steps(t, r - q, sigma))
    tree = [binomial(asked, call=call, american=False, steps=steps)[0] for call in (True, False)]
    assert tree[0] - tree[1] == pytest.approx(forward, abs=1e-8 * (s + k))


@settings(deadline=None, max_examples=60)
@given(worlds, st.booleans())
def test_freedom_is_never_worth_less(world: tuple[float, ...], call: bool) -> None:
    s, k = world[:2]
    asked = terms(*world)
    european = binomial(asked, call=call, american=False, steps=60)[0]
    american = binomial(asked, call=call, american=True, steps=60)[0]
    assert american >= european - 1e-9
    assert american >= max(s - k if call else k - s, 0.0) - 1e-9


def test_a_call_without_leakage_is_never_exercised_early() -> None:
    early = binomial(HULL, call=True, american=True, steps=300)[0]
    assert early == pytest.approx(binomial(HULL, call=True, american=False, steps=300)[0])


def test_many_draws_are_priced_as_one_by_one() -> None:
    spots = np.linspace(20, 60, 700)
    same = [np.full(700, value) for value in (40, 0.5, 0.1, 0.2, 0.0)]
    together = binomial(Terms(spots, *same), call=True, american=True, steps=50)
    for at in (0, 255, 256, 699):
        alone = binomial(terms(spots[at], 40, 0.5, 0.1, 0.2, 0.0), call=True, american=True, steps=50)
        assert together[at] == pytest.approx(alone[0], rel=1e-12)


def test_too_few_steps_are_refused() -> None:
    asked = terms(100, 100, 10, 0.15, 0.05, 0.0)
    least = fewest_steps(10, 0.15, 0.05)
    assert least == 91
    with pytest.raises(BadInput, match="too few"):
        binomial(asked, call=True, american=False, steps=least - 2)
    assert binomial(asked, call=True, american=False, steps=least)[0] > 0


def test_the_option_to_invest() -> None:
    case = option(steps=1000)
    assert base_value(case) == pytest.approx(4.7594, rel=1e-3)
    (row,) = case.table().rows
    closed, european, american, gap = row.cells
    assert closed == pytest.approx(4.7594, abs=5e-5)
    assert abs(gap) < 1e-3 * closed
    assert gap == pytest.approx(european - closed, abs=1e-6)
    assert american == pytest.approx(european)
    assert {figure.key: figure.value for figure in case.figures()} == {
        "static": 2,
        "option": pytest.approx(base_value(case)),
        "premium": pytest.approx(base_value(case) - 2),
    }
    assert [caution.code for caution in case.cautions()] == [CautionCode.UNDERLYING_FROM_INCOME]


def test_a_project_not_worth_its_cost_today_may_be_worth_waiting_for() -> None:
    case = option(
        kind=OptionKind.DEFER, strike=exact(50, Unit.WAN), horizon=exact(3, Unit.YEARS), american=True
    )
    figures = {figure.key: figure.value for figure in case.figures()}
    assert figures["static"] == -8
    assert figures["option"] > 0
    assert figures["premium"] == figures["option"]


def test_the_option_to_abandon_adds_a_put() -> None:
    case = option(kind=OptionKind.ABANDON, steps=1000)
    assert base_value(case) == pytest.approx(42 + 0.8086, abs=1e-3)
    figures = {figure.key: figure.value for figure in case.figures()}
    assert figures["static"] == 42
    assert figures["premium"] == figures["option"] == pytest.approx(0.8086, abs=1e-3)


def test_leakage_makes_waiting_dear() -> None:
    leaking = option(leak=spread(0.0, 0.1, 0.2), horizon=exact(3, Unit.YEARS))
    assert base_value(leaking) < base_value(option(horizon=exact(3, Unit.YEARS)))


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"steps": 9}, "steps", "limits"),
        ({"steps": 2001}, "steps", "limits"),
        ({"steps": 10, "volatility": exact(0.01), "horizon": exact(20, Unit.YEARS)}, "steps", "tree"),
        ({"volatility": exact(0.001)}, "volatility", "below"),
        ({"strike": exact(0, Unit.WAN)}, "strike", "below"),
    ],
)
def test_what_cannot_be_is_refused_by_name(changes, field: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        option(**changes)
    assert (refused.value.field, refused.value.code) == (field, code)
