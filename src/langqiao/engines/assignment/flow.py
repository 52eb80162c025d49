"""The largest sum of scores, exactly, by min-cost flow (最小费用流).

Only the best candidates of each item enter the network at first. The potentials of its optimum price all
other pairs; those that could improve it are added, until none is left: then the optimum of the few is the
optimum of all, at a fraction of the time and memory.

Scores become whole costs. Scores with at most six decimals are exact; others keep about 40 bits between
the smallest and the largest, and ``precision`` bounds what the sum can lose by it. With whole costs,
filled places, loads and scores are weighed in strict order: the weight of a tier is raised until the solution
reaches the best tier there is, which a second flow without scores computes. No weight has to be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .candidates import NONE, Block, Pairs, chosen, joined
from .core import Core
from .network import CostRange, Network, Solution
from .types import AssignmentError, Floats, Ints

FIRST = 16  # candidates of each item that enter at once
WHOLE = 1  # so many times FIRST candidates per item and reviewer are few enough to enter together
NEAR = 200  # pairs this part of the range short of being wanted come along
ROUNDS = 12  # of the subgradient method
BITS = 42
EVEN = 200_000  # load arcs beyond which even loads are not pursued


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """How scores become whole costs: ``(top − score) · scale``, times ``rank`` to leave room for ranks."""

    low: float
    top: float
    scale: float
    rank: int
    exact: bool

    def __call__(self, scores: Floats) -> Ints:
        return np.rint((self.top - scores) * self.scale).astype(np.int64) * self.rank

    @property
    def span(self) -> int:
        """One more than the largest cost."""
        return int(self(np.array([self.low]))[0]) + self.rank

    @property
    def precision(self) -> float:
        """What one score can be off."""
        return 0.0 if self.exact else 0.5 / self.scale


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """An optimal flow: chosen pairs with their units, what is missing, and the pairs that entered."""

    pairs: Pairs
    amounts: Ints
    unfilled: Ints
    short: Ints
    precision: float
    looked_at: Pairs


def costs_of(core: Core, nodes: int, *, even: bool) -> Costs:
    """The finest whole costs that the solver's 64 bits leave room for."""
    low, high = core.candidates.range()
    rank = int(core.most.max(initial=0)) + 1 if even else 1
    room = (1 << 60) // (nodes + 1) // (rank * 8)
    spread = high - low
    digits = core.candidates.decimals() if spread * 10**6 < 1 << 50 else None
    if digits is not None and spread * 10**digits < room:
        return Costs(low, high, 10.0**digits, rank, exact=True)
    scale = min(room, 1 << BITS) / spread if spread else 1.0
    return Costs(low, high, scale, 1, exact=not spread)


def optimum(core: Core, *, unit: int = 1, cap: int = 1) -> Optimum:
    """The largest sum for which as few places as possible stay unfilled and loads short.

    Every pair takes at most ``cap`` of the ``unit`` units that make a reviewer. Strict order: filled
    places, their even spread over items, least loads, the sum, and, for scores with few decimals, even
    loads.

    Raises:
        AssignmentError: quotas of two attributes are no flow.
    """
    if len(core.panels) > 1:
        raise AssignmentError("quotas of two attributes are no flow; take the programme")
    even = unit == 1 and int(np.minimum(core.most, core.shape[0]).sum()) <= EVEN
    network = Network(core, unit=unit)
    costs = costs_of(core, network.nodes, even=even)
    while True:
        try:
            return _Search(core, costs, unit=unit, cap=cap).run(network, even=even and costs.exact)
        except CostRange:
            if costs.scale < 1e-6:
                raise AssignmentError("the scores differ too much to be compared in 64 bits") from None
            costs = Costs(costs.low, costs.top, costs.scale / 64, 1, exact=False)
            even = False


