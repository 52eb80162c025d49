"""What a plan refuses: assumptions that are missing, names that are not there, numbers out of range."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from langqiao.engines.scheduling.campus.types import (
    KEYS,
    MONTHS_AT_MOST,
    NUMBER_AT_MOST,
    Assumed,
    Changes,
    Site,
)
from langqiao.engines.scheduling.errors import SchedulingError

YEARS = (2000, 2200)


def check(site: Site, start: int, months: int, changes: Changes) -> None:
    """Check what a plan is made from.

    Raises:
        SchedulingError: ``kind`` is ``months``, ``assumption`` (missing), ``range``, ``twice``,
            ``no_building`` or ``no_hall``; ``subjects`` are the names.
    """
    if not 1 <= months <= MONTHS_AT_MOST:
        raise SchedulingError(f"a plan has 1 to {MONTHS_AT_MOST} months, not {months}", kind="months")
    if not YEARS[0] * 12 <= start < YEARS[1] * 12:
        raise SchedulingError(f"a plan starts between {YEARS[0]} and {YEARS[1]}", kind="months")
    for key in KEYS:
        _check_assumption(key, site.assumptions.get(key))
    buildings = Counter(block.name for block in site.blocks)
    halls = Counter(f"{block.name}/{hall.name}" for block in site.blocks for hall in block.halls)
    for counted in (buildings, halls):
        twice = tuple(sorted(name for name, count in counted.items() if count > 1))
        if twice:
            raise SchedulingError(f"named twice: {', '.join(twice)}", kind="twice", subjects=twice)
    _check_known(changes.slips, buildings, "building")
    _check_known(changes.deratings, halls, "hall")
    _check_numbers(site, changes)


def _check_assumption(key: str, assumed: Assumed | None) -> None:
    _unit, least, most = KEYS[key]
    if assumed is None:
        raise SchedulingError(f"the assumption {key} is missing", kind="assumption", subjects=(key,))
    if not least <= assumed.low <= assumed.middle <= assumed.high <= most:
        raise SchedulingError(
            f"{key} must rise from low to high within {least:g} to {most:g}", kind="range", subjects=(key,)
        )


def _check_known(changed: Mapping[str, object], known: Mapping[str, int], what: str) -> None:
    strange = tuple(sorted(name for name in changed if name not in known))
    if strange:
        raise SchedulingError(
            f"no {what} {', '.join(strange)}; there are {', '.join(sorted(known))}",
            kind=f"no_{what}",
            subjects=strange,
        )


def _check_numbers(site: Site, changes: Changes) -> None:
    for block in site.blocks:
        for hall in block.halls:
            _check_within(hall.derating, 100, f"derating of {block.name}/{hall.name}")
            for value in (hall.racks, hall.power_kw or 0, hall.cooling_kw or 0, hall.installed):
                _check_within(value, NUMBER_AT_MOST, f"a number of {block.name}/{hall.name}")
    for name, slip in changes.slips.items():
        _check_within(slip, MONTHS_AT_MOST, f"slip of {name}")
    for name, derating in changes.deratings.items():
        _check_within(derating, 100, f"derating of {name}")
    for one in (*site.demand, *changes.arrivals):
        _check_within(one.gpus, NUMBER_AT_MOST, f"GPUs of {one.name}")


def _check_within(value: float, most: float, what: str) -> None:
    if not (math.isfinite(value) and 0 <= value <= most):
        raise SchedulingError(f"{what} must lie within 0 to {most:g}", kind="range", subjects=(what,))
