"""Verbs of the campus: what is left in the database, the ledger entry, and what is refused."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from langqiao.apps.accounts.models import Role
from langqiao.apps.computing.domain import buildings
from langqiao.apps.computing.domain import campus as verbs
from langqiao.apps.computing.models import Building, Campus, Hall, Reading
from langqiao.apps.ledger.models import Entry, Visibility
from langqiao.kit.refusals import Invalid, NotAllowed, Refused
from tests.factories.accounts import make_member
from tests.factories.computing import make_building, make_campus, make_hall, make_operator, make_rack
from tests.factories.registry import make_city, make_organisation

pytestmark = pytest.mark.django_db


def entries() -> list[tuple[str, str, dict[str, object]]]:
    return [
        (e.verb, e.visibility, json.loads(e.data))
        for e in Entry.objects.filter(app="computing").order_by("sequence")
    ]


def test_a_campus_is_registered_and_revised() -> None:
    operator = make_organisation()
    actor = make_member(operator, Role.COMPUTING_OPERATOR)
    campus = verbs.register_campus(
        actor, name="示例中心", operator=operator, city=make_city(), pue_limit="1.25"
    )
    verbs.revise_campus(actor, campus, use_floor=60, name="示例中心二")
    verbs.revise_campus(actor, campus, use_floor=60)
    campus.refresh_from_db()
    assert (campus.name, campus.pue_limit, campus.use_floor) == (
        "示例中心二",
        Decimal("1.250"),
        Decimal("60.00"),
    )
    assert entries() == [
        ("register_campus", Visibility.PUBLIC, {"name": "示例中心"}),
        ("revise_campus", Visibility.PUBLIC, {"changed": ["name", "use_floor"]}),
    ]


def test_only_its_operator_runs_a_campus() -> None:
    campus = make_campus()
    stranger = make_operator(make_campus())
    with pytest.raises(NotAllowed):
        verbs.register_campus(stranger, name="x", operator=campus.operator, city=campus.city)
    for act in (
        lambda: verbs.revise_campus(stranger, campus, name="x"),
        lambda: verbs.add_claim(stranger, campus, quantity="racks", value=1, stated_on="2020", source_name="x"),
        lambda: verbs.set_assumption(
            stranger, campus, key="pue", name="x", low=1, middle=1, high=1, why="x"
        ),
        lambda: buildings.register_building(stranger, campus, number=1, racks_designed=1),
        lambda: buildings.derate_hall(stranger, make_hall(make_building(campus)), derating=1, why="x"),
        lambda: buildings.register_racks(
            stranger, make_hall(make_building(campus)), row="A", names=["1"], power_kw=1
        ),
        lambda: verbs.record_reading(
            stranger, campus, starts_on="2026-01-01", ends_on="2026-01-02", facility_kwh=2, it_kwh=1,
            basis="metered",
        ),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()
    assert entries() == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"pue_limit": "0.9"}, "pue_limit"),
        ({"pue_limit": "nan"}, "pue_limit"),
        ({"use_floor": 101}, "use_floor"),
        ({"city": "songjiang"}, "city"),
    ],
)
def test_wrong_values_name_their_field(values: dict[str, object], field: str) -> None:
    campus = make_campus()
    with pytest.raises(Invalid) as refused:
        verbs.revise_campus(make_operator(campus), campus, **values)
    assert refused.value.field == field


def test_a_name_stands_once() -> None:
    campus, other = make_campus(), make_campus()
    with pytest.raises(Invalid, match="已经登记"):
        verbs.revise_campus(make_operator(campus), campus, name=other.name)


def test_claims_that_conflict_stand_side_by_side() -> None:
    campus = make_campus()
    actor = make_operator(campus)
    one = {"quantity": "racks", "value": 25000, "at_least": True, "stated_on": "2020", "source_name": "甲"}
    first = verbs.add_claim(actor, campus, **one)
    assert verbs.add_claim(actor, campus, **one) == first
    verbs.add_claim(actor, campus, **(one | {"value": 24000, "stated_on": "2022"}))
    assert list(campus.claims.values_list("value", "stated_on")) == [
        (Decimal("25000.000"), "2020"), (Decimal("24000.000"), "2022"),
    ]  # fmt: skip
    assert [verb for verb, *_ in entries()] == ["add_claim", "add_claim"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"quantity": "weight"}, "quantity"),
        ({"value": None}, "value"),
        ({"value": -1}, "value"),
        ({"stated_on": "soon"}, "stated_on"),
        ({"source_name": ""}, "source_name"),
        ({"happened_on": "2026-13-01"}, "happened_on"),
    ],
)
def test_a_claim_needs_a_value_and_a_source(values: dict[str, object], field: str) -> None:
    campus = make_campus()
    given = {"quantity": "racks", "value": 1, "stated_on": "2020", "source_name": "甲", **values}
    with pytest.raises(Invalid) as refused:
        verbs.add_claim(make_operator(campus), campus, **given)
    assert refused.value.field == field


def test_an_assumption_is_stated_and_changed() -> None:
    campus = make_campus()
    actor = make_operator(campus)
    given = {"key": "rack_kw", "name": "机架密度", "low": 6, "middle": 12, "high": 16, "why": "公开资料没有"}
    first = verbs.set_assumption(actor, campus, **given)
    assert (first.unit, first.middle) == ("kW", 12.0)
    assert verbs.set_assumption(actor, campus, **given).pk == first.pk
    verbs.set_assumption(actor, campus, **(given | {"middle": 10}))
    assert [(a.key, a.middle) for a in campus.assumptions.all()] == [("rack_kw", 10.0)]
    assert [data["middle"] for _verb, _seen, data in entries()] == [12.0, 10.0]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"key": "weather"}, "key"),
        ({"low": 20}, "middle"),
        ({"low": 0}, "low"),
        ({"high": "x"}, "high"),
        ({"why": " "}, "why"),
    ],
)
def test_a_wrong_assumption_is_refused(values: dict[str, object], field: str) -> None:
    campus = make_campus()
    given = {"key": "rack_kw", "name": "x", "low": 6, "middle": 12, "high": 16, "why": "x", **values}
    with pytest.raises(Invalid) as refused:
        verbs.set_assumption(make_operator(campus), campus, **given)
    assert refused.value.field == field


def test_a_building_slips_and_is_delivered() -> None:
    campus = make_campus()
    actor = make_operator(campus)
    building = buildings.register_building(
        actor, campus, number=5, racks_designed=2500, planned_on=date(2027, 1, 1)
    )
    buildings.revise_building(actor, building, planned_on=date(2027, 7, 1))
    buildings.revise_building(actor, building, delivered_on="2026-10-01")
    found = Building.objects.get()
    assert (found.planned_on, found.delivered_on) == (date(2027, 7, 1), date(2026, 10, 1))
    assert [data for _verb, _seen, data in entries()][1:] == [
        {"changed": ["planned_on"], "planned_on": ["2027-01-01", "2027-07-01"]},
        {"changed": ["delivered_on"], "delivered_on": ["", "2026-10-01"]},
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": 0}, "number"),
        ({"number": 7}, "number"),
        ({"racks_designed": -1}, "racks_designed"),
        ({"racks_designed": 1.5}, "racks_designed"),
        ({"delivered_on": timezone.localdate() + timedelta(days=2)}, "delivered_on"),
        ({"planned_on": "someday"}, "planned_on"),
    ],
)
def test_a_wrong_building_is_refused(values: dict[str, object], field: str) -> None:
    campus = make_campus()
    make_building(campus, number=7)
    with pytest.raises(Invalid) as refused:
        buildings.register_building(
            make_operator(campus), campus, **{"number": 1, "racks_designed": 1, **values}
        )
    assert refused.value.field == field


def test_a_hall_is_registered_revised_and_derated() -> None:
    building = make_building()
    actor = make_operator(building.campus)
    hall = buildings.register_hall(actor, building, name="A", racks=10, power_kw=100, cooling_kw=90)
    buildings.revise_hall(actor, hall, racks=12, is_assumed=False)
    buildings.derate_hall(actor, hall, derating=20, why="冷机检修")
    buildings.derate_hall(actor, hall, derating=20, why="冷机检修")
    found = Hall.objects.get()
    assert (found.racks, found.power_kw, found.derating, found.is_assumed) == (12, 100.0, 20, False)
    assert entries()[1:] == [
        ("revise_hall", Visibility.PUBLIC, {"changed": ["is_assumed", "racks"]}),
        ("derate_hall", Visibility.PUBLIC, {"from": 0, "to": 20, "why": "冷机检修"}),
    ]
    for values, field in (
        ({"derating": 101, "why": "x"}, "derating"), ({"derating": 1, "why": ""}, "why"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            buildings.derate_hall(actor, hall, **values)
        assert refused.value.field == field
    with pytest.raises(Invalid, match="不能含"):
        buildings.register_hall(actor, building, name="A/B", racks=1, power_kw=1, cooling_kw=1)


def test_racks_stand_as_far_as_there_are_positions() -> None:
    hall = make_hall(racks=3)
    actor = make_operator(hall.building.campus)
    made = buildings.register_racks(actor, hall, row="01", names=["A", "B"], power_kw=12)
    assert [rack.name for rack in made] == ["A", "B"]
    assert buildings.register_racks(actor, hall, row="01", names=["B", "C"], power_kw=12)[0].name == "C"
    with pytest.raises(Refused, match="只有 3 个机架位"):
        buildings.register_racks(actor, hall, row="01", names=["D"], power_kw=12)
    with pytest.raises(Invalid, match="机架位少于"):
        buildings.revise_hall(actor, hall, racks=2)
    assert [data for _verb, _seen, data in entries()] == [
        {"row": "01", "count": 2}, {"row": "01", "count": 1},
    ]  # fmt: skip


MONTH = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 1, 31), "facility_kwh": 120, "it_kwh": 100}


def test_energy_is_read_once_and_corrected_by_its_code() -> None:
    campus = make_campus()
    actor = make_operator(campus)
    first = verbs.record_reading(actor, campus, **MONTH, basis="metered", code="E-1")
    assert first.pue == pytest.approx(1.2)
    verbs.record_reading(actor, campus, **(MONTH | {"facility_kwh": 125}), basis="metered", code="E-1")
    verbs.record_reading(actor, campus, **MONTH, basis="assumed")
    assert [(r.basis, r.facility_kwh) for r in Reading.objects.order_by("pk")] == [
        ("metered", 125.0), ("assumed", 120.0),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="已有读数"):
        verbs.record_reading(actor, campus, **MONTH, basis="metered")
    assert {seen for _verb, seen, _data in entries()} == {Visibility.PARTIES}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"facility_kwh": 99}, "facility_kwh"),
        ({"it_kwh": 0}, "it_kwh"),
        ({"green_kwh": 121}, "green_kwh"),
        ({"ends_on": date(2025, 12, 31)}, "ends_on"),
        ({"starts_on": None}, "starts_on"),
        ({"basis": "guessed"}, "basis"),
    ],
)
def test_energy_that_cannot_be_is_refused(values: dict[str, object], field: str) -> None:
    campus = make_campus()
    with pytest.raises(Invalid) as refused:
        verbs.record_reading(make_operator(campus), campus, **{**MONTH, "basis": "metered", **values})
    assert refused.value.field == field


def test_a_building_of_another_campus_has_no_reading_here() -> None:
    campus = make_campus()
    with pytest.raises(Invalid, match="不属于"):
        verbs.record_reading(
            make_operator(campus), campus, **MONTH, basis="metered", building=make_building()
        )


def test_nothing_is_left_when_the_ledger_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    campus = make_campus()
    rack = make_rack(make_hall(make_building(campus)))
    monkeypatch.setattr(verbs, "enter", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        verbs.revise_campus(make_operator(campus), campus, name="不留")
    assert not Campus.objects.filter(name="不留").exists()
    assert rack.pk
