"""The income approach against numbers worked by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from langqiao.engines.valuation import BadInput, CautionCode, Protection, Revenue, Right, Unit
from langqiao.engines.valuation.case import base_value
from langqiao.engines.valuation.dcf import tax_with_losses
from langqiao.engines.valuation.licence import amortisation_factor

from .cases import DAY, dcf, exact, revenue, royalty, split, spread


def test_a_project_worked_by_hand() -> None:
    # Ramp 50 %, 100 %, 100 % of 1000; EBITDA 200, 400, 400; investment 300 over 3 years: 100 a year.
    # Tax 25 % of 100, 300, 300 = 25, 75, 75. Working capital 10 %: 50, +50, 0, back 100 at the end.
    # Flow 125, 275, 325 + 100. At 10 %: 113.636 + 227.273 + 319.309; less 300.
    case = dcf(
        revenue=revenue(ramp=(0.5, 1.0)),
        working_capital=exact(0.1),
        investment=exact(300, Unit.WAN),
        depreciation_years=3,
    )
    assert base_value(case) == pytest.approx(125 / 1.1 + 275 / 1.21 + 425 / 1.331 - 300)
    assert base_value(case) == pytest.approx(360.218, abs=5e-4)
    table = case.table()
    assert [row.label for row in table.rows] == ["1", "2", "3", "end"]
    flow = table.columns.index("flow")
    assert [row.cells[flow] for row in table.rows] == pytest.approx([125, 275, 325, 100])
    present = table.columns.index("present")
    assert sum(row.cells[present] for row in table.rows) == pytest.approx(660.218, abs=5e-4)
    assert [(figure.key, pytest.approx(figure.value, abs=5e-4)) for figure in case.figures()] == [
        ("flows", 660.218),
        ("outlay", 300),
        ("development", 0),
    ]


def test_success_delay_development_and_share() -> None:
    # One year of 1000 at 40 %: 400 - 100 tax = 300, two years from now after a year's delay: 247.934.
    # Investment 110 in a year: 100 now, written off in the year it lives: tax 72.5 only.
    # Success 50 %, development 50 half a year away, half of it the technology's.
    case = dcf(
        revenue=revenue(life=1, delay=1),
        investment=exact(110, Unit.WAN),
        development=exact(50, Unit.WAN),
        success=exact(0.5),
        contribution=exact(0.5),
    )
    flows = (400 - 72.5) / 1.21
    assert base_value(case) == pytest.approx(0.5 * (0.5 * (flows - 100) - 50 / 1.1**0.5))


def test_upkeep_is_deducted_and_charges_are_after_tax() -> None:
    # 400 - 50 upkeep = 350, tax 87.5, less 30 charges: 232.5.
    case = dcf(revenue=revenue(life=1), upkeep=exact(0.05), charges=exact(0.03))
    assert base_value(case) == pytest.approx(232.5 / 1.1)


def test_mid_year_is_half_a_year_of_discount_more_worth() -> None:
    assert base_value(dcf(mid_year=True)) == pytest.approx(base_value(dcf()) * 1.1**0.5)


def test_growth_begins_when_the_ramp_is_over() -> None:
    # 300 of each 1000 stay after tax: ramp 50 %, then 100 %, then 10 % growth.
    case = dcf(revenue=revenue(ramp=(0.5, 1.0), growth=0.1))
    assert base_value(case) == pytest.approx(150 / 1.1 + 300 / 1.21 + 330 / 1.331)


def test_a_part_of_a_year_counts_in_part() -> None:
    case = dcf(revenue=revenue(life=1.5))
    assert base_value(case) == pytest.approx(300 / 1.1 + 150 / 1.1**1.5)
    middle = dcf(revenue=revenue(life=1.5), mid_year=True)
    assert base_value(middle) == pytest.approx(300 / 1.1**0.5 + 150 / 1.1**1.25)


def test_losses_are_carried_forward_oldest_first_and_run_out() -> None:
    profit = np.array([[-100.0, -40.0, 30.0, 20.0, 200.0]])
    rate = np.array([0.25])
    # Two years: the loss of year 1 serves years 2 and 3 only (30 of 100), that of year 2 year 4 (20 of 40).
    assert tax_with_losses(profit, rate, years=2)[0] == pytest.approx([0, 0, 0, 0, 50])
    # Five years: 140 of loss against 30 + 20 + 90.
    assert tax_with_losses(profit, rate, years=5)[0] == pytest.approx([0, 0, 0, 0, 27.5])
    assert tax_with_losses(profit, rate, years=0)[0] == pytest.approx([0, 0, 7.5, 5, 50])


def test_relief_from_royalty_worked_by_hand() -> None:
    # 5 % of 1000 = 50, less tax 12.5 = 37.5 for three years at 10 %: 37.5 x 2.486852.
    assert base_value(royalty()) == pytest.approx(93.257, abs=5e-4)
    # Decay 20 %: 37.5, 30, 24. Upkeep of the rights 10 a year: less 7.5 each.
    case = royalty(decay=exact(0.2), maintenance=exact(10, Unit.WAN_A_YEAR), success=exact(0.5))
    by_hand = 0.5 * (30 / 1.1 + 22.5 / 1.21 + 16.5 / 1.331)
    assert base_value(case) == pytest.approx(by_hand)
    assert [row.cells[3] for row in case.table().rows] == pytest.approx([30, 22.5, 16.5])


def test_the_tax_saved_by_amortising_the_price() -> None:
    # 1 / (1 - 25 % / 10 x 6.144567) = 1.181494
    factor = amortisation_factor(np.array([0.1]), np.array([0.25]), years=10, mid_year=False)
    assert factor[0] == pytest.approx(1.181494, abs=5e-6)
    case = royalty(amortisation_years=10)
    assert base_value(case) == pytest.approx(base_value(royalty()) * factor[0])
    assert case.figures()[1].value == pytest.approx(factor[0])


def test_a_split_of_profit_is_a_royalty_of_split_times_margin() -> None:
    assert base_value(split()) == pytest.approx(93.257, abs=5e-4)  # 20 % x 25 % = 5 %
    assert split().figures()[0].value == pytest.approx(93.257, abs=5e-4)


@pytest.mark.parametrize(
    ("right", "term"), [(Right.INVENTION, 20), (Right.UTILITY_MODEL, 10), (Right.DESIGN, 15)]
)
def test_protection_runs_from_filing(right: Right, term: int) -> None:
    fresh = Protection(right, DAY, DAY)
    assert fresh.expires == date(2026 + term, 11, 23)
    assert fresh.years == pytest.approx(term, abs=0.005)
    assert fresh.years <= term


def test_a_patent_filed_on_a_leap_day_expires_the_day_after_february() -> None:
    assert Protection(Right.UTILITY_MODEL, date(2020, 2, 29), DAY).expires == date(2030, 3, 1)


def test_royalties_end_with_the_patent() -> None:
    # Filed 18 years ago: 731 days left, so the third year is not there.
    protection = Protection(Right.INVENTION, date(2008, 11, 23), DAY)
    case = royalty(protection=protection)
    years = 731 / 365.25
    assert protection.years == pytest.approx(years)
    last = years - 2
    by_hand = 37.5 / 1.1 + 37.5 / 1.21 + 37.5 * last / 1.1**years
    assert base_value(case) == pytest.approx(by_hand)
    (caution,) = case.cautions()
    assert caution.code is CautionCode.PROTECTION_ENDS
    assert caution.facts == {"years": pytest.approx(years), "life": 3}


def test_a_patent_that_ends_before_launch_earns_nothing() -> None:
    protection = Protection(Right.INVENTION, date(2008, 11, 23), DAY)
    assert base_value(royalty(revenue=revenue(delay=4), protection=protection)) == 0
    assert base_value(dcf(revenue=revenue(delay=4), protection=protection, working_capital=exact(0.1))) == 0


def test_whole_projects_and_unprotected_technologies_are_named() -> None:
    assert [caution.code for caution in dcf().cautions()] == [
        CautionCode.NO_PROTECTION,
        CautionCode.WHOLE_PROJECT,
    ]
    assert [caution.code for caution in dcf(charges=exact(0.1)).cautions()] == [CautionCode.NO_PROTECTION]
    long = Protection(Right.INVENTION, date(2026, 1, 1), DAY)
    assert royalty(protection=long).cautions() == ()


@pytest.mark.parametrize(
    ("make", "field", "code"),
    [
        (lambda: dcf(margin=exact(1.5)), "margin", "above"),
        (lambda: dcf(tax=exact(-0.1)), "tax", "below"),
        (lambda: dcf(discount=exact(0.1, Unit.YEARS)), "discount", "unit"),
        (lambda: dcf(depreciation_years=0), "depreciation_years", "limits"),
        (lambda: dcf(loss_years=-1), "loss_years", "limits"),
        (lambda: royalty(amortisation_years=41), "amortisation_years", "limits"),
        (lambda: royalty(revenue=revenue(life=41)), "revenue.life", "above"),
        (lambda: revenue(ramp=()), "ramp", "length"),
        (lambda: revenue(ramp=(float("nan"),)), "ramp", "share"),
        (lambda: Protection(Right.INVENTION, date(2027, 1, 1), DAY), "filed", "later"),
        (lambda: Protection(Right.UTILITY_MODEL, date(2016, 1, 1), DAY), "filed", "expired"),
    ],
)
def test_what_cannot_be_is_refused_by_name(make, field: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        make()
    assert (refused.value.field, refused.value.code) == (field, code)
    assert field.rsplit(".", maxsplit=1)[-1] in str(refused.value) or code in {"later", "expired"}


def test_shares_cannot_be_lognormal() -> None:
    from langqiao.engines.valuation import Shape

    with pytest.raises(BadInput, match="lognormal") as refused:
        split(split=spread(0.2, 0.3, 0.4, shape=Shape.LOGNORMAL))
    assert refused.value.field == "split"


def test_revenue_names_its_inputs() -> None:
    assert isinstance(revenue(), Revenue)
    assert set(revenue().inputs()) == {"revenue.peak", "revenue.growth", "revenue.life", "revenue.delay"}
