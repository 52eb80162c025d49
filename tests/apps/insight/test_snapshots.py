"""Snapshots of the registry: counts by city and day, and the fusion that rests on them."""

from __future__ import annotations

from datetime import date

import pytest

from langqiao.apps.insight.domain.snapshots import take_snapshot
from langqiao.apps.insight.models import Indicator, Value
from langqiao.apps.insight.queries.study import Selection, run_selection
from langqiao.apps.registry.models import Achievement, City, Finance, Organisation, Person, Product
from tests.factories import insight_indicators as make

pytestmark = pytest.mark.django_db
SIDES = {
    "technology": ("registered_achievements",), "industry": ("registered_products",),
    "finance": ("registered_finance",), "talent": ("registered_experts",),
}  # fmt: skip


def fill(slug: str, number: int, *, illustrative: bool = False) -> None:
    city = City.objects.get(pk=slug)
    firm = Organisation.objects.create(name=f"示例{slug}{number}", kind="enterprise", city=city)
    for place in range(number):
        Achievement.objects.create(title=f"{slug}{place}", city=city, illustrative=illustrative)
        Product.objects.create(name=f"{slug}{place}", organisation=firm)
        Finance.objects.create(name=f"{slug}{place}", organisation=firm)
        Person.objects.create(name=f"{slug}{place}", organisation=firm)


def test_a_day_has_one_snapshot() -> None:
    make.corridor()
    fill("hangzhou", 3)
    fill("hefei", 1, illustrative=True)
    report = take_snapshot(None, on=date(2025, 1, 2))
    assert (report.created, report.written) == (36, True)
    counts = dict(Value.objects.filter(indicator="registered_achievements").values_list("scope", "value"))
    assert (counts["hangzhou"], counts["hefei"], counts["wuhu"]) == (3, 1, 0)
    assert set(Value.objects.filter(illustrative=True).values_list("indicator", "scope")) == {
        ("registered_achievements", "hefei")
    }
    assert Value.objects.get(indicator="registered_experts", scope="hangzhou").value == 3
    fill("wuhu", 2)
    assert take_snapshot(None, on=date(2025, 1, 2)).created == 0
    later = take_snapshot(None, on=date(2026, 1, 2))
    assert later.created == 36
    assert Indicator.objects.count() == 4
    chosen = Selection(
        "fusion",
        tuple(name for names in SIDES.values() for name in names),
        ("city:hangzhou", "city:hefei", "city:wuhu"),
        ("2025-01-02", "2026-01-02"),
        parameters=SIDES,
    )
    study, result = run_selection(chosen)
    by_period = next(table for table in result.tables if table.key == "by_period")
    grown = by_period.cells[2]
    assert isinstance(grown[0], float)
    assert isinstance(grown[1], float)
    assert grown[0] < grown[1]
    assert not study.dropped
