"""What a figure may be: ranges as shipped or by unit and name, and figures that lie far apart."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.domain.bounds import bounds_of, far_apart, shipped_table
from langqiao.apps.insight.domain.loading import load_shipped
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.ledger.models import Entry
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cities() -> None:
    make.corridor()


def row(indicator: str, scope: str, value: str, unit: str, **more: Any) -> dict[str, Any]:
    return make.row(indicator=indicator, scope=scope, value=value, unit=unit, **more)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("gdp", "huzhou", "-5", "亿元"), "数值 -5 超出“地区生产总值”的取值范围：不小于 0。"),
        (
            ("star_firms", "huzhou", "55.5", "家"),
            "数值 55.5 超出“科创板上市公司”的取值范围：不小于 0 的整数。",
        ),
        (("star_firms", "huzhou", "-1", "家"), "不小于 0 的整数"),
        (("rd_intensity", "suzhou", "250", "%"), "数值 250 超出“研发投入强度”的取值范围：0 至 100。"),
        (("rd_intensity", "suzhou", "-0.1", "%"), "0 至 100"),
        (("population", "suzhou", "-3", "万人"), "不小于 0"),
    ],
)
def test_what_cannot_be_is_refused_by_row_and_field(given: tuple[str, str, str, str], why: str) -> None:
    load_shipped()
    before = Value.objects.count()
    right = row("gdp", "huzhou", "1234.5", "亿元")
    report = verbs.enter_values(None, [(2, right), (3, row(*given))], accept_differences=True)
    assert (report.wrong, report.written) == (1, False)
    error = report.errors[0]
    assert (error.row, error.field) == (3, "value")
    assert why in error.why
    assert "请核对正负号、小数点和单位" in error.why
    assert Value.objects.count() == before


def test_every_shipped_indicator_says_its_range() -> None:
    load_shipped()
    for slug in shipped_table():
        firm = bounds_of(Indicator.objects.get(pk=slug)).firm
        assert firm.least == 0, slug
        assert firm.whole == (slug in {
            "high_tech_firms", "star_firms", "alliances", "parks", "verification_centres", "pct_applications",
        })  # fmt: skip


@pytest.mark.parametrize(
    ("name", "unit", "value", "outcome"),
    [
        ("地区生产总值增速", "%", "-4.1", "written"),
        ("出口增长率", "%", "130", "written"),
        ("高技术产业占比", "%", "101", "refused"),
        ("高技术产业占比", "%", "-1", "refused"),
        ("资产负债率", "%", "130", "doubted"),
        ("资产负债率", "%", "62", "written"),
        ("发明专利", "件", "-1", "refused"),
        ("发明专利", "件", "0.5", "doubted"),
        ("人口净流入", "人", "-120", "written"),
        ("发明专利", "万件", "-1", "refused"),
        ("技术合同成交额", "万元", "-7", "doubted"),
        ("企业利润", "万元", "-7", "written"),
        ("发展指数", "", "-7", "written"),
    ],
)
def test_other_indicators_by_unit_and_name(name: str, unit: str, value: str, outcome: str) -> None:
    make.indicator("own", name=name, unit=unit)
    report = verbs.enter_values(None, [(2, row("own", "湖州", value, unit))])
    assert (report.wrong, report.differing, report.written) == {
        "written": (0, 0, True), "refused": (1, 0, False), "doubted": (0, 1, False),
    }[outcome]  # fmt: skip
    if outcome == "doubted":
        assert verbs.enter_values(
            None, [(2, row("own", "湖州", value, unit))], accept_differences=True
        ).written


def test_a_shipped_slug_in_another_unit_has_the_range_of_that_unit() -> None:
    assert bounds_of(make.indicator("rd_intensity", unit="万元")).firm.most is None


def test_a_figure_far_from_a_live_one_has_to_be_confirmed() -> None:
    load_shipped()
    strange = row("gdp", "suzhou", "1", "亿元", vintage="final", source_name="某博客")
    report = verbs.enter_values(None, [(2, strange)])
    assert (report.wrong, report.differing, report.created, report.written) == (0, 1, 1, False)
    told = report.differences[0]
    assert (told.row, told.field) == (2, "value")
    assert told.why.startswith(
        "数值 1 亿元（来源：某博客）与已有的 23958.3 亿元（来源：公开页面（项目事实表未载明网页））相差两倍以上"
    )
    assert "--accept-differences" in told.why
    assert not Value.objects.filter(source_name="某博客").exists()
    before = Entry.objects.count()
    assert verbs.enter_values(None, [(2, strange)], accept_differences=True).written
    assert Entry.objects.count() == before + 1
    assert json.loads(Entry.objects.latest("sequence").data)["confirmed"] == 1
    # The same table again changes nothing, so there is nothing to confirm.
    assert verbs.enter_values(None, [(2, strange)]).unchanged == 1
    # Another period, another city: nothing stands beside them.
    for other in ({"period": "2021"}, {"scope": "huzhou"}):
        assert verbs.enter_values(None, [(2, {**strange, **other})], dry_run=True).differing == 0


def test_a_withdrawn_figure_is_no_measure() -> None:
    load_shipped()
    suzhou = Value.objects.get(indicator="gdp", scope="suzhou", period="2022")
    verbs.withdraw_value(None, suzhou, why="来源有误")
    assert verbs.enter_values(None, [(2, row("gdp", "suzhou", "1", "亿元"))]).written


def test_rows_of_one_table_are_held_against_each_other() -> None:
    make.indicator()
    rows = [(2, make.row(value="18753")), (3, make.row(value="187530", source_name="另一份公报"))]
    report = verbs.enter_values(None, rows)
    assert [(one.row, one.field) for one in report.differences] == [(3, "value")]
    assert "与第 2 行的 18753 亿元" in report.differences[0].why
    assert not Value.objects.exists()


def test_an_ordinary_revision_needs_no_confirmation() -> None:
    load_shipped()
    assert verbs.enter_values(None, [(2, row("gdp", "suzhou", "24500", "亿元", vintage="final"))]).written


def test_far_apart_either_way() -> None:
    for one, other in ((1, 2), (10, 20), (-3, -4), (0, 0), ("3.5", "3.77")):
        assert not far_apart(Decimal(one), Decimal(other))
        assert not far_apart(Decimal(other), Decimal(one))
    for one, other in ((1, "2.01"), (0, 1), (-1, 1), (-1, "-2.5")):
        assert far_apart(Decimal(one), Decimal(other))
        assert far_apart(Decimal(other), Decimal(one))


def test_differences_are_looked_up_with_a_query_an_indicator(django_assert_max_num_queries: Any) -> None:
    make.indicator()
    rows = [(n, make.row(period=str(1950 + n), value=str(n + 1))) for n in range(60)]
    with django_assert_max_num_queries(12):
        verbs.enter_values(None, rows, dry_run=True)
