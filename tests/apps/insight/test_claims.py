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
