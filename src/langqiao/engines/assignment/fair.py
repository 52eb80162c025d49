"""Max-min fairness (最大最小公平): no item is left with weak reviewers so that others get the best.

The largest minimum over items first, then the largest sum with that minimum. Maximising the minimum
directly is hopeless for branch and bound (see docs/engines/assignment.md); here

1. the ceiling is the smallest best possible score of an item, each looked at alone;
2. exchanges (exchange.py) bring every item of the sum's optimum to a threshold; often the ceiling itself
   is reached, and the minimum is proven;
3. otherwise the linear relaxation lowers the ceiling, thresholds are bisected, and small cases are
   settled by integer programmes for one threshold each;
4. the sum: linear relaxation with its multipliers, the flow with weights 1 + multiplier, exchanges, and an
   integer programme over the pairs that the bound cannot rule out (reduced costs).

Every bound is computed from duals over all candidates (programme.dual_bound). What time does not allow to
prove is given as a bound with its gap.

Kobren, Saha and McCallum, "Paper Matching with Local Fairness Constraints", KDD 2019, define the goal; the
method is ours.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from . import flow, programme
from .candidates import Pairs, chosen, joined
from .core import Core, conclude
from .exchange import Exchange
from .programme import Duals, Programme, dual_bound, priced_in, solve
from .types import Assignment, Floats, Ints, Progress, Report

SMALL = 60_000  # candidate pairs up to which thresholds are settled by integer programmes
FEW = 20_000  # pairs that an integer programme takes at once
STEPS = 8  # of the bisection by exchanges
ROUNDS = 6  # of pricing
STEP = 0.005  # share of the threshold at which the bisection by exchanges ends
CLOSE = 1e-6  # a gap of this share counts as none


@dataclass(frozen=True, slots=True, eq=False)
class _Base:
    """The optimum of the sum, from which fairness starts."""

    pairs: Pairs
    unfilled: Ints
    short: Ints
    looked_at: Pairs
    complete: bool


def fair(core: Core, *, seconds: float, report: Report | None = None) -> Assignment:
    """The fairest assignment (see the module); an item's score counts by the number of its places.

    Items that cannot get all their places do not hold the others back: they keep what the sum's optimum
    gives them room for, and the threshold is for the rest. Where items need different numbers, scores
    are compared per place, times the largest number.
    """
    started = time.perf_counter()
    base = _base(core, seconds)
    search = _Search(core, base, started + seconds, report or _silent)
    search.raise_minimum()
    search.raise_sum()
    return search.conclude(started)


def _silent(_progress: Progress) -> None:
    pass


def _base(core: Core, seconds: float) -> _Base:
    if len(core.panels) > 1:
        settled = programme.optimum(core, seconds=seconds / 4)
        everything = core.candidates.everything()
        return _Base(settled.pairs, settled.unfilled, settled.short, everything, settled.complete)
    found = flow.optimum(core)
    return _Base(found.pairs, found.unfilled, found.short, found.looked_at, complete=True)


class _Search:
    def __init__(self, core: Core, base: _Base, deadline: float, report: Report) -> None:
        self._core = core.settled(base.pairs, base.short)
        self._base, self._deadline, self._report = base, deadline, report
        self._begun = time.perf_counter()
        self._pinned = core.pinned_sums()
        asked = core.problem.per_item[core.row_order]
        whole = (asked > 0) & (base.unfilled == 0)
        self._spread: Floats = np.where(whole, asked / max(1, int(asked.max(initial=0))), 0.0)
        self._at = np.flatnonzero(whole)
        self._best = base.pairs
        low, high = core.candidates.range()
        self._tiny = 1e-9 * max(1.0, abs(low), abs(high))
        self.low = self._minimum(base.pairs)
        self.high = self._ceiling()
        self._grain = self._grid()
        self._complete = base.complete
        self._sum_bound = float(base.pairs.scores.sum()) if base.complete else np.inf

    def _tell(self, stage: str) -> None:
        """Seconds gone of the seconds allowed, under the name of what is being done."""
        now = time.perf_counter()
        self._report(Progress(stage, int(now - self._begun), max(1, int(self._deadline - self._begun))))

    def _left(self, share: float = 1.0) -> float:
        return max(0.01, (self._deadline - time.perf_counter()) * share)

    def _minimum(self, pairs: Pairs) -> float:
        if not len(self._at):
            return 0.0
        sums = self._pinned + np.bincount(pairs.rows, pairs.scores, minlength=len(self._pinned))
        return float((sums[self._at] / self._spread[self._at]).min())

    def _ceiling(self) -> float:
        """No minimum is above an item's best alone, nor above the mean of the largest sum there is."""
        if not len(self._at):
            return 0.0
        best = self._pinned + self._core.candidates.best_sums(self._core.need)
        alone = float((best[self._at] / self._spread[self._at]).min())
        whole = float(self._pinned.sum() + self._base.pairs.scores.sum())
        if len(self._at) == len(self._spread) and self._base.complete:
            alone = min(alone, whole / float(self._spread.sum()) + self._tiny)
        return max(self.low, alone)

    def _goals(self, least: float) -> Floats:
        return np.where(self._spread > 0, least * self._spread - self._pinned - self._tiny, -np.inf)

    def _grid(self) -> float | None:
        """The distance of two possible minima, where scores have few decimals."""
        digits = self._core.candidates.decimals(4)
        if digits is None or len(set(self._spread[self._at].tolist())) != 1:
            return None
        if not np.array_equal(np.round(self._pinned, digits), self._pinned):
            return None
        return 10.0**-digits

    def _settled(self) -> bool:
        near = self._grain * (1 - CLOSE) if self._grain else CLOSE * max(1.0, abs(self.high))
        return self.high - self.low <= near

    def _keep(self, pairs: Pairs) -> bool:
        """Take an assignment that is fairer, or as fair with a larger sum."""
        minimum = self._minimum(pairs)
        fairer = minimum > self.low + self._tiny
        equal = minimum >= self.low - self._tiny
        if not (fairer or (equal and pairs.scores.sum() > self._best.scores.sum())):
            return False
        self._best = pairs
        self.low = max(self.low, minimum) if equal else minimum
        self.high = max(self.high, self.low)
        return True

    # -- the minimum

    def raise_minimum(self) -> None:
        """Find the largest minimum, or the best that time allows and a bound."""
        self._tell("threshold")
        if not self._settled() and not self._reach(self.high, self._base.pairs, 0.1):
            self._bisect()
            if not self._settled():
                self._relax()
        if not self._settled() and self._core.candidates.size <= SMALL:
            self._prove()
        if self._settled():
            if self._grain:
                self.high = self.low
        else:
            self._complete &= self._core.candidates.size > SMALL and time.perf_counter() < self._deadline

    def _reach(self, least: float, start: Pairs, share: float) -> bool:
        """Exchanges from a start to a threshold."""
        exchange = Exchange(self._core, start, self._goals(least))
        reached = exchange.repair(time.perf_counter() + self._left(share))
        self._keep(exchange.pairs)
        return reached

    def _bisect(self) -> None:
        low, high = self.low, self.high
        until = time.perf_counter() + self._left(0.4)
        for _step in range(STEPS):
            if high - low <= STEP * max(1.0, abs(high)) or time.perf_counter() > until:
                return
            self._tell("threshold")
            middle = (low + high) / 2
            if self._reach(middle, self._best, 0.15):
                low = max(middle, self.low)
            else:
                low, high = max(low, self.low), middle

    def _relax(self) -> None:
        """Lower the ceiling by the linear relaxation, all candidates priced."""
        pairs = self._base.looked_at
        n = len(self._spread)
        none = np.full(n, -np.inf)
        until = time.perf_counter() + self._left(0.35)
        for _round in range(ROUNDS):
            self._tell("relaxation")
            model = Programme(self._core, pairs, goals=none, spread=self._spread)
            large = len(pairs) > SMALL
            answer = solve(
                model.model, integer=False, seconds=max(0.01, until - time.perf_counter()), interior=large
            )
            if answer.status in {"infeasible", "unknown"} or not len(answer.duals):
                self._complete = False
                return
            duals = model.duals(answer)
            scale = float(duals.goal @ self._spread)
            if scale <= 0:
                return
            bound = dual_bound(self._core, duals, duals.goal) + float(duals.goal @ self._pinned)
            self.high = max(self.low, min(self.high, bound / scale + self._tiny))
            more = priced_in(self._core, pairs, duals, duals.goal, flow.FIRST)
            if not len(more) or self._settled() or time.perf_counter() > until:
                return
            pairs = joined([pairs, more])

    def _prove(self) -> None:
        """Thresholds settled by integer programmes over all pairs, by turns just above the best minimum,
        which proves it when nothing is found, and half-way to the ceiling.
        """
        pairs = self._core.candidates.everything()
        until = time.perf_counter() + self._left(0.6)
        halve = False
        while not self._settled():
            self._tell("proof")
            step = self._grain or CLOSE * max(1.0, abs(self.high))
            target = (self.low + self.high) / 2 if halve else self.low + step
            if self._grain:
                target = max(np.floor(target / step + CLOSE) * step, self.low + step)
            halve = not halve
            left = until - time.perf_counter()
            if left <= 0:
                self._complete = False
                return
            model = Programme(self._core, pairs, goals=self._goals(target)).model
            answer = solve(replace(model, cost=np.zeros(len(model.cost))), integer=True, seconds=left)
            if answer.status == "infeasible":
                self.high = max(self.low, target - (self._grain or 0.0))
            elif answer.status in {"optimal", "feasible"}:
                self._keep(pairs.where(answer.values > 0.5))
            else:
                self._complete = False
                return

    # -- the sum

    def raise_sum(self) -> None:
        """The largest sum with the minimum found, or the best that time allows and a bound."""
        self._tell("sum")
        goals = self._goals(self.low)
        self._reach(self.low, self._base.pairs, 0.2)  # from the sum's optimum, straight to this threshold
        duals = self._multipliers(goals)
        if duals is None:
            self._complete = False
            return
        self._weighted_start(duals)
        for few in (True, False):
            gap = self._gap()
            if gap <= CLOSE * max(1.0, abs(self._sum_bound)):
                return
            self._tell("sum")
            if self._branch(goals, duals, gap, few=few):
                return
        self._complete = False

    def _gap(self) -> float:
        return self._sum_bound - float(self._best.scores.sum())

    def _multipliers(self, goals: Floats) -> Duals | None:
        """The linear relaxation with every goal: multipliers and a bound on the sum."""
        pairs = joined([self._base.looked_at, self._fresh(self._best, self._base.looked_at)])
        until = time.perf_counter() + self._left(0.4)
        duals = None
        for _round in range(ROUNDS):
            model = Programme(self._core, pairs, goals=goals)
            answer = solve(
                model.model, integer=False, seconds=max(0.01, until - time.perf_counter()),
                interior=len(pairs) > SMALL,
            )  # fmt: skip
            if answer.status != "optimal":
                return duals
            duals = model.duals(answer)
            weight = 1.0 + duals.goal
            held = np.where(duals.goal > 0, goals, 0.0)
            bound = dual_bound(self._core, duals, weight) - float(duals.goal @ held)
            self._sum_bound = min(self._sum_bound, bound)
            more = priced_in(self._core, pairs, duals, weight, flow.FIRST)
            near = bound - answer.bound <= CLOSE * 100 * max(1.0, abs(bound))
            if near or not len(more) or time.perf_counter() > until:
                return duals
            self._tell("relaxation")
            pairs = joined([pairs, more])
        return duals

    def _fresh(self, pairs: Pairs, among: Pairs) -> Pairs:
        m = self._core.shape[1]
        return pairs.where(~chosen(pairs.keys(m), among.keys(m)))

    def _weighted_start(self, duals: Duals) -> None:
        """The flow in which needy items weigh more, brought to the threshold."""
        if len(self._core.panels) > 1:
            return
        weight = 1.0 + duals.goal
        weighted = replace(self._core, candidates=self._core.candidates.weighted(weight))
        found = flow.optimum(weighted).pairs
        start = Pairs(found.rows, found.cols, self._core.candidates.lookup(found.rows, found.cols))
        self._reach(self.low, start, 0.3)

    def _branch(self, goals: Floats, duals: Duals, gap: float, *, few: bool) -> bool:
        """An integer programme over the pairs that could still be part of something better.

        True when its result is proven for all pairs. With ``few`` only the most promising pairs are
        taken where there are many, which is quick and proves nothing.
        """
        weight = 1.0 + duals.goal
        parts, gains = [], []
        for block in self._core.candidates.blocks():
            value = duals.reduced(self._core, block, weight)
            at = np.nonzero(value >= -gap)
            parts.append(block.pick(at))
            gains.append(value[at])
        gain = np.concatenate(gains)
        rows = np.concatenate([part.rows for part in parts])
        order = np.lexsort((np.concatenate([part.cols for part in parts]), rows))
        pairs, gain = joined(parts), gain[order]
        every = True
        if len(pairs) > FEW:
            if not few and len(pairs) > SMALL:
                return False
            if few:
                floor = float(np.partition(gain, len(gain) - FEW)[len(gain) - FEW])
                pairs, gain, every = pairs.where(gain >= floor), gain[gain >= floor], False
        missing = self._fresh(self._best, pairs)
        model = Programme(self._core, joined([pairs, missing]), goals=goals)
        sure = np.zeros(len(model.pairs))
        if every:
            m = self._core.shape[1]
            certain = pairs.where(gain > gap + self._tiny)
            sure = chosen(model.pairs.keys(m), certain.keys(m)).astype(np.float64)
        answer = solve(
            replace(model.model, lower=sure), integer=True,
            seconds=self._left(0.4 if few and not every else 1), start=model.values(self._best),
        )  # fmt: skip
        if answer.status in {"optimal", "feasible"}:
            self._keep(model.pairs.where(answer.values > 0.5))
        if every and answer.status != "infeasible":
            found = max(answer.bound, float(self._best.scores.sum()))
            self._sum_bound = min(self._sum_bound, found)
        return every and answer.status == "optimal"

    def conclude(self, started: float) -> Assignment:
        """The result, in the numbering of the problem."""
        pinned = float(self._core.pinned.scores.sum())
        total = float(self._best.scores.sum())
        sum_bound = max(self._sum_bound, total) + pinned
        return conclude(
            self._core, self._best, unfilled=self._base.unfilled, short=self._base.short, method="fair",
            seconds=time.perf_counter() - started, sum_bound=sum_bound,
            bound=None if self._grain and self._settled() else self.high,
            complete=self._complete,
        )  # fmt: skip
