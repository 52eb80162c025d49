"""The capacity plan: halls, dates and densities to GPUs by month.

At a rack density (d kW a rack, g GPUs a rack) a hall with R positions, power P and cooling C, derated by a
share δ, can carry ``min(R, ⌊P(1−δ)/d⌋, ⌊C(1−δ)/d⌋)`` racks and g times as many GPUs. Until it is equipped it
has the GPUs that are installed, as far as power and cooling carry them. A band's low is the least over the
three densities with late dates and the larger spare, its high the greatest over them with early dates and the
smaller spare, its middle the middle of everything; so low ≤ middle ≤ high whatever the assumptions are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from langqiao.engines.scheduling.campus.checks import check
from langqiao.engines.scheduling.campus.months import first_full_month, month_text
from langqiao.engines.scheduling.campus.types import (
    CASES,
    LIMITS,
    Band,
    Block,
    Changes,
    Demand,
    Fit,
    Hall,
    HallPlan,
    MonthPlan,
    Plan,
    Remark,
    Site,
)

SLACK = 1e-9  # so that 0.7 × 60 / 6 is 7 racks and not 6


@dataclass(frozen=True, slots=True)
class _Room:
    """A hall at one density: GPUs while it has what is installed (now) and once equipped (full)."""

    racks: int
    installed: int
    now: int
    full: int
    bound_now: str
    bound_full: str
    ready: tuple[int, int, int] | None
    standing: tuple[int, int, int] | None


def plan(site: Site, *, start: int, months: int = 36, changes: Changes | None = None) -> Plan:
    """Plan a campus's capacity (容量规划) month by month.

    Args:
        site: buildings, assumptions and what is promised.
        start: first month.
        months: how many, at most 120.
        changes: what if.

    Returns:
        Capacity, demand, headroom and promise by month; what each hall can carry at the middle density and
        which limit binds it; whether each tenant that arrives fits; remarks.

    Raises:
        SchedulingError: an assumption is missing or out of range, a change names what is not there, a number
            is out of range.

    Complexity: O(halls × months), a few milliseconds for a hundred halls and five years.
    """
    changes = changes or Changes()
    check(site, start, months, changes)
    rooms = {case: _rooms(site, start, case, changes) for case in CASES}
    span = range(start, start + months)
    demand = (*site.demand, *changes.arrivals)
    needed = [sum(one.at(month) for one in demand) for month in span]
    capacity = [_band(site, rooms, month) for month in span]
    headroom = [Band(*(value - need for value in band)) for band, need in zip(capacity, needed, strict=True)]
    promise = _promises(headroom)
    rows = tuple(
        MonthPlan(
            month=month,
            capacity=capacity[i],
            demand=needed[i],
            headroom=headroom[i],
            promise=promise[i],
            it_kw=_power(site, _running(needed[i], capacity[i])),
            facility_kw=_facility(site, _running(needed[i], capacity[i])),
            full_it_kw=_power(site, capacity[i]),
            full_facility_kw=_facility(site, capacity[i]),
            binding=_binding(rooms["middle"], month),
        )
        for i, month in enumerate(span)
    )
    before = [sum(one.at(month) for one in site.demand) for month in span]
    return Plan(
        start=start,
        months=rows,
        halls=_halls(site, rooms["middle"]),
        fits=_fits(changes.arrivals, span, capacity, before),
        remarks=_remarks(site, start, rows, rooms["middle"], changes),
    )


def _rooms(site: Site, start: int, case: str, changes: Changes) -> list[_Room]:
    density = site.assumptions["rack_kw"].at(case)
    a_rack = round(site.assumptions["gpus_per_rack"].at(case))
    found = []
    for block in site.blocks:
        standing = _standing(site, block, start, changes.slips.get(block.name, 0))
        ready = None if standing is None else _ready(site, standing, start)
        for hall in block.halls:
            derating = changes.deratings.get(f"{block.name}/{hall.name}", hall.derating)
            supplied = _supplied(hall, density, derating)
            racks = hall.racks if supplied is None else min(hall.racks, supplied)
            now = hall.installed if supplied is None else min(hall.installed, supplied * a_rack)
            bound_now = "servers" if now == hall.installed else _scarcer(hall)
            bound_full = "racks" if racks == hall.racks else _scarcer(hall)
            full = max(now, racks * a_rack)
            found.append(_Room(racks, hall.installed, now, full, bound_now, bound_full, ready, standing))
    return found


def _scarcer(hall: Hall) -> str:
    """Which of power and cooling is the smaller, of equals power; unknown is no limit."""
    power = math.inf if hall.power_kw is None else hall.power_kw
    cooling = math.inf if hall.cooling_kw is None else hall.cooling_kw
    return "power" if power <= cooling else "cooling"


def _supplied(hall: Hall, density: float, derating: float) -> int | None:
    """Racks that power and cooling carry, whatever the positions; None without a known limit."""
    known = [kw for kw in (hall.power_kw, hall.cooling_kw) if kw is not None]
    if not known:
        return None
    return math.floor(min(known) * (1 - derating / 100) / density + SLACK)


def _standing(site: Site, block: Block, start: int, slip: int) -> tuple[int, int, int] | None:
    """First month in which the building stands, in the three cases; None without a date.

    A planned day that has passed without delivery is taken to be the start of the plan.
    """
    if block.due is None:
        return None
    month = first_full_month(block.due)
    if block.is_delivered:
        return (month, month, month)
    late, middle, early = _late_first(site, "slip_months")
    month = max(month, start) + slip
    return (month + late, month + middle, month + early)


def _ready(site: Site, standing: tuple[int, int, int], start: int) -> tuple[int, int, int]:
    late, middle, early = _late_first(site, "fit_out_months")
    low, mid, high = (max(month, start) for month in standing)
    return (low + late, mid + middle, high + early)


def _late_first(site: Site, key: str) -> tuple[int, int, int]:
    """Months in the unfavourable (most), middle and favourable (least) case."""
    assumed = site.assumptions[key]
    return (math.ceil(assumed.high), round(assumed.middle), math.floor(assumed.low))


def _gpus(rooms: Sequence[_Room], month: int, timing: int) -> int:
    total = 0
    for room in rooms:
        if room.standing is None or room.ready is None or month < room.standing[timing]:
            continue
        total += room.full if month >= room.ready[timing] else room.now
    return total


def _band(site: Site, rooms: Mapping[str, Sequence[_Room]], month: int) -> Band:
    spare = site.assumptions["spare_pct"]
    ends: dict[int, float] = {0: spare.high, 1: spare.middle, 2: spare.low}
    pick: dict[int, Callable[[list[int]], int]] = {0: min, 2: max}
    values = []
    for timing in range(3):
        if timing == 1:
            gpus = _gpus(rooms["middle"], month, timing)
        else:
            gpus = pick[timing]([_gpus(rooms[case], month, timing) for case in CASES])
        values.append(math.floor(gpus * (1 - ends[timing] / 100) + SLACK))
    return Band(*values)


def _promises(headroom: Sequence[Band]) -> list[Band]:
    """The least headroom from each month to the end, not below 0."""
    least = [math.inf] * 3
    found = []
    for band in reversed(headroom):
        least = [min(a, b) for a, b in zip(least, band, strict=True)]
        found.append(Band(*(max(0, value) for value in least)))
    return found[::-1]


def _running(needed: int, capacity: Band) -> Band:
    """GPUs that are promised, as far as they fit."""
    return Band(*(min(needed, value) for value in capacity))


def _power(site: Site, gpus: Band) -> Band:
    """IT power of so many GPUs that run.

    Power a GPU is the density over the GPUs a rack; its band is ordered by its size.
    """
    shares = []
    for case in CASES:
        a_rack = round(site.assumptions["gpus_per_rack"].at(case))
        shares.append(site.assumptions["rack_kw"].at(case) / a_rack if a_rack else 0.0)
    return Band(min(shares) * gpus.low, shares[1] * gpus.middle, max(shares) * gpus.high)


def _facility(site: Site, gpus: Band) -> Band:
    pue = site.assumptions["pue"]
    power = _power(site, gpus)
    return Band(power.low * pue.low, power.middle * pue.middle, power.high * pue.high)


def _binding(rooms: Sequence[_Room], month: int) -> str:
    """The limit that holds most halls in the middle case; "" before any stands.

    A hall that waits for its first server has no say: it would outvote those that are at work.
    """
    standing = [
        (room, month >= room.ready[1])
        for room in rooms
        if room.standing is not None and room.ready is not None and month >= room.standing[1]
    ]
    counted = Counter(
        room.bound_full if is_ready else room.bound_now
        for room, is_ready in standing
        if is_ready or room.installed
    )
    if counted:
        return max(LIMITS, key=lambda limit: counted[limit])
    return "servers" if standing else ""


def _halls(site: Site, rooms: Sequence[_Room]) -> tuple[HallPlan, ...]:
    density = site.assumptions["rack_kw"].middle
    named = [(block.name, hall) for block in site.blocks for hall in block.halls]
    return tuple(
        HallPlan(
            building=building,
            hall=hall.name,
            racks=room.racks,
            gpus=room.full,
            it_kw=room.racks * density,
            binding=room.bound_full,
            ready=room.ready,
            installed=hall.installed,
        )
        for (building, hall), room in zip(named, rooms, strict=True)
    )


def _fits(
    arrivals: Sequence[Demand], span: range, capacity: Sequence[Band], before: Sequence[int]
) -> tuple[Fit, ...]:
    """Each arrival after those before it in the list, which keep their GPUs."""
    found = []
    taken = list(before)
    for arrival in arrivals:
        needed = [arrival.at(month) for month in span]
        short = [
            max((need - (band[case] - use)) if need else 0 for band, use, need in
                zip(capacity, taken, needed, strict=True))
            for case in range(3)
        ]  # fmt: skip
        verdict = "no"
        for case, word in ((2, "possible"), (1, "likely"), (0, "firm")):
            if short[case] <= 0:
                verdict = word
        earliest = tuple(_earliest(arrival.gpus, span, capacity, taken, case) for case in range(3))
        found.append(Fit(arrival, verdict, (earliest[0], earliest[1], earliest[2]), int(max(0, short[1]))))
        taken = [use + need for use, need in zip(taken, needed, strict=True)]
    return tuple(found)


def _earliest(
    gpus: int, span: range, capacity: Sequence[Band], taken: Sequence[int], case: int
) -> int | None:
    first = None
    for i in range(len(span) - 1, -1, -1):
        if capacity[i][case] - taken[i] < gpus:
            break
        first = span[i]
    return first


def _remarks(
    site: Site, start: int, rows: Sequence[MonthPlan], rooms: Sequence[_Room], changes: Changes
) -> tuple[Remark, ...]:
    undated = tuple(block.name for block in site.blocks if block.due is None)
    overdue = tuple(
        block.name
        for block in site.blocks
        if block.due is not None and not block.is_delivered and first_full_month(block.due) < start
    )
    unknown = tuple(
        block.name
        for block in site.blocks
        if block.due is not None
        and any(hall.power_kw is None or hall.cooling_kw is None for hall in block.halls)
    )
    done = tuple(block.name for block in site.blocks if block.is_delivered and changes.slips.get(block.name))
    over = tuple(month_text(row.month) for row in rows if row.headroom.middle < 0)
    names = [f"{block.name}/{hall.name}" for block in site.blocks for hall in block.halls]
    crowded = tuple(
        name for name, room in zip(names, rooms, strict=True) if room.ready and room.now < room.installed
    )
    named = {
        "undated": undated,
        "overdue": overdue,
        "no_limits": unknown,
        "crowded": crowded,
        "delivered": done,
        "over": over,
    }
    return tuple(Remark(kind, subjects) for kind, subjects in named.items() if subjects)
