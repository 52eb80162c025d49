"""Random assignment against collusion (随机分配、防串通): no pair is more likely than a cap.

Jecmen, Zhang, Liu, Shah, Conitzer and Fang, "Mitigating Manipulation in Peer Review via Randomized Reviewer
Assignments", NeurIPS 2020. The marginal probabilities are the optimum of a linear programme in which every
pair takes at most Q; with Q = k/m that is a flow in which a reviewer counts m units and a pair takes at
most k (flow.optimum). An assignment is then drawn that keeps every marginal in expectation and every limit
for certain, by rounding along cycles and paths: wherever some pairs are fractional, there is a cycle or a
path between sums that may still move; one of the two ways to shift along it, chosen with the
probability that keeps expectations, makes at least one pair whole.
"""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np

from . import flow
from .candidates import Pairs
from .core import Core, conclude
from .types import Assignment, AssignmentError, Bools, Ints, Plan

UNITS_AT_MOST = 10_000  # m of Q = k/m; a finer cap is taken as the next fraction below


def coarse(cap: Fraction) -> Fraction:
    """The cap as k/m with m no more than the units that a flow takes, never above the cap itself."""
    if cap.denominator <= UNITS_AT_MOST:
        return cap
    return Fraction(int(cap * UNITS_AT_MOST), UNITS_AT_MOST)


def draw(core: Core, plan: Plan) -> Assignment:
    """Draw one assignment from the best marginals under the cap.

    ``expected_sum`` is what the marginals promise on average, ``optimum`` the deterministic best, so that
    ``price`` says what chance costs. Pins are certain and count for both.

    Raises:
        AssignmentError: quotas, which the marginals of a flow cannot keep for certain.
    """
    assert plan.cap is not None
    assert plan.seed is not None
    if core.panels:
        raise AssignmentError("a random assignment takes no quotas; leave out the quotas or take sum or fair")
    started = time.perf_counter()
    cap = coarse(plan.cap)
    unit = cap.denominator
    if (core.most * unit > 2**31).any() or (core.need * unit > 2**31).any():
        raise AssignmentError("loads and cap together are too large; take a rounder cap, such as 1/2")
    marginals = flow.optimum(core, unit=unit, cap=cap.numerator)
    amounts = marginals.amounts.astype(np.int64)
    expected = float(marginals.pairs.scores @ (amounts / unit))
    chosen = _round(marginals.pairs, amounts, unit, core.shape, np.random.default_rng(plan.seed))
    pairs = marginals.pairs.where(chosen)
    best = flow.optimum(core)
    pinned = float(np.sum(core.pinned.scores))
    return conclude(
        core,
        pairs,
        unfilled=core.need - np.bincount(pairs.rows, minlength=core.shape[0]),
        short=np.maximum(0, core.least - np.bincount(pairs.cols, minlength=core.shape[1])),
        method="random",
        seconds=time.perf_counter() - started,
        bound=float(np.sum(best.pairs.scores)) + pinned,
        sum_bound=float(np.sum(best.pairs.scores)) + pinned,
        precision=marginals.precision,
        optimum=float(np.sum(best.pairs.scores)) + pinned,
        expected_sum=expected + pinned,
        seed=plan.seed,
    )


def _round(
    pairs: Pairs, amounts: Ints, unit: int, shape: tuple[int, int], random: np.random.Generator
) -> Bools:
    """Whole pairs (mask) from amounts in units: every row and column sum becomes its floor or ceiling.

    A row or column whose sum is whole keeps it; so places stay filled and loads within their limits.
    Every step makes a pair whole, so there are at most as many steps as pairs.
    """
    rows, columns = shape
    ends = [(int(i), rows + int(j)) for i, j in zip(pairs.rows, pairs.cols, strict=True)]
    state = _Fractions([int(amount) for amount in amounts], ends, rows + columns, unit)
    for node in range(rows + columns):
        while state.open_at[node]:
            state.shift(state.way(node), random)
    return np.array([amount >= unit for amount in state.value], dtype=np.bool_)


class _Fractions:
    """Pairs that are not whole yet, as a graph: nodes are rows and columns, edges the pairs."""

    def __init__(self, value: list[int], ends: list[tuple[int, int]], nodes: int, unit: int) -> None:
        self.value, self._ends, self._unit = value, ends, unit
        self.open_at: list[set[int]] = [set() for _node in range(nodes)]
        for edge, ends_of in enumerate(ends):
            if value[edge] % unit:
                for node in ends_of:
                    self.open_at[node].add(edge)

    def way(self, start: int) -> list[int]:
        """Edges of a cycle, or of a path both ends of which have no other open edge, in order."""
        edges, cycle, end = self._walk(start)
        if not cycle:
            edges, cycle, end = self._walk(end)
        return edges

    def _walk(self, node: int) -> tuple[list[int], bool, int]:
        """Walk on until there is no way on, or until the walk meets itself: then its cycle."""
        seen = {node: 0}
        edges: list[int] = []
        last = -1
        while True:
            options = self.open_at[node] - {last}
            if not options:
                return edges, False, node
            last = min(options)
            i, j = self._ends[last]
            node = j if node == i else i
            edges.append(last)
            if node in seen:
                return edges[seen[node] :], True, node
            seen[node] = len(edges)

    def shift(self, edges: list[int], random: np.random.Generator) -> None:
        """Shift amounts up and down in turn, by as much as one of the two ways allows.

        Inner nodes keep their sums. At the tip of a path all other amounts are whole, so the sum reaches
        a whole number together with the tip's own pair.
        """
        up, down = self._room(edges, first_up=True), self._room(edges, first_up=False)
        # Up with probability down ÷ (up + down): nothing is gained or lost on average.
        step = up if int(random.integers(up + down)) < down else -down
        for place, edge in enumerate(edges):
            self.value[edge] += step if place % 2 == 0 else -step
            if self.value[edge] % self._unit == 0:
                for node in self._ends[edge]:
                    self.open_at[node].discard(edge)

    def _room(self, edges: list[int], *, first_up: bool) -> int:
        """How far the first edge can go one way before some edge is whole."""
        rest = (self.value[edge] % self._unit for edge in edges)
        return min(
            self._unit - part if (place % 2 == 0) == first_up else part for place, part in enumerate(rest)
        )