def prices(core: Core, *, unit: int = 1, cap: int = 1) -> Floats:
    """Rough prices of the reviewers: what is asked for too often costs more (a subgradient method).

    They only decide which pairs are looked at first; the optimum does not depend on them.
    """
    low, high = core.candidates.range()
    price = np.zeros(core.shape[1])
    room = np.maximum(1, core.most * unit)
    wanted = core.need * unit // cap
    most = int(wanted.max(initial=0))
    for step in np.geomspace(0.25, 0.01, ROUNDS) * (high - low):
        demand = np.zeros(core.shape[1])
        for block in core.candidates.blocks() if most else ():
            demand += cap * np.bincount(block.favourites(most, price), minlength=core.shape[1])
        price = np.maximum(0.0, price + step * np.clip((demand - room) / room, -1.0, 1.0))
    return price


class _Search:
    """Adds pairs and raises weights until the optimum is proven."""

    def __init__(self, core: Core, costs: Costs, *, unit: int, cap: int) -> None:
        self._core, self._costs, self._unit, self._cap = core, costs, unit, cap
        size = core.candidates.size
        self._span = costs.span
        self._whole = size <= FIRST * WHOLE * sum(core.shape)
        self._pairs = (
            core.candidates.everything()
            if self._whole
            else core.candidates.top(max(FIRST, self._width()), prices(core, unit=unit, cap=cap))
        )

    def _width(self) -> int:
        """Twice what an item needs at the least, and no more than there is."""
        return 2 * int(self._core.need.max(initial=0)) * self._unit // self._cap

    def run(self, network: Network, *, even: bool) -> Optimum:
        span = self._span
        weight, best = 1, network.least_tier()
        if even:
            network = Network(self._core, even=True)
        solution = self._settle(network, weight * span)
        while solution.tier != best:
            if best == network.least_tier() and weight == 1:  # something is missing: how little can it be?
                network = Network(self._core, unit=self._unit, levels=True, even=even)
                best = self._settle(network, 1, scores=False).tier
            else:
                weight *= 8
            solution = self._settle(network, weight * span)
        taken = solution.amounts > 0
        pairs = self._pairs.where(taken)
        return Optimum(
            pairs=pairs,
            amounts=solution.amounts[taken],
            unfilled=network.unfilled(solution),
            short=network.short(solution),
            precision=2 * self._costs.precision * float(solution.amounts.sum()) / self._unit,
            looked_at=self._pairs,
        )

    def _settle(self, network: Network, weight: int, *, scores: bool = True) -> Solution:
        """The optimum over all candidates for one weight of a tier."""
        while True:
            cost = self._costs(self._pairs.scores) if scores else np.zeros(len(self._pairs), np.int64)
            arcs = network.arcs(self._pairs, cost, cap=self._cap, weight=weight)
            solution = network.solve(arcs)
            if self._whole:
                return solution
            distance = network.potentials(arcs, np.concatenate([solution.amounts, solution.fixed]))
            if distance is None:
                self._pairs, self._whole = self._core.candidates.everything(), True
                continue
            better = self._better(network, distance, scores=scores)
            if not len(better):
                return solution
            self._pairs = joined([self._pairs, better])

    def _better(self, network: Network, distance: Ints, *, scores: bool) -> Pairs:
        """Pairs outside that a negative reduced cost makes wanted, the best few of each item; with them
        those that come close, so that the next round is more often the last.
        """
        m = self._core.shape[1]
        inside = self._pairs.keys(m)
        width = FIRST + self._width()  # saturated pairs inside have negative reduced costs, too
        near = self._span // NEAR if scores else 0
        parts, wanted = [], 0
        for block in self._core.candidates.blocks():
            value = distance[network.tails_of(block)] - distance[block.cols + network.first]
            known = block.scores > NONE
            if scores:
                value = value + self._costs(np.where(known, block.scores, self._costs.top))
            rows = np.flatnonzero((known & (value < 0)).any(axis=1))
            if not len(rows):
                continue
            part = Block(
                block.rows[rows], block.cols if block.cols.ndim == 1 else block.cols[rows], block.scores[rows]
            )
            gain = np.where(known[rows] & (value[rows] <= near), -value[rows].astype(np.float64), NONE)
            found, gains = part.best(width, gain)
            fresh = ~chosen(found.keys(m), inside)
            wanted += int((gains[fresh] > 0).sum())
            parts.append(found.where(fresh))
        return joined(parts if wanted else [])
