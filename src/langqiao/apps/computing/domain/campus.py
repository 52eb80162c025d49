"""Verbs of a campus (算力园区): register, revise, claim, assume, read energy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from langqiao.apps.accounts.models import User
from langqiao.apps.computing.models import Assumption, Building, Campus, Claim, Job, Reading
from langqiao.apps.ledger.models import Entry
from langqiao.apps.registry.domain import values as v
from langqiao.apps.registry.domain.acts import assign, clean, clean_link, enter, lock, source_values
from langqiao.apps.registry.domain.lookups import Lookups
from langqiao.apps.registry.models import City, Organisation
from langqiao.engines.scheduling.campus import KEYS
from langqiao.kit.permissions import require
from langqiao.kit.refusals import Invalid, Refused

KWH_AT_MOST = 1e12
PUE_MOST = 10.0
GRACE_AT_MOST = 7 * 86_400  # seconds


def enter_campus(
    actor: User | None,
    verb: str,
    thing: models.Model,
    campus: Campus,
    data: Mapping[str, Any] | None = None,
    *,
    public: bool = True,
) -> Entry:
    """Write the ledger entry of an act on a campus; it belongs to no case."""
    return enter(
        actor,
        verb,
        thing,
        case="",
        city=campus.city_id,
        organisation=campus.operator,
        data=data,
        public=public,
    )


def number(value: Any, field: str, *, low: float, high: float) -> float:
    """A finite number within bounds.

    Raises:
        Invalid: it is missing, no number, or out of bounds.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not low <= found <= high:
        raise Invalid(
            _("这里应是 %(low)s 至 %(high)s 的数。") % {"low": f"{low:g}", "high": f"{high:g}"},
            mend=_("请改正数字。"),
            field=field,
        )
    return found


def day(value: Any, field: str, *, required: bool = False) -> date | None:
    """A calendar day of this age, or none.

    Raises:
        Invalid: it is no such day, or missing.
    """
    try:
        found = v.day(value, Lookups())
    except Invalid as problem:
        problem.field = field
        raise
    if (found is None and required) or (found is not None and not 2000 <= found.year <= 2100):
        raise Invalid(_("日期有误。"), mend=_("请写成 2026-11-23 这样的日期。"), field=field)
    return found


def save(thing: models.Model) -> None:
    """Save a record whose outside code nobody else bears.

    Raises:
        Invalid: the code is taken.
    """
    code = getattr(thing, "code", None)
    same = type(thing)._default_manager.filter(code=code).exclude(pk=thing.pk) if code else None  # noqa: SLF001
    if same is not None and same.exists():
        raise Invalid(
            _("编号“%(code)s”已被使用。") % {"code": code}, mend=_("请改用其他编号。"), field="code"
        )
    thing.save()


def _campus_values(values: Mapping[str, Any]) -> dict[str, Any]:
    found = source_values(values)
    if "name" in values:
        found["name"] = clean(values["name"], "name", most=120, lines=False)
    if "name_en" in values:
        found["name_en"] = clean(values["name_en"], "name_en", most=160, lines=False, required=False)
    for name, kind, label in (("operator", Organisation, _("运营单位")), ("city", City, _("城市"))):
        if name in values:
            if not isinstance(values[name], kind):
                raise Invalid(_("请选择%(what)s。") % {"what": label}, field=name)
            found[name] = values[name]
    return found | _limits(values)


