"""From a choice to the data of a method: what is used, what is missing, the same figures again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.utils import translation

from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.domain.loading import load_shipped
from langqiao.apps.insight.models import Value
from langqiao.apps.insight.queries.shown import figure, show
from langqiao.apps.insight.queries.study import Selection, assemble, run_selection
from langqiao.engines.regional.methods import METHODS
from langqiao.kit.refusals import Invalid
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db

CITIES = ("city:suzhou", "city:hangzhou", "city:hefei", "city:jinhua", "city:wuhu", "city:huzhou")


@pytest.fixture(autouse=True)
def _figures() -> None:
    make.corridor()
    load_shipped()


def chosen(method: str = "zipf", **more: Any) -> Selection:
    return Selection(method, **{"indicators": ("gdp",), "scopes": CITIES, "periods": ("2022",), **more})


def test_rows_without_a_figure_are_left_out_and_told() -> None:
    study, result = run_selection(chosen())
    assert study.data.regions == CITIES[:5]
    assert study.dropped == ("city:huzhou",)
    assert [(gap.scope, gap.indicator, gap.period) for gap in study.missing] == [
        ("city:huzhou", "gdp", "2022")
    ]
    assert study.data.groups == ("江苏", "浙江", "安徽", "浙江", "安徽")
    assert [caution.code for caution in result.warnings] == ["few_ranks"]
    assert len(study.values) == 5


def test_the_vintage_chosen_counts() -> None:
    jinhua = {"scopes": CITIES[:4]}
    assert assemble(chosen(**jinhua)).data.values[3, 0] == 5592.02
    assert assemble(chosen(vintage="preliminary", **jinhua)).data.values[3, 0] == 5562.47
    only = assemble(chosen(vintage="final", **jinhua))
    assert only.data.regions == ("city:jinhua",)


def test_pinned_values_give_the_same_figures_again() -> None:
    study, result = run_selection(chosen())
    pinned = [value.pk for value in study.values]
    make.enter(make.row(scope="合肥", value="99999", vintage="final"))
    verbs.withdraw_value(None, Value.objects.get(indicator="gdp", scope="wuhu", period="2022"), why="更正")
    changed, other = run_selection(chosen())
    assert changed.version != study.version
    assert other.to_json() != result.to_json()
    again, same = run_selection(chosen(), pinned=pinned)
    assert again.version == study.version
    assert same.to_json() == result.to_json()


def test_a_choice_survives_json() -> None:
    full = chosen("moran", parameters={"neighbours": 2, "weights": "nearest"}, vintage="final")
    assert Selection.from_json(full.to_json()) == full
    for wrong in (
        {"indicators": "gdp"},
        {"scopes": [1]},
        {"periods": ["x" * 121]},
        {"parameters": [1]},
        {"vintage": "a\x00"},
        {"colour": "red"},
    ):
        with pytest.raises(Invalid):
            Selection.from_json({**full.to_json(), **wrong})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"method": "alchemy"}, "method"),
        ({"indicators": ("none",)}, "indicators"),
        ({"scopes": ("hangzhou",)}, "scopes"),
        ({"scopes": ()}, "scopes"),
        ({"periods": ()}, "periods"),
        ({"periods": ("2022", "2023")}, "periods"),
        ({"periods": ("1999",)}, "periods"),
        ({"vintage": "newest"}, "vintage"),
        ({"parameters": {"what": 1}}, "method"),
        ({"scopes": CITIES[:2]}, "method"),
        ({"nation": "world"}, "nation"),
        ({"flows": "capital"}, "flows"),
        ({"method": "krugman", "indicators": ("gdp", "star_firms")}, "indicators"),
    ],
)
def test_a_wrong_choice_is_refused_with_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        run_selection(chosen(**more) if "method" not in more else chosen(more.pop("method"), **more))
    assert refused.value.field == field
    assert str(refused.value)


def test_several_periods_for_fusion() -> None:
    for slug, subject in (("a", "technology"), ("b", "industry"), ("c", "finance"), ("d", "talent")):
        make.indicator(slug, name=slug, unit="", subject=subject)
        for number, (city, period) in enumerate((c, p) for c in ("杭州", "合肥") for p in ("2021", "2022")):
            make.enter(make.row(indicator=slug, scope=city, period=period, value=number + len(slug), unit=""))
    sides = {"technology": ("a",), "industry": ("b",), "finance": ("c",), "talent": ("d",)}
    fusion, found = run_selection(
        Selection(
            "fusion",
            ("a", "b", "c", "d"),
            ("city:hangzhou", "city:hefei"),
            ("2021", "2022"),
            parameters=sides,
        )
    )
    shown = show(found, fusion)
    by_period = next(table for table in shown.tables if table.key == "by_period")
    assert by_period.columns == ("2021", "2022")
    assert [name for name, _cells in by_period.rows] == ["杭州", "合肥"]
    with translation.override("en"):
        english = show(found, fusion)
    assert english.tables[0].rows[0][0] == "Hangzhou 2021"
    assert english.tables[0].rows[3][1][-1] == "highly coordinated"


def test_a_wide_matrix_of_provinces() -> None:
    rng = np.random.default_rng(2)
    for slug in ("x", "y", "z"):
        make.indicator(slug, name=slug, unit="件", subject="technology")
    rows = [
        make.row(indicator=slug, scope=scope, period="2020", value=f"{rng.lognormal(3):.4f}", unit="件")
        for slug in ("x", "y", "z")
        for scope in ("杭州", "合肥", "浙江", "安徽", "江苏", "上海市", "河南", "湖北")
    ]
    make.enter(*rows)
    wide = {"indicators": ("x", "y", "z"), "periods": ("2020",), "nation": "provinces"}
    study, result = run_selection(chosen("relatedness", **{**wide, "scopes": CITIES[1:3]}))
    assert study.data.nation is not None
    assert len(study.data.nation.rows) == 6
    assert len(study.values) == 6 + 18
    assert [caution.code for caution in result.warnings] == ["narrow_nation"]
    with pytest.raises(Invalid):
        run_selection(chosen("relatedness", **{**wide, "periods": ("2022",), "scopes": CITIES[1:3]}))


def test_flows_come_from_the_ledger_or_are_given() -> None:
    given = np.arange(25).reshape(5, 5)
    study, result = run_selection(Selection("centrality", (), CITIES[:5], (), flows="capital"), flows=given)
    assert result.tables[0].columns[0] == "out"
    assert study.flows is not None
    with pytest.raises(Invalid) as refused:  # the ledger holds no flows yet
        run_selection(Selection("centrality", (), CITIES[:5], (), flows="capital"))
    assert refused.value.field == "method"
    for wrong in ({"flows": "gold"}, {"scopes": ("province:浙江",), "flows": "capital"}):
        with pytest.raises(Invalid):
            run_selection(
                Selection(
                    **{"method": "centrality", "indicators": (), "scopes": CITIES, "periods": (), **wrong}
                )
            )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1210207, "1,210,207"),
        (23958.3, "23,958.30"),
        (15.3, "15.3"),
        (0.24366, "0.2437"),
        (-7.95447, "-7.9545"),
        (0.00001, "1e-05"),
    ],
)
def test_figures_for_readers(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_refusal_has_words(language: str) -> None:
    with translation.override(language):
        for method in METHODS:
            with pytest.raises(Invalid) as refused:
                run_selection(Selection(method, ("gdp",), CITIES[:1], ("2022",)))
            assert str(refused.value)
