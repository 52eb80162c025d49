"""The flow network of an assignment, solved by OR-tools, and its potentials.

Nodes: items, one node for each item and value of a quota, reviewers, one sink. Every item sends out as
many units as it needs. Arcs: pairs (item or value node → reviewer), item → value node (the quota), reviewer
→ sink (the load), and overflow arcs past the reviewers to the sink for places that nobody can take.

Overflow, and a load below ``min_load``, cost whole *tiers*; ``solve`` weighs one tier against scores.
Places that a quota reserves for a value start at the value node, so no other reviewer can take them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from .candidates import Block, Nodes, Pairs
from .core import Core
from .types import Bools, Ints

UNFILLED = 3  # tiers of an unfilled place: above any exchange of min_load (1) along one cycle
SWEEPS = 2_000  # of Bellman and Ford before potentials are given up


class CostRange(Exception):
    """Costs are too large for 64-bit arithmetic in the solver."""


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Parallel arrays, one entry for each arc."""

    tail: Nodes
    head: Nodes
    cap: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.tail)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Flow on the pairs and on the fixed arcs, and what was sent past the reviewers."""

    amounts: Ints
    fixed: Ints
    tier: int


class Network:
    """The fixed part of the network; pairs are added for each solve.

    ``unit`` is how many units one reviewer makes: 1, or the denominator of a probability cap. ``levels``
    gives the second missing place of an item a higher tier than the first, so that a shortage is spread.
    ``even`` prices the j-th item of a reviewer with j, so that of equal optima the even loads win.
    """

    def __init__(self, core: Core, *, unit: int = 1, levels: bool = False, even: bool = False) -> None:
        self.core = core
        self.unit = unit
        n, m = core.shape
        self._panel = core.panels[0] if core.panels else None
        self._width = len(self._panel.names) if self._panel else 0
        self.first = n + n * self._width  # node of reviewer 0
        self.sink = self.first + m
        self.nodes = self.sink + 1
        self.supply = np.zeros(self.nodes, np.int64)
        self._parts: list[tuple[Nodes, Nodes, Ints, Ints, Ints]] = []
        self._quota_arcs()
        self._overflow_arcs(levels=levels)
        self._load_arcs(even=even)
        self.supply[self.sink] = -self.supply.sum()
        columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        self.tail, self.head = columns[0].astype(np.int32), columns[1].astype(np.int32)
        self.cap, self.tiers, self.ranks = columns[2], columns[3], columns[4]

    def _add(
        self, tail: NDArray[np.integer], head: NDArray[np.integer] | int, cap: Ints, tier: int, rank: int = 0
    ) -> None:
        keep = cap > 0
        size = int(keep.sum())
        head = np.broadcast_to(np.asarray(head), tail.shape)
        self._parts.append((
            tail[keep].astype(np.int32),
            head[keep].astype(np.int32),
            cap[keep].astype(np.int64),
            np.full(size, tier, np.int64),
            np.full(size, rank, np.int64),
        ))  # fmt: skip

    def _quota_arcs(self) -> None:
        n = self.core.shape[0]
        need = self.core.need
        if self._panel is None:
            self.supply[:n] = need * self.unit
            return
        values = np.arange(n, n + n * self._width)
        reserved = self._panel.fewest.ravel()
        self.supply[values] = reserved * self.unit
        self.supply[:n] = (need - self._panel.fewest.sum(axis=1)) * self.unit
        room = np.minimum(self._panel.most.ravel(), np.repeat(need, self._width)) - reserved
        self._add(np.repeat(np.arange(n), self._width), values, room * self.unit, 0)

    def _overflow_arcs(self, *, levels: bool) -> None:
        sources = np.flatnonzero(self.supply[: self.first] > 0)
        supply = self.supply[sources]
        if not levels:
            self._add(sources, self.sink, supply, UNFILLED)
            return
        for level in range(int(supply.max(initial=0)) // self.unit + 1):
            left = np.clip(supply - level * self.unit, 0, self.unit)
            self._add(sources, self.sink, left, UNFILLED + level)

    def _load_arcs(self, *, even: bool) -> None:
        reviewers = np.arange(self.first, self.sink)
        least, most = self.core.least, self.core.most
        if not even:
            self._add(reviewers, self.sink, least * self.unit, -1)
            self._add(reviewers, self.sink, (most - least) * self.unit, 0)
            return
        for rank in range(int(most.max(initial=0))):
            one = (most > rank).astype(np.int64)
            self._add(reviewers, self.sink, one * (least > rank), -1, rank)
            self._add(reviewers, self.sink, one * (least <= rank), 0, rank)

    def tails(self, pairs: Pairs) -> Nodes:
        """The node that each pair leaves from."""
        if self._panel is None:
            return pairs.rows
        n = self.core.shape[0]
        code = self._panel.code[pairs.cols]
        return np.where(code >= 0, n + pairs.rows * self._width + code, pairs.rows).astype(np.int32)

    def tails_of(self, block: Block) -> NDArray[np.integer]:
        """The same for a rectangle, in a shape that broadcasts."""
        if self._panel is None:
            return block.rows[:, None]
        n = self.core.shape[0]
        code = np.broadcast_to(self._panel.code[block.cols], block.scores.shape)
        rows = block.rows[:, None].astype(np.int64)
        return np.asarray(np.where(code >= 0, n + rows * self._width + code, rows))

    def arcs(self, pairs: Pairs, cost: Ints, *, cap: int, weight: int) -> Arcs:
        """All arcs: the pairs with their cost, then the fixed ones with ``weight`` a tier."""
        return Arcs(
            np.concatenate([self.tails(pairs), self.tail]),
            np.concatenate([pairs.cols + np.int32(self.first), self.head]),
            np.concatenate([np.full(len(pairs), cap, np.int64), self.cap]),
            np.concatenate([cost, self.tiers * weight + self.ranks]),
        )

    def solve(self, arcs: Arcs) -> Solution:
        """The cheapest flow.

        Raises:
            CostRange: costs are too large.
        """
        flow = min_cost_flow.SimpleMinCostFlow()
        index = flow.add_arcs_with_capacity_and_unit_cost(arcs.tail, arcs.head, arcs.cap, arcs.cost)
        flow.set_nodes_supplies(np.arange(self.nodes, dtype=np.int32), self.supply)
        status = flow.solve()
        if status == flow.BAD_COST_RANGE:
            raise CostRange
        if status != flow.OPTIMAL:  # overflow arcs make every problem feasible
            raise RuntimeError(f"the flow solver ended with {status.name}")
        flows = flow.flows(index)
        fixed = flows[len(arcs) - len(self.tail) :]
        return Solution(flows[: len(arcs) - len(self.tail)], fixed, int((fixed * self.tiers).sum()))

    def least_tier(self) -> int:
        """The tier of an assignment in which nothing is missing."""
        return -int(self.core.least.sum()) * self.unit

    def unfilled(self, solution: Solution) -> Ints:
        """Units that each item could not place."""
        n = self.core.shape[0]
        past = self.tiers >= UNFILLED
        tail = self.tail[past]
        item = np.where(tail < n, tail, (tail - n) // max(1, self._width))
        return np.bincount(item, solution.fixed[past], minlength=n).astype(np.int64)

    def short(self, solution: Solution) -> Ints:
        """Units that each reviewer lacks to its least load."""
        kept = self.tiers == -1
        reached = np.bincount(
            self.tail[kept] - self.first, solution.fixed[kept], minlength=self.core.shape[1]
        )
        return self.core.least * self.unit - reached.astype(np.int64)

    def potentials(self, arcs: Arcs, flows: Ints) -> Ints | None:
        """Shortest distances in the residual network: an optimal dual solution (Ahuja, Magnanti and
        Orlin, Network Flows, 9.1), by Bellman and Ford: each sweep relaxes, all at once, the arcs that
        leave a node whose distance has just become shorter. None if it takes too many sweeps.
        """
        forward: Bools = flows < arcs.cap
        backward: Bools = flows > 0
        tail = np.concatenate([arcs.tail[forward], arcs.head[backward]])
        head = np.concatenate([arcs.head[forward], arcs.tail[backward]])
        cost = np.concatenate([arcs.cost[forward], -arcs.cost[backward]])
        order = np.argsort(tail, kind="stable")
        head, cost = head[order], cost[order]
        starts = np.searchsorted(tail[order], np.arange(self.nodes + 1))
        degree = np.diff(starts)
        distance = np.zeros(self.nodes, np.int64)
        active = np.arange(self.nodes)
        for _ in range(SWEEPS):
            width = degree[active]
            leaving = np.repeat(starts[active] - np.cumsum(width) + width, width) + np.arange(width.sum())
            before = distance.copy()
            np.minimum.at(distance, head[leaving], np.repeat(before[active], width) + cost[leaving])
            active = np.flatnonzero(distance < before)
            if not len(active):
                return distance
        return None