def _limits(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that a campus is judged and run by."""
    found: dict[str, Any] = {}
    if "pue_limit" in values:
        limit = number(values["pue_limit"], "pue_limit", low=1, high=PUE_MOST - 0.001)
        found["pue_limit"] = Decimal(str(round(limit, 3))).quantize(Decimal("0.001"))
    if "use_floor" in values:
        floor = number(values["use_floor"], "use_floor", low=0, high=100)
        found["use_floor"] = Decimal(str(round(floor, 2))).quantize(Decimal("0.01"))
    if "grace_seconds" in values:
        grace = number(values["grace_seconds"], "grace_seconds", low=0, high=GRACE_AT_MOST)
        found["grace_seconds"] = int(grace)
    if "runner" in values:
        if values["runner"] not in Campus.Runner.values:
            raise Invalid(_("没有这种执行方式。"), field="runner")
        found["runner"] = str(values["runner"])
    return found


def _refuse_runner(campus: Campus) -> None:
    """What runs jobs changes only while none runs: their ends would be told by neither."""
    if Job.objects.filter(campus=campus, state=Job.State.RUNNING).exists():
        raise Refused(
            _("仍有作业在运行，不能改变执行方式。"), mend=_("请待运行中的作业结束或取消。"), field="runner"
        )


def _refuse_name(campus: Campus) -> None:
    if Campus.objects.filter(name=campus.name).exclude(pk=campus.pk).exists():
        raise Invalid(
            _("“%(name)s”已经登记。") % {"name": campus.name}, mend=_("请改用其他名称。"), field="name"
        )


@transaction.atomic
def register_campus(
    actor: User | None, *, name: str, operator: Organisation, city: City, **values: Any
) -> Campus:
    """Register a campus (登记园区) of an operator.

    Args:
        values: ``name_en``, ``pue_limit``, ``use_floor``, ``grace_seconds`` (notice before a job gives way),
            ``runner`` and columns of the source.

    Raises:
        NotAllowed: the actor does not operate it for that organisation.
        Invalid: a value is missing, wrong or taken; ``field`` names it.
    """
    campus = Campus()
    assign(campus, _campus_values({**values, "name": name, "operator": operator, "city": city}))
    require(actor, "computing.run_campus", campus)
    _refuse_name(campus)
    save(campus)
    enter_campus(actor, "register_campus", campus, campus, {"name": campus.name})
    return campus


@transaction.atomic
def revise_campus(actor: User | None, campus: Campus, **values: Any) -> Campus:
    """Revise a campus (修改园区); its operator stays. Nothing is written where nothing differs.

    Raises:
        NotAllowed: only its operator may.
        Refused: jobs run, and what runs them would change.
        Invalid: a value is wrong or taken; ``field`` names it.
    """
    require(actor, "computing.run_campus", campus)
    lock(campus)
    values.pop("operator", None)
    if changed := assign(campus, _campus_values(values)):
        _refuse_name(campus)
        if "runner" in changed:
            _refuse_runner(campus)
        save(campus)
        enter_campus(actor, "revise_campus", campus, campus, {"changed": changed})
    return campus


@transaction.atomic
def add_claim(
    actor: User | None,
    campus: Campus,
    *,
    quantity: str,
    source_name: str,
    stated_on: str = "",
    value: Any = None,
    at_least: bool = False,
    unit: str = "",
    happened_on: Any = None,
    source_url: str = "",
    illustrative: bool = False,
) -> Claim:
    """Add a dated statement with its source (登记公开说法); those that conflict with it stay.

    The same statement of the same source and date is one claim, however often it is added. A source without a
    date of its own leaves ``stated_on`` empty: a date is never made up.

    Raises:
        NotAllowed: only its operator may.
        Invalid: neither a value nor a day, no source, or a value is wrong; ``field`` names it.
    """
    require(actor, "computing.run_campus", campus)
    lock(campus)
    if quantity not in Claim.Quantity.values:
        raise Invalid(_("没有这种事项。"), field="quantity")
    given = None if value in (None, "") else number(value, "value", low=0, high=1e12)
    happened = day(happened_on, "happened_on")
    if given is None and happened is None:
        raise Invalid(_("请填写数值或事件日期。"), field="value")
    try:
        stated = v.partial_day(stated_on, Lookups())
    except Invalid as problem:
        problem.field = "stated_on"
        raise
    fields = {
        "quantity": quantity,
        "value": None if given is None else Decimal(str(round(given, 3))),
        "at_least": bool(at_least),
        "unit": clean(unit, "unit", most=20, lines=False, required=False),
        "happened_on": happened,
        "stated_on": stated,
        "source_name": clean(source_name, "source_name", most=200, lines=False),
        "source_url": clean_link(source_url, "source_url"),
        "illustrative": bool(illustrative),
    }
    known = campus.claims.filter(**fields).first()
    if known is not None:
        return known
    claim = Claim.objects.create(campus=campus, **fields)
    enter_campus(actor, "add_claim", claim, campus, {"quantity": quantity, "stated_on": stated})
    return claim


@transaction.atomic
def set_assumption(
    actor: User | None,
    campus: Campus,
    *,
    key: str,
    name: str,
    low: Any,
    middle: Any,
    high: Any,
    why: str,
    unit: str = "",
) -> Assumption:
    """State or change an assumption (设定假设) behind the plan; why must be given.

    Raises:
        NotAllowed: only its operator may.
        Invalid: no such assumption, no reason, values out of range or not rising; ``field`` names it.
    """
    require(actor, "computing.run_campus", campus)
    lock(campus)
    if key not in KEYS:
        raise Invalid(
            _("没有“%(key)s”这项假设。") % {"key": str(key)[:40]},
            mend=_("可用的代号：%(known)s。") % {"known": "、".join(KEYS)},
            field="key",
        )
    standard, least, most = KEYS[key]
    bounds = {"low": least, "high": most}
    values = {
        "low": number(low, "low", **bounds),
        "middle": number(middle, "middle", **bounds),
        "high": number(high, "high", **bounds),
    }
    if not values["low"] <= values["middle"] <= values["high"]:
        raise Invalid(_("低、中、高三个数应依次不减。"), mend=_("请改正数字。"), field="middle")
    fields = {
        **values,
        "name": clean(name, "name", most=120, lines=False),
        "unit": clean(unit, "unit", most=20, lines=False, required=False) or standard,
        "why": clean(why, "why", most=500, lines=False),
    }
    assumption = campus.assumptions.filter(key=key).first() or Assumption(campus=campus, key=key)
    if assign(assumption, fields) or assumption.pk is None:
        assumption.save()
        enter_campus(actor, "set_assumption", assumption, campus, {"key": key, **values})
    return assumption


@transaction.atomic
def record_reading(
    actor: User | None,
    campus: Campus,
    *,
    starts_on: Any,
    ends_on: Any,
    facility_kwh: Any,
    it_kwh: Any,
    basis: str,
    building: Building | None = None,
    green_kwh: Any = None,
    **values: Any,
) -> Reading:
    """Record energy of a span of days (登记能耗读数), metered or assumed, of the campus or one building.

    Args:
        values: columns of the source; a reading with a ``code`` is recorded once and then corrected.

    Raises:
        NotAllowed: only its operator may.
        Invalid: energy that cannot be (IT above the facility's, green above it), a wrong span, or one that
            overlaps another of the same basis; ``field`` names it.
    """
    require(actor, "computing.run_campus", campus)
    lock(campus)
    first, last = day(starts_on, "starts_on", required=True), day(ends_on, "ends_on", required=True)
    assert first is not None and last is not None  # noqa: PT018  both are required above
    if last < first:
        raise Invalid(_("截止日早于起始日。"), field="ends_on")
    it = number(it_kwh, "it_kwh", low=0.001, high=KWH_AT_MOST)
    facility = number(facility_kwh, "facility_kwh", low=0.001, high=KWH_AT_MOST)
    if facility < it:
        raise Invalid(
            _("总耗电小于 IT 耗电。"),
            mend=_("总耗电包括 IT、制冷、供配电与照明，请核对。"),
            field="facility_kwh",
        )
    green = None if green_kwh in (None, "") else number(green_kwh, "green_kwh", low=0, high=facility)
    if basis not in Reading.Basis.values:
        raise Invalid(_("请选择计量或假设。"), field="basis")
    if building is not None and building.campus_id != campus.pk:
        raise Invalid(_("这栋楼不属于该园区。"), field="building")
    fields = {
        **source_values(values),
        "building": building,
        "starts_on": first,
        "ends_on": last,
        "facility_kwh": facility,
        "it_kwh": it,
        "green_kwh": green,
        "basis": basis,
    }
    code = fields.get("code")
    reading = (campus.readings.filter(code=code).first() if code else None) or Reading(campus=campus)
    overlapping = campus.readings.filter(
        building=building, basis=basis, starts_on__lte=last, ends_on__gte=first
    ).exclude(pk=reading.pk)
    if overlapping.exists():
        raise Invalid(
            _("这段时间已有读数。"),
            mend=_("同一范围、同一依据的读数不能重叠，请改正日期。"),
            field="starts_on",
        )
    if assign(reading, fields) or reading.pk is None:
        save(reading)
        span = {"starts_on": first.isoformat(), "ends_on": last.isoformat(), "basis": basis}
        enter_campus(actor, "record_reading", reading, campus, span, public=False)
    return reading
