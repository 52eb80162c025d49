"""Indicators and their figures: verbs, checks, vintages, what is left behind."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.insight.domain import indicators as verbs
from langqiao.apps.insight.domain.cleaning import clean_number, clean_period
from langqiao.apps.insight.domain.loading import load_panel, load_shipped, shipped_rows
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries.indicators import cells, live_values, vintages_of
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.models import Organisation
from langqiao.engines.regional.panel import read_panel
from langqiao.kit.permissions import allowed
from langqiao.kit.refusals import Invalid, NotAllowed
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cities() -> None:
    make.corridor()


def errors(*rows: dict[str, Any]) -> list[tuple[int, str]]:
    report = verbs.enter_values(None, enumerate(rows, 2))
    assert not report.written
    assert report.wrong == len(report.errors)
    return [(error.row, error.field) for error in report.errors]


def test_a_figure_is_entered_with_all_it_needs() -> None:
    gdp = make.indicator()
    before = Entry.objects.count()
    value = make.value(
        source_url="https://example.org/bulletin", source_date="2023-04-01", vintage="初步数", value="18,753"
    )
    assert (value.indicator, value.scope_kind, value.scope, value.period) == (gdp, "city", "hangzhou", "2022")
    assert (value.value, value.unit, value.vintage) == (Decimal(18753), "亿元", "preliminary")
    assert (value.source_name, value.source_url) == (make.SOURCE, "https://example.org/bulletin")
    assert value.source_date == date(2023, 4, 1)
    entry = Entry.objects.latest("sequence")
    assert Entry.objects.count() == before + 1
    assert (entry.verb, entry.object) == ("enter_values", "insight.indicator:gdp")
    said = json.loads(entry.data)
    assert (said["values"], said["scopes"], said["periods"]) == (1, 1, ["2022", "2022"])


def test_the_same_table_again_changes_nothing() -> None:
    make.indicator()
    make.enter(make.row(), make.row(scope="合肥市", value="12013"))
    before = Entry.objects.count()
    again = verbs.enter_values(None, enumerate([make.row(), make.row(scope="合肥", value=12013.0)], 2))
    assert (again.created, again.unchanged, again.wrong, again.written) == (0, 2, 0, True)
    assert Value.objects.count() == 2
    assert Entry.objects.count() == before


def test_vintages_and_sources_stand_side_by_side() -> None:
    gdp = make.indicator()
    make.enter(make.row(scope="金华", value="5562.47", vintage="preliminary"))
    make.enter(make.row(scope="金华", value="5592.02", vintage="final"))
    make.enter(make.row(scope="金华", value="5600", vintage="preliminary", source_name="另一份示例公报"))
    found = cells(live_values().filter(indicator=gdp))
    assert len(found) == 1
    assert [str(value.value.normalize()) for value in found[0].values] == ["5592.02", "5.6E+3", "5562.47"]
    assert found[0].revised == Decimal("-7.98")
    assert vintages_of(found[0].values[2])[0].vintage == "final"


def test_a_source_may_not_contradict_itself() -> None:
    make.indicator()
    value = make.value()
    report = verbs.enter_values(None, [(2, make.row(value="18754"))])
    assert (report.wrong, report.errors[0].field, report.written) == (1, "value", False)
    assert "18753" in report.errors[0].why
    # What was entered wrongly is withdrawn, then entered anew; the old figure stays to be read.
    verbs.withdraw_value(None, value, why="录错一位")
    make.enter(make.row(value="18754"))
    assert [str(v.value.normalize()) for v in Value.objects.order_by("pk")] == ["18753", "18754"]
    assert [str(v.value.normalize()) for v in live_values()] == ["18754"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"indicator": "gpd"}, "indicator"),
        ({"indicator": ""}, "indicator"),
        ({"scope": "巢湖"}, "scope"),
        ({"scope": "organisation:无此机构"}, "scope"),
        ({"scope": "planet:火星"}, "scope"),
        ({"period": "2022-13"}, "period"),
        ({"period": "22"}, "period"),
        ({"period": "2021-09/01"}, "period"),
        ({"period": "2022-02-30"}, "period"),
        ({"period": "1900"}, "period"),
        ({"period": str(timezone.localdate().year + 1)}, "period"),
        ({"value": "很多"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "Infinity"}, "value"),
        ({"value": True}, "value"),
        ({"value": ""}, "value"),
        ({"value": "1e30"}, "value"),
        ({"value": "0.12345678901"}, "value"),
        ({"unit": "万元"}, "unit"),
        ({"unit": ""}, "unit"),
        ({"unit": None}, "unit"),
        ({"vintage": "第三版"}, "vintage"),
        ({"source_name": ""}, "source_name"),
        ({"source_name": "长" * 301}, "source_name"),
        ({"source_name": "坏\x00"}, "source_name"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"source_date": "昨天"}, "source_date"),
    ],
)
def test_a_wrong_row_is_named_with_its_field(change: dict[str, Any], field: str) -> None:
    make.indicator()
    before = Entry.objects.count()
    assert errors(make.row(scope="苏州"), make.row(**change)) == [(3, field)]
    assert not Value.objects.exists()  # nor was the right row written
    assert Entry.objects.count() == before


def test_doubles_within_a_file_are_told() -> None:
    make.indicator()
    assert errors(make.row(), make.row(value="2"), make.row(scope="苏州")) == [(3, "")]


def test_a_dry_run_writes_nothing() -> None:
    make.indicator()
    before = Entry.objects.count()
    report = verbs.enter_values(None, [(2, make.row())], dry_run=True)
    assert (report.created, report.written, report.wrong) == (1, False, 0)
    assert not Value.objects.exists()
    assert Entry.objects.count() == before


def test_a_failing_ledger_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    make.indicator()

    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("langqiao.apps.insight.domain.indicators.record_all", broken)
    with pytest.raises(RuntimeError):
        verbs.enter_values(None, [(2, make.row())])
    assert not Value.objects.exists()


def test_scopes_by_the_names_people_write() -> None:
    make.indicator()
    organisation = Organisation.objects.create(name="示例激光", kind="enterprise", code="X-1")
    wanted = {
        "Songjiang": ("city", "songjiang"),
        "松江区": ("city", "songjiang"),
        "330100": ("city", "hangzhou"),
        "长三角G60科创走廊": ("corridor", "corridor"),
        "全国": ("nation", "nation"),
        "上海市": ("province", "上海"),
        "内蒙古自治区": ("province", "内蒙古"),
        "organisation:X-1": ("organisation", str(organisation.pk)),
        "organisation:示例激光": ("organisation", str(organisation.pk)),
    }
    for number, (name, scope) in enumerate(wanted.items()):
        value = make.value(scope=name, source_name=f"来源{number}")
        assert (value.scope_kind, value.scope) == scope


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (2022, "2022"), (2022.0, "2022"), ("2022年", "2022"), ("２０２２", "2022"), ("2022-Q3", "2022-Q3"),
        ("2022年3季度", "2022-Q3"), ("2022-H1", "2022-H1"), ("2022-05", "2022-05"), ("2022年5月", "2022-05"),
        ("2021-01/09", "2021-01/09"), ("2021年1-9月", "2021-01/09"), (date(2022, 5, 31), "2022-05-31"),
    ],
)  # fmt: skip
def test_periods(said: Any, kept: str) -> None:
    assert clean_period(said) == kept


def test_numbers() -> None:
    assert clean_number("1,210,207") == Decimal(1210207)
    assert clean_number("３．５５%", percent=True) == Decimal("3.55")
    assert clean_number(5562.47) == Decimal("5562.47")
    assert str(clean_number("5E+3")) == "5000"
    with pytest.raises(Invalid):
        clean_number("3.55%")


def test_indicators_are_defined_once() -> None:
    first = make.indicator(name_en="GDP")
    before = Entry.objects.count()
    assert make.indicator(name_en="GDP") == first
    assert Entry.objects.count() == before
    make.value()
    assert make.indicator(name="国内生产总值").name == "国内生产总值"
    with pytest.raises(Invalid, match="单位不能再改"):
        make.indicator(unit="万元")
    for wrong in ({"slug": "Ä"}, {"slug": "new"}, {"name": " "}, {"subject": "magic"}, {"name": "长" * 121}):
        with pytest.raises(Invalid):
            make.indicator(**{"slug": "x", **wrong})


def test_withdrawing_needs_a_reason_and_happens_once() -> None:
    make.indicator()
    value = make.value()
    with pytest.raises(Invalid, match="撤回原因"):
        verbs.withdraw_value(None, value, why=" ")
    verbs.withdraw_value(None, value, why="来源更正")
    value.refresh_from_db()
    assert value.withdrawn_at is not None
    assert "来源更正" not in str(Entry.objects.latest("sequence").__dict__)
    with pytest.raises(Invalid, match="已经撤回"):
        verbs.withdraw_value(None, value, why="再来")


def test_who_may_do_what() -> None:
    people = {
        "office": make.office(),
        "think_tank": make.think_tank(),
        "liaison": make.make_user(Role.LIAISON),
        "university": make.make_user(Role.RESEARCHER, kind=Organisation.Kind.UNIVERSITY),
        "firm": make.make_user(Role.ENTERPRISE, kind=Organisation.Kind.ENTERPRISE),
        "console": None,
    }
    may = {"office", "think_tank", "console"}
    for act in ("import_values", "define_indicator", "withdraw_value"):
        assert {name for name, who in people.items() if allowed(who, f"insight.{act}")} == may
    with pytest.raises(NotAllowed, match="联席办"):
        verbs.enter_values(people["firm"], [(2, make.row())])
    left = make.think_tank()
    left.memberships.update(valid_to=timezone.localdate() - timedelta(days=1))
    assert not allowed(left, "insight.import_values")


def test_the_shipped_figures_load_again_and_again() -> None:
    first = load_shipped()
    assert (first.created, first.wrong, first.written) == (len(shipped_rows()), 0, True)
    again = load_shipped()
    assert (again.created, again.unchanged) == (0, first.created)
    # What is only recollected is not shipped.
    held = live_values().filter(indicator="gdp", scope_kind="city", period="2022")
    assert not held.filter(scope__in=("huzhou", "xuancheng", "songjiang")).exists()
    assert not live_values().filter(indicator="fiscal_revenue", scope_kind="city").exists()
    assert not live_values().filter(source_name="").exists()
    assert Indicator.objects.get(pk="gdp").unit == "亿元"


def test_a_panel_is_taken_over(tmp_path: Any) -> None:
    path = tmp_path / "p.tsv"
    lines = [
        "province\tyear\tchn_block4\tvalue\tunits\tvariables\tsrc",
        "安徽\t2014\t合计\t0.30000000000000004\t件\tv1_X\ta.xlsx",
        "两藏\t2014\t合计\t133.0\t件\tv1_X\ta.xlsx",
        "两藏\t2014\t合计\t133.0\t件\tv1_X\ta.xlsx",
        "全   国\t2014\t合计\t\t件\tv1_X\ta.xlsx",
        "河北\t2014\t合计\t7\t万元\tv1_X\ta.xlsx",
    ]
    path.write_text("\n".join(lines), "utf-8")
    panel = read_panel(path)
    tried = load_panel(None, panel, dry_run=True)
    assert tried.report.created == 2
    assert not Indicator.objects.exists()
    loaded = load_panel(None, panel)
    assert (loaded.report.created, loaded.gaps, loaded.other_unit, loaded.repeated, loaded.rounded) == (
        2, 1, 1, 1, 1,
    )  # fmt: skip
    assert sorted(Value.objects.values_list("scope_kind", "scope", "period", "unit")) == [
        ("province", "安徽", "2014", "件"),
        ("province", "西藏", "2014", "件"),
    ]
    assert Indicator.objects.get(pk="v1_x").name == "合计（v1_X）"
    assert load_panel(None, panel).report.created == 0
