"""Verbs of buildings, halls and racks (机房楼、机房、机架): register, slip, deliver, derate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.computing.domain.campus import day, enter_campus, number, save
from langqiao.apps.computing.domain.common import whole
from langqiao.apps.computing.models import Building, Campus, Hall, Rack
from langqiao.apps.registry.domain.acts import assign, clean, clean_reason, lock, source_values
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

RACKS_AT_MOST = 100_000
KW_AT_MOST = 1e6
RACK_KW_AT_MOST = 1_000
BATCH_AT_MOST = 5_000


def _building_values(values: Mapping[str, Any]) -> dict[str, Any]:
    found = source_values(values)
    if "number" in values:
        found["number"] = whole(values["number"], "number", low=1, high=999)
    if "name" in values:
        found["name"] = clean(values["name"], "name", most=80, lines=False, required=False)
    if "racks_designed" in values:
        found["racks_designed"] = whole(values["racks_designed"], "racks_designed", low=0, high=RACKS_AT_MOST)
    for name in ("planned_on", "delivered_on"):
        if name in values:
            found[name] = day(values[name], name)
    return found


def _check_building(building: Building) -> None:
    if building.delivered_on and building.delivered_on > timezone.localdate():
        raise Invalid(
            _("实际交付日期在将来。"), mend=_("尚未交付的楼请填计划交付日期。"), field="delivered_on"
        )
    same = Building.objects.filter(campus=building.campus, number=building.number).exclude(pk=building.pk)
    if same.exists():
        raise Invalid(
            _("%(number)s 号楼已经登记。") % {"number": building.number},
            mend=_("请改用其他楼号。"),
            field="number",
        )


@transaction.atomic
def register_building(
    actor: User | None, campus: Campus, *, number: int, racks_designed: int, **values: Any
) -> Building:
    """Register a building (登记机房楼), planned or delivered.

    Args:
        values: ``name``, ``planned_on``, ``delivered_on`` and columns of the source.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: a value is wrong or the number is taken; ``field`` names it.
    """
    require(actor, "computing.run_campus", campus)
    lock(campus)
    building = Building(campus=campus)
    assign(building, _building_values({**values, "number": number, "racks_designed": racks_designed}))
    _check_building(building)
    save(building)
    enter_campus(actor, "register_building", building, campus, {"number": building.number})
    return building


@transaction.atomic
def revise_building(actor: User | None, building: Building, **values: Any) -> Building:
    """Revise a building (修改机房楼): a slip changes ``planned_on``, a delivery sets ``delivered_on``.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: a value is wrong or the number is taken; ``field`` names it.
    """
    require(actor, "computing.run_campus", building)
    lock(building)
    before = {name: getattr(building, name) for name in ("planned_on", "delivered_on")}
    changed = assign(building, _building_values(values))
    if not changed:
        return building
    _check_building(building)
    save(building)
    dates = {
        name: [str(old or ""), str(getattr(building, name) or "")]
        for name, old in before.items()
        if name in changed
    }
    enter_campus(actor, "revise_building", building, building.campus, {"changed": changed, **dates})
    return building


def _hall_values(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "name" in values:
        found["name"] = clean(values["name"], "name", most=40, lines=False)
        if "/" in found["name"] or "=" in found["name"]:
            raise Invalid(_("机房名称不能含“/”或“=”。"), mend=_("请改用其他符号。"), field="name")
    if "racks" in values:
        found["racks"] = whole(values["racks"], "racks", low=0, high=RACKS_AT_MOST)
    for name in ("power_kw", "cooling_kw"):
        if name in values:
            found[name] = number(values[name], name, low=0, high=KW_AT_MOST)
    if "is_assumed" in values:
        found["is_assumed"] = bool(values["is_assumed"])
    return found


def _check_hall(hall: Hall) -> None:
    if Hall.objects.filter(building=hall.building, name=hall.name).exclude(pk=hall.pk).exists():
        raise Invalid(
            _("“%(name)s”已经登记。") % {"name": hall.name}, mend=_("请改用其他名称。"), field="name"
        )
    if hall.pk and hall.racks < hall.standing.count():
        raise Invalid(_("机架位少于已登记的机架。"), mend=_("请先核对机架，或填写更大的数。"), field="racks")


@transaction.atomic
def register_hall(
    actor: User | None,
    building: Building,
    *,
    name: str,
    racks: int,
    power_kw: float,
    cooling_kw: float,
    is_assumed: bool = True,
) -> Hall:
    """Register a machine hall (登记机房) with its power and cooling in kW of IT load.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: a value is wrong or the name is taken; ``field`` names it.
    """
    require(actor, "computing.run_campus", building)
    lock(building)
    values = {"name": name, "racks": racks, "power_kw": power_kw, "cooling_kw": cooling_kw}
    hall = Hall(building=building)
    assign(hall, _hall_values({**values, "is_assumed": is_assumed}))
    _check_hall(hall)
    hall.save()
    enter_campus(
        actor, "register_hall", hall, building.campus, {"building": building.number, "name": hall.name}
    )
    return hall


@transaction.atomic
def revise_hall(actor: User | None, hall: Hall, **values: Any) -> Hall:
    """Revise a hall (修改机房); its derating has a verb of its own.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: a value is wrong, the name is taken, or fewer positions than racks; ``field`` names it.
    """
    require(actor, "computing.run_campus", hall)
    lock(hall)
    if changed := assign(hall, _hall_values(values)):
        _check_hall(hall)
        hall.save()
        enter_campus(actor, "revise_hall", hall, hall.building.campus, {"changed": changed})
    return hall


@transaction.atomic
def derate_hall(actor: User | None, hall: Hall, *, derating: int, why: str) -> Hall:
    """Derate a hall (机房降额) to so many per cent less power and cooling; 0 ends it.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: it is no per cent, or no reason is given.
    """
    require(actor, "computing.run_campus", hall)
    lock(hall)
    share, reason = whole(derating, "derating", low=0, high=100), clean_reason(why)
    before = hall.derating
    if assign(hall, {"derating": share}):
        hall.save(update_fields=["derating", "updated_at"])
        enter_campus(
            actor, "derate_hall", hall, hall.building.campus,
            {"from": before, "to": share, "why": reason},
        )  # fmt: skip
    return hall


@transaction.atomic
def register_racks(
    actor: User | None, hall: Hall, *, row: str, names: Sequence[str], power_kw: float
) -> list[Rack]:
    """Register racks (登记机架) of a row; those that are there already stay as they are.

    Returns:
        The racks that are new.

    Raises:
        NotAllowed: only the campus's operator may.
        Invalid: a value is wrong; ``field`` names it.
        Refused: the hall has no positions left.
    """
    require(actor, "computing.run_campus", hall)
    lock(hall)
    line = clean(row, "row", most=20, lines=False)
    rating = number(power_kw, "power_kw", low=0, high=RACK_KW_AT_MOST)
    wanted = list(dict.fromkeys(clean(name, "names", most=40, lines=False) for name in names))
    if not 1 <= len(wanted) <= BATCH_AT_MOST:
        raise Invalid(_("一次可登记 1 至 5000 个机架。"), field="names")
    present = set(hall.standing.filter(row=line).values_list("name", flat=True))
    new = [Rack(hall=hall, row=line, name=name, power_kw=rating) for name in wanted if name not in present]
    if hall.standing.count() + len(new) > hall.racks:
        raise Refused(
            _("机房“%(hall)s”只有 %(racks)d 个机架位。") % {"hall": hall.name, "racks": hall.racks},
            mend=_("请先增加机架位，或登记到其他机房。"),
        )
    if new:
        Rack.objects.bulk_create(new)
        data = {"row": line, "count": len(new)}
        enter_campus(actor, "register_racks", hall, hall.building.campus, data, public=False)
    return new
