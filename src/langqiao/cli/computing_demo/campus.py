"""The demo's computing centre: dated public claims, illustrative buildings, halls, racks, servers.

Everything goes through the domain's verbs; loading twice changes nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction

from langqiao.apps.computing.domain import buildings, campus, servers
from langqiao.apps.computing.models import Building, Campus, Rack
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.engines.matching.types import Progress
from langqiao.kit.refusals import Refused

STAGE = "campus"


def read() -> dict[str, Any]:
    """The demo's records of the campus."""
    from langqiao.cli.corridor_demo import folder

    return tomllib.loads((folder() / "computing" / "campus.toml").read_text("utf-8"))


@transaction.atomic
def load_campus(progress: Callable[[Progress], None]) -> Campus:
    """Load the campus; its operator must be there (``corridor_demo.load``).

    Raises:
        Refused: a record is wrong, or the operator is not there.
    """
    found = read()
    stages = (_claims, _assumptions, _buildings, _halls, _servers, _readings)
    place = _campus(found["campus"])
    for done, stage in enumerate(stages, start=1):
        progress(Progress(STAGE, done - 1, len(stages)))
        stage(place, found)
    progress(Progress(STAGE, len(stages), len(stages)))
    return place


def _campus(values: dict[str, Any]) -> Campus:
    known = Campus.objects.filter(code=values["code"]).first()
    if known is not None:
        return known
    lookups = Lookups()
    operator, city = lookups.organisation(values["operator"]), lookups.city(values["city"])
    if operator is None or city is None:
        raise Refused(f"示例园区的运营单位 {values['operator']} 不在。", mend="请先载入示例走廊。")
    return campus.register_campus(None, **{**values, "operator": operator, "city": city})


def _claims(place: Campus, found: dict[str, Any]) -> None:
    for values in found["claims"]:
        campus.add_claim(None, place, **values)


def _assumptions(place: Campus, found: dict[str, Any]) -> None:
    # What the operator has set since stays.
    present = set(place.assumptions.values_list("key", flat=True))
    for values in found["assumptions"]:
        if values["key"] not in present:
            campus.set_assumption(None, place, **values)


def _buildings(place: Campus, found: dict[str, Any]) -> None:
    values = found["buildings"]
    present = set(place.buildings.values_list("number", flat=True))
    for phase, column in (("delivered", "delivered_on"), ("planned", "planned_on"), ("open", "")):
        for number in values[phase]["numbers"]:
            if number in present:
                continue
            buildings.register_building(
                None,
                place,
                number=number,
                racks_designed=values["racks_designed"],
                illustrative=True,
                source_name=values["source_name"],
                **({column: values[phase]["on"]} if column else {}),
            )


def _halls(place: Campus, found: dict[str, Any]) -> None:
    for values in found["halls"]:
        building = Building.objects.get(campus=place, number=values["building"])
        if not building.halls.filter(name=values["name"]).exists():
            given = {name: value for name, value in values.items() if name != "building"}
            buildings.register_hall(None, building, **given, is_assumed=True)


def _servers(place: Campus, found: dict[str, Any]) -> None:
    # A rack that stands has been filled before, and its servers may have been changed since.
    standing = {
        (building, hall, row, name)
        for building, hall, row, name in Rack.objects.filter(hall__building__campus=place).values_list(
            "hall__building__number", "hall__name", "row", "name"
        )
    }
    rows = [
        row
        for row in _rows(found["servers"])
        if (row["building"], row["hall"], row["row"], row["rack"]) not in standing
    ]
    summary = servers.import_servers(None, place, rows)
    if summary.refused:
        first = summary.refusals[0]
        raise Refused(f"{rows[(first.row or 1) - 1]['name']} {first.field}：{first}")


def _rows(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        spec = {name: block[name] for name in ("cpu_milli", "memory_mib", "gpus", "gpu_model", "is_domestic")}
        number = 0
        for at in range(1, block["racks"] + 1):
            rack = f"{block['hall']}{block['row']}-{at:02}"
            for _each in range(block["each"]):
                number += 1
                yield {
                    **spec,
                    "name": f"{block['prefix']}{number:03}",
                    "building": block["building"],
                    "hall": block["hall"],
                    "row": block["row"],
                    "rack": rack,
                    "rack_kw": block["rack_kw"],
                    "switch": f"示例-{block['hall']}{block['row']}",
                    "illustrative": True,
                }


def _readings(place: Campus, found: dict[str, Any]) -> None:
    for values in found["readings"]:
        campus.record_reading(None, place, **values, illustrative=True)
