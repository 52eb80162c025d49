"""A campus from plain values (as JSON gives them), and a plan as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from langqiao.engines.scheduling.campus.months import month_text, read_month
from langqiao.engines.scheduling.campus.types import (
    CASES,
    KEYS,
    NUMBER_AT_MOST,
    Assumed,
    Band,
    Block,
    Demand,
    Hall,
    Plan,
    Site,
)
from langqiao.engines.scheduling.errors import SchedulingError


def site_from_dict(values: object) -> Site:
    """A campus from plain values (docs/engines/campus.md gives the layout).

    Raises:
        SchedulingError: a value is missing or wrong; the message names its place, such as
            ``buildings[2].halls[0].power_kw``.
    """
    campus = _table(values, "")
    assumptions = _table(campus.get("assumptions", {}), "assumptions")
    return Site(
        name=_text(campus, "name", "", needed=False),
        blocks=tuple(_block(one, f"buildings[{i}]") for i, one in enumerate(_rows(campus, "buildings", ""))),
        assumptions={key: _assumed(key, one, f"assumptions.{key}") for key, one in assumptions.items()},
        demand=tuple(
            _demand(one, f"tenants[{i}]") for i, one in enumerate(_rows(campus, "tenants", "", needed=False))
        ),
    )


def _refuse(where: str, why: str) -> SchedulingError:
    return SchedulingError(f"{where or 'campus'}: {why}", kind="campus", subjects=(where,))


def _table(values: object, where: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise _refuse(where, "must be an object")
    return values


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _rows(values: Mapping[str, Any], key: str, where: str, *, needed: bool = True) -> Sequence[Any]:
    rows = values.get(key, None if needed else [])
    if not isinstance(rows, list):
        raise _refuse(_at(where, key), "must be a list")
    return rows


def _text(values: Mapping[str, Any], key: str, where: str, *, needed: bool = True) -> str:
    text = values.get(key, "")
    if not isinstance(text, str | int) or isinstance(text, bool) or (needed and str(text).strip() == ""):
        raise _refuse(_at(where, key), "must be a text")
    return str(text).strip()


def _number(values: Mapping[str, Any], key: str, where: str) -> float | None:
    number = values.get(key)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _refuse(_at(where, key), "must be a number")
    if not math.isfinite(number) or not 0 <= number <= NUMBER_AT_MOST:
        raise _refuse(_at(where, key), f"must lie within 0 to {NUMBER_AT_MOST}")
    return float(number)


def _whole(values: Mapping[str, Any], key: str, where: str, *, needed: bool = True) -> int:
    number = _number(values, key, where)
    if number is None:
        if needed:
            raise _refuse(_at(where, key), "is missing")
        return 0
    if number != int(number):
        raise _refuse(_at(where, key), "must be a whole number")
    return int(number)


def _day(values: Mapping[str, Any], key: str, where: str) -> date | None:
    text = values.get(key)
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise _refuse(_at(where, key), "must be a day, YYYY-MM-DD") from error


def _month(values: Mapping[str, Any], key: str, where: str) -> int | None:
    text = values.get(key)
    if text is None:
        return None
    try:
        return read_month(str(text))
    except SchedulingError as error:
        raise _refuse(_at(where, key), "must be a month, YYYY-MM") from error


def _block(value: object, where: str) -> Block:
    values = _table(value, where)
    planned, delivered = _day(values, "planned", where), _day(values, "delivered", where)
    halls = tuple(
        _hall(one, f"{where}.halls[{i}]") for i, one in enumerate(_rows(values, "halls", where, needed=False))
    )
    return Block(
        name=_text(values, "name", where),
        due=delivered or planned,
        is_delivered=delivered is not None,
        # A building whose halls are not known counts with its designed racks, which nothing else limits.
        halls=halls or (Hall("", _whole(values, "racks", where)),),
    )


def _hall(value: object, where: str) -> Hall:
    values = _table(value, where)
    return Hall(
        name=_text(values, "name", where),
        racks=_whole(values, "racks", where),
        power_kw=_number(values, "power_kw", where),
        cooling_kw=_number(values, "cooling_kw", where),
        derating=_number(values, "derating", where) or 0.0,
        installed=_whole(values, "installed_gpus", where, needed=False),
    )


def _assumed(key: str, value: object, where: str) -> Assumed:
    values = _table(value, where)
    numbers = {case: _number(values, case, where) for case in CASES}
    missing = [case for case, number in numbers.items() if number is None]
    if missing:
        raise _refuse(_at(where, missing[0]), "is missing")
    unit = KEYS[key][0] if key in KEYS else ""
    low, middle, high = (number or 0.0 for number in numbers.values())
    return Assumed(
        key, low, middle, high,
        _text(values, "unit", where, needed=False) or unit, _text(values, "why", where, needed=False),
    )  # fmt: skip


def _demand(value: object, where: str) -> Demand:
    values = _table(value, where)
    first = _month(values, "from", where)
    if first is None:
        raise _refuse(_at(where, "from"), "is missing")
    name, gpus = _text(values, "name", where), _whole(values, "gpus", where)
    last = _month(values, "to", where)
    if last is not None and last < first:
        raise _refuse(_at(where, "to"), f"{month_text(last)} lies before from, {month_text(first)}")
    return Demand(name, gpus, first, last)


def plan_as_dict(found: Plan, site: Site) -> dict[str, Any]:
    """A plan as plain values for JSON, every figure with the assumptions that it came from."""
    return {
        "campus": site.name,
        "start": month_text(found.start),
        "assumptions": {
            key: {
                "low": one.low, "middle": one.middle, "high": one.high, "unit": one.unit, "why": one.why
            }
            for key, one in sorted(site.assumptions.items())
            if key in KEYS
        },
        "derived_from": {
            "capacity": ["rack_kw", "gpus_per_rack", "spare_pct", "fit_out_months", "slip_months"],
            "it_kw": ["rack_kw", "gpus_per_rack"],
            "facility_kw": ["rack_kw", "gpus_per_rack", "pue"],
            "full_it_kw": ["rack_kw", "gpus_per_rack", "spare_pct", "fit_out_months", "slip_months"],
            "full_facility_kw": [
                "rack_kw", "gpus_per_rack", "spare_pct", "fit_out_months", "slip_months", "pue"
            ],
            "halls": ["rack_kw", "gpus_per_rack", "fit_out_months", "slip_months"],
        },
        "months": [
            {
                "month": month_text(row.month),
                "capacity": _band(row.capacity),
                "demand": row.demand,
                "headroom": _band(row.headroom),
                "promise": _band(row.promise),
                "it_kw": _band(row.it_kw),
                "facility_kw": _band(row.facility_kw),
                "full_it_kw": _band(row.full_it_kw),
                "full_facility_kw": _band(row.full_facility_kw),
                "binding": row.binding,
            }
            for row in found.months
        ],
        "halls": [
            {
                "building": hall.building,
                "hall": hall.hall,
                "racks": hall.racks,
                "gpus": hall.gpus,
                "it_kw": round(hall.it_kw, 3),
                "binding": hall.binding,
                "installed_gpus": hall.installed,
                "ready": dict(zip(CASES, map(month_text, hall.ready), strict=True)) if hall.ready else None,
            }
            for hall in found.halls
        ],
        "arrivals": [
            {
                "name": fit.demand.name,
                "gpus": fit.demand.gpus,
                "from": month_text(fit.demand.first),
                "verdict": fit.verdict,
                "short": fit.short,
                "earliest": {
                    case: None if month is None else month_text(month)
                    for case, month in zip(CASES, fit.earliest, strict=True)
                },
            }
            for fit in found.fits
        ],
        "remarks": [{"kind": one.kind, "subjects": list(one.subjects)} for one in found.remarks],
    }  # fmt: skip


def _band(band: Band) -> dict[str, float]:
    return {case: round(value, 3) for case, value in zip(CASES, band, strict=True)}
