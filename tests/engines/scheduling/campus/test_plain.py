"""A campus from JSON, and a plan as JSON."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from langqiao.engines.scheduling.campus import (
    Assumed,
    Block,
    Changes,
    Demand,
    Hall,
    Site,
    month_text,
    plan,
    plan_as_dict,
    read_month,
    site_from_dict,
)
from langqiao.engines.scheduling.errors import SchedulingError
from tests.engines.scheduling.campus.scene import START, assumptions

VALUES: dict[str, Any] = {
    "name": "demo",
    "assumptions": {"rack_kw": {"low": 6, "middle": 12, "high": 16, "why": "stated"}},
    "buildings": [
        {
            "name": 1,
            "delivered": "2023-05-10",
            "halls": [{"name": "A", "racks": 100, "power_kw": 900.0, "cooling_kw": 950, "installed_gpus": 8}],
        },
        {"name": "2", "planned": "2028-01-01", "racks": 2500},
    ],
    "tenants": [{"name": "t", "gpus": 4, "from": "2027-01", "to": "2027-12"}],
}


def test_a_campus_is_read() -> None:
    assert site_from_dict(VALUES) == Site(
        name="demo",
        blocks=(
            Block("1", date(2023, 5, 10), True, (Hall("A", 100, 900.0, 950.0, 0.0, 8),)),
            Block("2", date(2028, 1, 1), False, (Hall("", 2500),)),
        ),
        assumptions={"rack_kw": Assumed("rack_kw", 6.0, 12.0, 16.0, "kW", "stated")},
        demand=(Demand("t", 4, read_month("2027-01"), read_month("2027-12")),),
    )


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("buildings",), None, "buildings: must be a list"),
        (("buildings", 0), 3, "buildings[0]: must be an object"),
        (("buildings", 0, "delivered"), "soon", "buildings[0].delivered: must be a day"),
        (("buildings", 0, "halls", 0, "racks"), 1.5, "buildings[0].halls[0].racks: must be a whole number"),
        (("buildings", 0, "halls", 0, "power_kw"), -1, "buildings[0].halls[0].power_kw: must lie within"),
        (("buildings", 0, "halls", 0, "power_kw"), "9", "buildings[0].halls[0].power_kw: must be a number"),
        (("buildings", 0, "halls", 0, "power_kw"), True, "buildings[0].halls[0].power_kw: must be a number"),
        (("buildings", 0, "halls", 0, "power_kw"), float("inf"), "halls[0].power_kw: must lie within"),
        (("buildings", 1, "racks"), None, "buildings[1].racks: is missing"),
        (("buildings", 1, "name"), "", "buildings[1].name: must be a text"),
        (("tenants", 0, "from"), "2027", "tenants[0].from: must be a month"),
        (("tenants", 0, "from"), None, "tenants[0].from: is missing"),
        (("tenants", 0, "to"), "2026-12", "tenants[0].to: 2026-12 lies before from, 2027-01"),
        (("assumptions", "rack_kw", "low"), None, "assumptions.rack_kw.low: is missing"),
        (("assumptions",), [], "assumptions: must be an object"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(path: tuple[Any, ...], value: object, where: str) -> None:
    values = deepcopy(VALUES)
    part: Any = values
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(SchedulingError) as refused:
        site_from_dict(values)
    assert where in str(refused.value)


def test_a_plan_becomes_json_with_its_assumptions() -> None:
    site = Site("demo", site_from_dict(VALUES).blocks, assumptions(), ())
    arrival = Demand("x", 1_000, START)
    values = plan_as_dict(plan(site, start=START, months=2, changes=Changes(arrivals=(arrival,))), site)
    assert json.loads(json.dumps(values)) == values
    assert values["start"] == "2027-01"
    assert values["assumptions"]["pue"] == {"low": 1.2, "middle": 1.25, "high": 1.3, "unit": "", "why": ""}
    assert values["months"][1] == {
        "month": "2027-02",
        "capacity": {"low": 720, "middle": 720, "high": 720},
        "demand": 1000,
        "headroom": {"low": -280, "middle": -280, "high": -280},
        "promise": {"low": 0, "middle": 0, "high": 0},
        "it_kw": {"low": 900.0, "middle": 900.0, "high": 900.0},
        "facility_kw": {"low": 1080.0, "middle": 1125.0, "high": 1170.0},
        "full_it_kw": {"low": 900.0, "middle": 900.0, "high": 900.0},
        "full_facility_kw": {"low": 1080.0, "middle": 1125.0, "high": 1170.0},
        "binding": "power",
    }
    assert values["halls"][1]["ready"] == dict.fromkeys(("low", "middle", "high"), "2028-01")
    assert values["arrivals"] == [
        {
            "name": "x",
            "gpus": 1000,
            "from": month_text(START),
            "verdict": "no",
            "short": 280,
            "earliest": {"low": None, "middle": None, "high": None},
        }
    ]
