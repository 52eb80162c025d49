"""`langqiao insight …` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from langqiao.apps.insight.models import Indicator, Value
from langqiao.cli.insight import insight_app
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db
FIELDS = {
    "id", "stated", "date", "numerator", "denominator", "recomputed", "verdict", "sources", "missing", "range",
    "basis", "detail",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' tables are there already; what is left of ``migrate`` is the corridor."""
    monkeypatch.setattr("langqiao.cli.insight.migrate", make.corridor)


def call(*words: str) -> str:
    result = CliRunner().invoke(insight_app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("loaded", [False, True])
def test_claims_as_json(loaded: bool) -> None:
    if loaded:
        call("load")
    shown = json.loads(call("claims", "--json"))
    assert all(set(one) >= FIELDS for one in shown)
    assert [(one["id"], one["recomputed"], one["verdict"]) for one in shown] == [
        ("gdp", "1/15.3", "reproduced"),
        ("fiscal_revenue", "1/13.7", "not_reproduced"),
        ("market_entities", "", "unknown"),
        ("high_tech_firms", "1/11.4", "unknown"),
        ("star_firms", "1/6.8", "unknown"),
        ("area", "1/124", "reproduced"),
        ("population", "", "unknown"),
        ("pct_applications", "", "unknown"),
    ]
    assert shown[0]["missing"] == ["songjiang", "huzhou", "xuancheng"]


def test_claims_as_a_table() -> None:
    shown = call("claims")
    assert "1/15.3" in shown
    assert "≥ 1/6.8" in shown


def test_loading_twice() -> None:
    first = json.loads(call("load", "--json"))
    assert first["created"] == Value.objects.count() > 20
    again = json.loads(call("load", "--json"))
    assert (again["created"], again["unchanged"]) == (0, first["created"])
    assert "0 new" in call("load")


def test_a_snapshot_of_the_day() -> None:
    assert json.loads(call("snapshot", "--json"))["created"] == 36
    assert json.loads(call("snapshot", "--json"))["created"] == 0


def test_importing_a_table(tmp_path: Path) -> None:
    call("load")
    file = tmp_path / "t.csv"
    file.write_text("指标,范围,时期,数值,单位,来源\ngdp,湖州,2022,1234.5,亿元,示例公报\n", "utf-8")
    assert json.loads(call("import", str(file), "--dry-run", "--json"))["written"] is False
    assert not Value.objects.filter(scope="huzhou").exists()
    assert "1 new" in call("import", str(file))
    assert Value.objects.filter(scope="huzhou").count() == 1
    file.write_text("指标,范围,时期,数值,单位,来源\ngdp,巢湖,2022,1,亿元,示例公报\n", "utf-8")
    wrong = CliRunner().invoke(insight_app, ["import", str(file)])
    assert wrong.exit_code == 1
    assert "row 2, scope" in wrong.stdout
    assert CliRunner().invoke(insight_app, ["import", str(tmp_path / "none.csv")]).exit_code == 1


def test_differences_are_accepted_by_a_flag(tmp_path: Path) -> None:
    call("load")
    file = tmp_path / "v.csv"
    file.write_text("指标,范围,时期,数值,单位,来源\ngdp,苏州,2022,1,亿元,示例博客\n", "utf-8")
    assert json.loads(call("import", str(file), "--dry-run", "--json"))["differing"] == 1
    stopped = CliRunner().invoke(insight_app, ["import", str(file)])
    assert stopped.exit_code == 1
    assert "1 to be confirmed (nothing written)" in stopped.stdout
    assert "row 2, value" in stopped.stdout
    assert not Value.objects.filter(source_name="示例博客").exists()
    assert "(written)" in call("import", str(file), "--accept-differences")
    assert Value.objects.filter(source_name="示例博客").exists()
    call("load")  # the shipped figures load again all the same


def test_a_panel_with_its_repairs(tmp_path: Path) -> None:
    file = tmp_path / "p.tsv"
    head = "province\tyear\tchn_block4\tvalue\tunits\tvariables\tsrc"
    file.write_text(
        f"{head}\n内蒙占\t2013\t合计\t7\t件\tv1\ta.xlsx\n尔部地区\t2013\t合计\t9\t件\tv1\ta.xlsx\n", "utf-8"
    )
    report = json.loads(call("panel", str(file), "--json"))
    assert (report["read"], report["kept"], report["repaired"]) == (2, 1, 1)
    assert report["repairs"] == [{"from": "内蒙占", "to": "内蒙古", "count": 1, "why": "占 read for 古"}]
    assert report["set_aside"][0]["name"] == "尔部地区"
    assert not Indicator.objects.exists()
    assert "set aside, line 3" in call("panel", str(file))
    loaded = json.loads(call("panel", str(file), "--load", "--json"))
    assert loaded["load"]["report"]["created"] == 1
    assert Value.objects.get().scope == "内蒙古"
    file.write_text("x\n", "utf-8")
    assert CliRunner().invoke(insight_app, ["panel", str(file)]).exit_code == 1


@pytest.mark.slow
def test_the_real_panel_is_loaded_with_nothing_lost(shared_data: Path) -> None:
    report = json.loads(call("panel", str(shared_data / "province_panel" / "techme.tsv"), "--load", "--json"))
    load = report["load"]
    assert report["read"] == report["kept"] + len(report["set_aside"]) == 26_199
    assert load["report"]["wrong"] == 0
    assert load["report"]["created"] + load["gaps"] + load["other_unit"] + load["repeated"] == report["kept"]
    assert Value.objects.count() == load["report"]["created"]
    assert Indicator.objects.count() == load["indicators"] == 77
