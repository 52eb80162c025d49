"""Max-min fair and greatest allocations by priority (最大最小公平、最大总量), each exact to about 1e-6.

Priorities are strict: a demand of priority 2 never takes a bit that one of priority 1 could use. Within a
priority, max-min fills all demands to the largest common share, fixes those that cannot get more (their row
has a positive price, so no optimum gives them more), and goes on with the others (D. Bertsekas, R. Gallager,
Data Networks, 1992, section 6.5.2). Routes of earlier demands may still be moved as long as they keep what
they have. Last of all, the flows are chosen that use the least link key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from langqiao.engines.qkd.allocation.columns import PRICE, Columns, Program, Solution
from langqiao.engines.qkd.errors import QkdError
from langqiao.engines.qkd.types import Demand, Flow, LinkKey, Network, Share

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLACKS = (2e-7, 2e-6, 2e-5, 2e-4)
"""What a demand was given is kept to all but this part, so that the next program has a feasible start; the
larger ones are tried where rounding has used up the smaller."""
CRUMB = 1e-5
"""A flow below this part of the width of a demand's first route is what slack leaves over, and none."""


def max_min(
    network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float]
) -> tuple[Share, ...]:
    """Max-min fair shares (最大最小公平) within each priority.

    Args:
        network: where.
        demands: who asks, with node identifiers.
        capacity: bits a second that may be used of every link.

    Returns:
        One share for each demand, in their order.
    """
    columns = Columns(network, demands, capacity)
    fixed: dict[int, float] = {}
    kept_by: dict[int, tuple[LinkKey, ...]] = {}
    for group in _classes(columns, demands):
        while free := [who for who in group if who not in fixed]:
            level, floors, prices = _level(columns, free, fixed)
            full = level >= 1.0 - CRUMB
            done = [who for who in free if full or floors[who] > PRICE]
            done = done or [max(free, key=lambda who: floors[who])]
            for who in done:
                fixed[who] = _no_crumb(columns, who, demands[who].bps * level)
                if not full:
                    kept_by[who] = columns.bottleneck(who, prices)
    return _shares(columns, demands, fixed, kept_by)


def most(network: Network, demands: Sequence[Demand], capacity: Mapping[LinkKey, float]) -> tuple[Share, ...]:
    """As many bits as can be (最大总量) within each priority; single demands may get nothing.

    Arguments and result as :func:`max_min`.
    """
    columns = Columns(network, demands, capacity)
    fixed: dict[int, float] = {}
    kept_by: dict[int, tuple[LinkKey, ...]] = {}
    for free in _classes(columns, demands):
        unit = {who: min(demands[who].bps, float(columns.room.sum())) for who in free}
        total = sum(unit.values())
        found = _solve(
            columns,
            fixed,
            Program(
                unit=unit,
                ceiling={who: demands[who].bps / unit[who] for who in free},
                gain={who: unit[who] / total for who in free},
            ),
        )
        for (who, _routes), flow in zip(columns.columns, found.flows, strict=True):
            if who in unit:
                fixed[who] = fixed.get(who, 0.0) + float(flow)
        for who in free:
            fixed[who] = _no_crumb(columns, who, min(fixed.get(who, 0.0), demands[who].bps))
            if fixed[who] < demands[who].bps * (1.0 - 1e-6):
                kept_by[who] = columns.bottleneck(who, found.links)
    return _shares(columns, demands, fixed, kept_by)


def _classes(columns: Columns, demands: Sequence[Demand]) -> list[list[int]]:
    """Demands that can be reached, by priority."""
    found: dict[int, list[int]] = {}
    for who, demand in enumerate(demands):
        if columns.reachable[who]:
            found.setdefault(demand.priority, []).append(who)
    return [found[priority] for priority in sorted(found)]


def _no_crumb(columns: Columns, who: int, rate: float) -> float:
    """The rate, or nothing where it is but what slack leaves over."""
    return rate if rate > CRUMB * min(columns.width(who), columns.demands[who].bps) else 0.0


def _solve(columns: Columns, fixed: Mapping[int, float], program: Program) -> Solution:
    """The optimum while earlier demands keep what they have, all but a slack that rounding asks for."""
    for slack in SLACKS:
        held = {who: rate * (1.0 - slack) for who, rate in fixed.items() if rate > 0.0}
        try:
            return columns.solve(
                replace(
                    program,
                    unit={**program.unit, **held},
                    floor={**program.floor, **dict.fromkeys(held, 1.0)},
                )
            )
        except QkdError as error:
            if error.kind != "infeasible" or slack == SLACKS[-1]:
                raise
    raise AssertionError


def _level(
    columns: Columns, free: Sequence[int], fixed: Mapping[int, float]
) -> tuple[float, Mapping[int, float], NDArray[np.float64]]:
    """Greatest common share of the free demands, the prices of their rows and those of the links.

    A small share would drown in the solver's tolerance, so the unit shrinks until the level is near 1 or
    nothing worth having is left.
    """
    scale = 1.0
    while True:
        unit = {who: columns.demands[who].bps * scale for who in free}
        program = Program(unit=unit, floor=dict.fromkeys(free, None), level=1.0 / scale)
        found = _solve(columns, fixed, program)
        if found.level >= 0.1:
            return min(found.level * scale, 1.0), found.floors, found.links
        if all(unit[who] * found.level <= CRUMB * columns.width(who) for who in free):
            return 0.0, found.floors, found.links
        scale *= max(found.level, 1e-3)


def _shares(
    columns: Columns,
    demands: Sequence[Demand],
    fixed: Mapping[int, float],
    kept_by: Mapping[int, tuple[LinkKey, ...]],
) -> tuple[Share, ...]:
    """The leanest flows for what every demand was given, with no link used beyond its rate."""
    total = sum(fixed.values())
    flows = np.zeros(len(columns.columns))
    if total > 0.0:
        burn = {who: rate / total for who, rate in fixed.items() if rate > 0.0}
        flows = _solve(columns, fixed, Program(unit={}, burn=burn)).flows
        _exact(columns, flows, fixed)
    rows: list[list[Flow]] = [[] for _one in demands]
    for (who, routes), flow in zip(columns.columns, flows, strict=True):
        if flow > 1e-9 * fixed.get(who, 0.0):
            rows[who].append(Flow(routes, float(flow)))
    return tuple(
        Share(demand, tuple(sorted(row, key=lambda flow: (-flow.bps, flow.routes))), kept_by.get(who, ()))
        for who, (demand, row) in enumerate(zip(demands, rows, strict=True))
    )


def _exact(columns: Columns, flows: NDArray[np.float64], fixed: Mapping[int, float]) -> None:
    """Give every demand its rate exactly, but for those on links that rounding would overfill by a trace."""
    whose = np.array([who for who, _routes in columns.columns])
    for who, rate in fixed.items():
        given = flows[whose == who].sum()
        if given > 0.0:
            flows[whose == who] *= rate / given
    over = np.maximum(columns.load(flows) / columns.room, 1.0)
    flows /= columns.worst(over)
