"""The cost and the market approach against numbers worked by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langqiao.engines.valuation import (
    BadInput,
    CautionCode,
    Comparable,
    MarketCase,
    Study,
    Unit,
    Weighted,
    appraise,
)
from langqiao.engines.valuation.case import PICK, base_draw, base_value
from langqiao.engines.valuation.cost import CostItem
from langqiao.engines.valuation.market import weighted_quantile

from .cases import DAY, cost, deal, exact, market, spread


def test_replacement_cost_less_depreciation_by_hand() -> None:
    # 100 x 1.1 + 50 = 160; 6 of 8 years left: 120; functional 10 %: 108; economic 20 %: 86.4.
    case = cost(functional=exact(0.1), economic=exact(0.2))
    assert base_value(case) == pytest.approx(86.4)
    assert [(figure.key, pytest.approx(figure.value)) for figure in case.figures()] == [
        ("replacement", 160),
        ("condition", 0.54),
        ("depreciation", 73.6),
    ]
    assert [(row.label, row.cells) for row in case.table().rows] == [
        ("人工", (100, 1.1, pytest.approx(110))),
        ("材料", (50, 1.0, 50)),
    ]
    assert [caution.code for caution in case.cautions()] == [CautionCode.COST_IS_NO_INCOME]


def test_money_was_tied_up_and_the_developer_earns() -> None:
    # 160 x 1.21^(2/2) x 1.1, three quarters left.
    case = cost(capital_rate=exact(0.21), formation=exact(2, Unit.YEARS), profit=exact(0.1))
    assert base_value(case) == pytest.approx(160 * 1.21 * 1.1 * 0.75)


def test_new_technology_has_lost_nothing() -> None:
    assert base_value(cost(age=0.0)) == pytest.approx(160)


@pytest.mark.parametrize(
    ("make", "field", "code"),
    [
        (lambda: cost(items=()), "items", "length"),
        (lambda: cost(age=61.0), "age", "limits"),
        (lambda: cost(age=float("nan")), "age", "limits"),
        (lambda: cost(age=0.0, remaining=spread(0, 1, 2, Unit.YEARS)), "remaining", "below"),
        (lambda: cost(index_source=" "), "index_source", "source"),
        (lambda: CostItem(" ", exact(1, Unit.WAN)), "name", "name"),
        (lambda: CostItem("人工", exact(1, Unit.WAN), index_then=0), "index_then", "index"),
        (lambda: market(deal("甲", 0)), "price", "price"),
        (lambda: market(deal("甲", float("nan"))), "price", "price"),
        (lambda: market(deal("甲", 1, weight=-1)), "weight", "weight"),
        (lambda: market(deal("甲", 1, weight=0)), "comparables", "weights"),
        (lambda: market(deal("甲", 1, *[exact(1, Unit.FACTOR)] * 21)), "adjustments", "length"),
        (lambda: market(deal("甲", 1, on=date(2027, 1, 1))), "comparables", "later"),
        (lambda: market(deal("甲", 1, exact(0, Unit.FACTOR))), "adjust.0.0", "below"),
        (lambda: MarketCase((), DAY), "comparables", "length"),
        (lambda: Comparable("甲", 1, DAY, " ", None), "name", "name"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused_by_name(make, field: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        make()
    assert (refused.value.field, refused.value.code) == (field, code)


def test_the_weighted_median_by_hand() -> None:
    # Weights 1, 1, 2 at 100, 200, 400: middles at 1/8, 3/8, 3/4; one half lies a third of the way.
    values, weights = np.array([[400.0, 100.0, 200.0]]), np.array([2.0, 1.0, 1.0])
    assert weighted_quantile(values, weights, 0.5)[0] == pytest.approx(200 + 200 / 3)
    assert weighted_quantile(values, weights, 0.0)[0] == 100
    assert weighted_quantile(values, weights, 1.0)[0] == 400
    assert weighted_quantile(np.array([[7.0]]), np.array([3.0]), 0.5)[0] == 7


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12))
def test_equal_weights_give_the_ordinary_median(values: list[float]) -> None:
    row = np.array([values])
    found = weighted_quantile(row, np.ones(len(values)), 0.5)[0]
    assert found == pytest.approx(np.median(row), abs=1e-6)


def test_adjusted_prices_and_their_quartiles() -> None:
    case = market(
        deal("甲", 300, exact(1.1, Unit.FACTOR), exact(0.9, Unit.FACTOR)),
        deal("乙", 500),
        deal("丙", 400, exact(1.2, Unit.FACTOR)),
    )
    assert base_value(case) == pytest.approx(480)
    quartiles = {figure.key: figure.value for figure in case.figures()}
    # Middles of the weights at 1/6, 1/2, 5/6: a quarter lies a quarter of the way.
    assert quartiles == {
        "lower_quartile": pytest.approx(297 + 183 / 4),
        "median": pytest.approx(480),
        "upper_quartile": pytest.approx(480 + 20 * 0.75),
    }
    rows = {row.label: row.cells for row in case.table().rows}
    assert rows["甲"] == (
        300,
        pytest.approx(0.99),
        pytest.approx(297),
        pytest.approx(1 / 3),
        pytest.approx(490),
    )
    assert rows["乙"][4] == pytest.approx((297 + 480) / 2)
    assert case.cautions() == ()


def test_draws_spread_over_the_deals_by_weight() -> None:
    case = market(deal("甲", 300, weight=1), deal("乙", 500, weight=3), deal("丙", 400, weight=0))
    # Middles of the weights at 1/8 and 5/8: half lies three quarters of the way.
    values = case.value({PICK: np.array([0.01, 0.5, 0.99])})
    assert values == pytest.approx([300, 450, 500])
    assert base_value(case) == pytest.approx(450)
    (found,) = appraise(Study((Weighted(case, 1, "检验用"),), seed=1)).estimates
    assert found.range.middle == pytest.approx(450, abs=5)


def test_few_far_and_old_deals_are_named() -> None:
    case = market(
        deal("甲", 300, exact(2, Unit.FACTOR)), deal("乙", 500, on=date(2020, 1, 1)), deal("丙", 1, weight=0)
    )
    found = {caution.code: caution.facts for caution in case.cautions()}
    assert found == {
        CautionCode.FEW_COMPARABLES: {"count": 2},
        CautionCode.FAR_COMPARABLES: {"name": "甲", "factor": 2},
        CautionCode.OLD_COMPARABLES: {"name": "乙", "years": pytest.approx(6.9, abs=0.01)},
    }


def test_a_single_deal_is_compared_with_itself() -> None:
    case = market(deal("甲", 300))
    assert base_value(case) == 300
    assert case.table().rows[0].cells == (300, 1, 300, 1, 300)
    assert base_draw(case.inputs()) == {}
