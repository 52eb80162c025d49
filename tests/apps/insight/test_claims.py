"""Claims from the store: the verdicts of the facts, and what an import changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.domain.loading import load_shipped
from langqiao.apps.insight.models import Value
from langqiao.apps.insight.queries import claims
from langqiao.apps.insight.queries.key_figures import key_figures as provider
from langqiao.kit.keyfigures import key_figures, register_key_figures
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db

VERDICTS = {
    "gdp": ("1/15", "1/15.3", "reproduced", "rounding"),
    "fiscal_revenue": ("1/12", "1/13.7", "not_reproduced", "smaller"),
    "market_entities": ("1/15", "", "unknown", "no_data"),
    "high_tech_firms": ("1/8", "1/11.4", "unknown", "base_year"),
    "star_firms": (">1/5", "1/6.8", "unknown", "incomplete"),
    "area": ("1/120", "1/124", "reproduced", "consistent"),
    "population": ("1/28", "", "unknown", "no_data"),
    "pct_applications": ("1/9", "", "unknown", "no_data"),
}


@pytest.fixture(autouse=True)
def _cities() -> None:
    make.corridor()


def found() -> dict[str, dict[str, Any]]:
    return {words.claim.id: claims.as_json(words, finding) for words, finding in claims.findings()}


@pytest.mark.parametrize("loaded", [False, True])
def test_the_verdicts_of_the_facts(loaded: bool) -> None:
    if loaded:
        load_shipped()
    shown = found()
    assert {
        key: (one["stated"], one["recomputed"], one["verdict"], one["detail"]) for key, one in shown.items()
    } == VERDICTS
    gdp = shown["gdp"]
    assert (gdp["numerator"], gdp["denominator"], gdp["basis"]) == (79043, 1210207, "review")
    assert gdp["missing"] == ["songjiang", "huzhou", "xuancheng"]
    assert gdp["range"]["known"] == 71528.35  # six cities
    assert gdp["range"]["at_least"] == "1/16.9"
    assert len(gdp["figures"]) == 7
    assert len(shown["fiscal_revenue"]["missing"]) == 9
    star = shown["star_firms"]
    assert star["range"]["missing_low"] == 30.6  # so the other seven need at least 31
    assert all(one["sources"] and all(s["text"] for s in one["sources"]) for one in shown.values())


@pytest.mark.parametrize("loaded", [False, True])
def test_each_claim_says_what_its_own_figures_rest_on(loaded: bool) -> None:
    if loaded:
        load_shipped()
    shown = found()
    assert {
        key: (one["basis"], one["numerator_from"], one["denominator_from"], one["at_least"])
        for key, one in shown.items()
    } == {
        "gdp": ("review", "unproven", "nation", False),
        "fiscal_revenue": ("review", "unproven", "review", False),
        "market_entities": ("none", "none", "none", False),
        "high_tech_firms": ("review", "corridor", "about", False),
        "star_firms": ("partial", "some_cities", "nation", True),
        "area": ("review", "review", "about", False),
        "population": ("none", "none", "none", False),
        "pct_applications": ("none", "none", "none", False),
    }
    assert (shown["star_firms"]["numerator"], shown["star_firms"]["denominator"]) == (84, 573)


def test_the_basis_in_words() -> None:
    load_shipped()
    words = {one.claim.id: claims.basis_words(finding, "苏州、杭州") for one, finding in claims.findings()}
    unproven = "分子是项目复核的合计，其中有未核实的数值，不作为数据发布。"
    assert words["gdp"] == f"{unproven}分母是指标库中的全国数。"
    assert words["fiscal_revenue"] == f"{unproven}分母是项目复核所用的全国数，未列入指标库。"
    assert words["high_tech_firms"] == "分子是走廊公布的合计（2018），见下表。分母是约数。"
    assert words["area"] == "分子是项目复核的合计，未列入指标库。分母是约数。"
    assert words["star_firms"].startswith("依据指标库中已有数值的城市（苏州、杭州）之和与全国数")
    assert "下限" in words["star_firms"]
    assert words["population"] == "没有可用的数据。"


def test_another_city_raises_the_lower_bound() -> None:
    load_shipped()
    hefei = {"indicator": "star_firms", "scope": "合肥", "period": "2024-06", "value": "20", "unit": "家"}
    make.enter(make.row(**hefei))
    star = found()["star_firms"]
    assert (star["numerator"], star["recomputed"], star["verdict"], star["at_least"]) == (
        104, "1/5.5", "unknown", True,
    )  # fmt: skip
    # Enough of them prove the claim, though cities are still missing.
    make.enter(make.row(**{**hefei, "scope": "嘉兴", "value": "15"}))
    star = found()["star_firms"]
    assert (star["numerator"], star["verdict"], star["basis"], star["at_least"]) == (
        119, "reproduced", "partial", True,
    )  # fmt: skip


def test_what_was_stated_is_listed_with_its_source() -> None:
    shown = found()
    assert shown["high_tech_firms"]["series"][-1] == ["2025-12", "~1/7"]
    assert shown["star_firms"]["series"] == [["2023-05", "1/5"], ["2025-12", ">20%"]]
    for one in shown.values():
        assert len(one["series"]) == len(one["series_sources"]) > 0
        assert all(source in one["sources"] for source in one["series_sources"])
    assert shown["pct_applications"]["series_sources"][0]["address"].startswith("https://jingji.weishan.cc/")


def test_what_is_only_recollected_is_not_among_the_figures() -> None:
    held = {(f.indicator, f.scope) for f in claims.known_figures() if f.period == "2022"}
    assert not {("gdp", city) for city in ("songjiang", "huzhou", "xuancheng")} & held
    assert not [pair for pair in held if pair[0] == "fiscal_revenue"]


def test_the_missing_bulletins_decide_once_they_are_imported() -> None:
    load_shipped()
    for city, figure in (("湖州", "3000"), ("宣城", "1500"), ("松江", "1200")):
        make.enter(make.row(scope=city, value=figure, source_name="公报"))
    gdp = found()["gdp"]
    assert (gdp["numerator"], gdp["basis"], gdp["missing"]) == (77228.35, "cities", [])
    assert (gdp["recomputed"], gdp["verdict"]) == ("1/15.7", "not_reproduced")
    # A withdrawn figure leaves its gap again.
    verbs.withdraw_value(None, Value.objects.get(scope="huzhou"), why="录错")
    assert found()["gdp"]["missing"] == ["huzhou"]


def test_a_withdrawn_shipped_figure_counts_no_longer() -> None:
    load_shipped()
    wuhu = Value.objects.get(indicator="gdp", scope="wuhu", period="2022")
    verbs.withdraw_value(None, wuhu, why="来源有误")
    assert "wuhu" in found()["gdp"]["missing"]


def test_illustrative_figures_decide_nothing() -> None:
    load_shipped()
    make.enter(make.row(scope="湖州", value="3850", illustrative="是"))
    assert "huzhou" in found()["gdp"]["missing"]


def test_key_figures_carry_source_period_and_evidence() -> None:
    load_shipped()
    figures = list(provider())
    assert [str(figure.value) for figure in figures[:2]] == ["1/15.3", "1/124"]
    by_period = {(str(figure.value), figure.unit, figure.period) for figure in figures}
    assert ("3.77", "%", "2024-05") in by_period  # the newest, not the one of 2023
    assert ("16", "个", "2024-05") in by_period
    assert all(figure.source and figure.address.startswith("/insight/") for figure in figures)
    register_key_figures(provider)
    assert [figure.address for figure in key_figures()].count(figures[0].address) == 1
    assert isinstance(figures[-1].value, Decimal)
