"""Exact answers to many nearly equal 0/1 problems: a warm LP suggests, weak duality proves.

HiGHS keeps one linear program with its basis; each question changes a few bounds, which the dual simplex
answers in about 0.2 ms. Quotas on one or two attributes give whole solutions by themselves (their matrix is
that of a flow). The shadow prices pi of any LP bound every set from above,

    s·x = (s - pi A)·x + pi·(A x) <= sum of the best (s - pi A) + sum of pi times the row's binding side,

whatever the solver's tolerances, so a whole solution that reaches the bound is proved best. Where it is not
reached (a budget), :func:`.kernels.enumerate_sets` searches under the same bound. Only if that takes too
many steps does HiGHS's own branch and bound decide, which needs milliseconds even for easy questions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

# The public class writes a banner to standard output before it can be told not to.
from highspy._core import (
    HIGHS_VERSION_MAJOR,
    HIGHS_VERSION_MINOR,
    HIGHS_VERSION_PATCH,
    HighsLp,
    HighsModelStatus,
    MatrixFormat,
    ObjSense,
    _Highs,
)
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array

from langqiao.engines.selection.errors import SelectionError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

GRAIN = 1e-6
"""Scores and costs are read in whole steps of this, so that a tie is a tie."""
FLIP_STEPS = 3_000
"""The same for one of many flips, before the question gets prices of its own: less than a millisecond."""
STEPS = 2_000_000
"""Partial sets that the enumeration may look at for one question: about a quarter of a second."""
SECONDS = 60.0
"""What HiGHS's branch and bound may take for one question."""
HIGHS_VERSION = f"{HIGHS_VERSION_MAJOR}.{HIGHS_VERSION_MINOR}.{HIGHS_VERSION_PATCH}"
_SLACK = 1e-6  # tolerance of the rows' bounds, in their own whole units


def grains(value: float) -> float:
    """A score or cost in whole grains."""
    return float(round(value / GRAIN))


@dataclass(frozen=True, slots=True)
class Rows:
    """Constraints lower <= A x <= upper on the columns.

    ``family``: rows with the same number of at least 0 share no column; -1 stands alone.
    """

    matrix: Array  # (m, n), none negative
    lower: Array
    upper: Array
    family: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Question:
    """One question: which columns are free (0..1) or fixed, which rows count, how many places."""

    low: Array
    high: Array
    active: Mask
    places: int

    def force(self, column: int, *, chosen: bool) -> Question:
        """The same with one column fixed."""
        low, high = self.low.copy(), self.high.copy()
        low[column] = high[column] = float(chosen)
        return Question(low, high, self.active, self.places)


@dataclass(frozen=True, slots=True)
class Found:
    """A best set and its total in grains.

    ``reduced`` are the scores less the shadow prices: a set is worth at most its sum of them plus
    ``constant``, and no set is worth more than ``bound``.
    """

    chosen: Mask
    total: float
    bound: float
    reduced: Array
    constant: float


class Solver:
    """Maximises a sum of scores over sets that keep the rows; one instance answers many questions.

    Args:
        units: (n,) scores in whole grains.
        rows: the constraints besides the number of places.
    """

    def __init__(self, units: Array, rows: Rows) -> None:
        self.rows = rows
        self._least, self._most = rows.lower - _SLACK, rows.upper + _SLACK
        # With the number of places fixed a shift changes no order, and small numbers are summed exactly.
        self._shift = float(units.max(initial=0.0))
        self._units = units - self._shift
        self._known: list[tuple[Mask, Array, float]] = []  # sets found so far, their rows' sums, totals
        n = units.size
        scale = float(np.abs(self._units).max(initial=0.0)) or 1.0
        sizes = np.maximum(rows.matrix.max(axis=1, initial=1.0), 1.0)
        self._sizes = sizes
        matrix = csc_array(np.vstack([np.ones((1, n)), rows.matrix / sizes[:, None]]))
        lp = HighsLp()
        lp.num_col_, lp.num_row_ = n, 1 + sizes.size
        lp.sense_ = ObjSense.kMaximize
        lp.col_cost_ = self._units / scale
        lp.col_lower_, lp.col_upper_ = np.zeros(n), np.ones(n)
        lp.row_lower_ = np.concatenate([[0.0], rows.lower / sizes])
        lp.row_upper_ = np.concatenate([[0.0], rows.upper / sizes])
        lp.a_matrix_.format_ = MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        self._scale = scale
        self._highs = _Highs()
        for name, value in (
            ("output_flag", False), ("presolve", "off"), ("solver", "simplex"), ("parallel", "off"),
            # One for all in a process: HiGHS refuses another number of threads than it began with.
            ("threads", 1),
            ("dual_feasibility_tolerance", 1e-9),
        ):  # fmt: skip
            self._highs.setOptionValue(name, value)
        self._highs.passModel(lp)
        self._asked = Question(np.zeros(n), np.ones(n), np.ones(sizes.size, dtype=bool), 0)

    def best(self, question: Question, *, more_than: float = -math.inf) -> Found | None:
        """The best set, or None where no set keeps the rows (or none beats ``more_than`` grains)."""
        if (question.low > question.high).any():
            return None
        suggested, prices = self._relax(question)
        if prices is None:
            return None
        reduced, constant = self._price(question, prices)
        fixed, free = question.low > 0.5, (question.low < 0.5) & (question.high > 0.5)
        open_places = question.places - int(fixed.sum())
        if not 0 <= open_places <= int(free.sum()):
            return None
        shifted = more_than - self._shift * question.places
        bound = constant + float(reduced[fixed].sum())
        bound += float(np.sort(reduced[free])[::-1][:open_places].sum())
        chosen, total = self._start(question, suggested)
        if bound >= max(shifted, total) + 0.5:
            better = self._search(question, reduced, constant, max(shifted, total))
            if better is not None:
                chosen, total = better
        if not math.isfinite(total) or total <= shifted:
            return None
        self._known.append((chosen, self.rows.matrix[:, chosen].sum(axis=1), total))
        lift = self._shift * question.places
        return Found(chosen, total + lift, bound + lift, reduced + self._shift, constant)

    def flips(self, question: Question, found: Found, columns: Indices) -> list[tuple[float, Mask] | None]:
        """For each of some free columns the best set with it on the other side than in ``found``.

        Returns:
            Total in grains and set, or None where no set has the column there.
        """
        from langqiao.engines.selection.choice.kernels import flip

        fixed = np.flatnonzero(question.low > 0.5)
        free = np.flatnonzero((question.low < 0.5) & (question.high > 0.5))
        reduced = found.reduced - self._shift
        order = free[np.argsort(-reduced[free], kind="stable")]
        place = np.empty(self._units.size, dtype=np.int64)
        place[order] = np.arange(order.size)
        rows, active = self.rows, question.active
        taken = rows.matrix[:, fixed].sum(axis=1)
        base = float(self._units[fixed].sum())
        sets, totals, finished = flip(
            place[columns],
            reduced[order],
            self._units[order],
            np.ascontiguousarray(rows.matrix[np.ix_(active, order)]),
            (rows.lower - taken)[active],
            (rows.upper - taken)[active],
            rows.family[active],
            found.chosen[order],
            found.constant + float(reduced[fixed].sum()) - base,
            FLIP_STEPS,
            _SLACK,
        )
        answers: list[tuple[float, Mask] | None] = []
        for at, column in enumerate(columns):
            if not finished[at]:
                other = self.best(question.force(int(column), chosen=not found.chosen[column]))
                answers.append(None if other is None else (other.total, other.chosen))
            elif math.isfinite(totals[at]):
                chosen = question.low > 0.5
                chosen[order] = sets[at]
                answers.append((float(totals[at]) + base + self._shift * question.places, chosen))
            else:
                answers.append(None)
        return answers

    def keeps(self, question: Question, chosen: Mask) -> bool:
        """Whether a set answers a question."""
        if np.count_nonzero(chosen) != question.places:
            return False
        if ((chosen < question.low) | (chosen > question.high)).any():
            return False
        sums = self.rows.matrix @ chosen
        wrong = (sums < self._least) | (sums > self._most)
        return not (wrong & question.active).any()

    def _relax(self, question: Question) -> tuple[Mask | None, Array | None]:
        """The LP's solution where it is whole, and the rows' shadow prices in grains; None, None: no set."""
        highs, before = self._highs, self._asked
        changed = np.flatnonzero((question.low != before.low) | (question.high != before.high))
        if changed.size:
            highs.changeColsBounds(
                changed.size, changed.astype(np.int32), question.low[changed], question.high[changed]
            )
        turned = () if question.active is before.active else np.flatnonzero(question.active != before.active)
        for row in turned:
            free = not question.active[row]
            highs.changeRowBounds(
                int(row) + 1,
                -math.inf if free else float(self.rows.lower[row] / self._sizes[row]),
                math.inf if free else float(self.rows.upper[row] / self._sizes[row]),
            )
        if question.places != before.places:
            highs.changeRowBounds(0, float(question.places), float(question.places))
        self._asked = question
        highs.run()
        status = highs.getModelStatus()
        if status == HighsModelStatus.kInfeasible:
            return None, None
        if status != HighsModelStatus.kOptimal:
            # Any prices prove a bound; without good ones the search or branch and bound decides.
            return None, np.zeros(self._sizes.size)
        solution = highs.getSolution()
        values = np.asarray(solution.col_value)
        prices = np.asarray(solution.row_dual)[1:] * self._scale / self._sizes
        chosen = values > 0.5
        is_whole = bool((np.abs(values - chosen) < 1e-6).all())
        return (chosen if is_whole else None), prices

    def _price(self, question: Question, prices: Array) -> tuple[Array, float]:
        """Scores less shadow prices, and what the rows' binding sides add to the bound."""
        side = np.where(prices > 0, self.rows.upper, self.rows.lower)
        prices = np.where(question.active & np.isfinite(side), prices, 0.0)
        side = np.where(np.isfinite(side), side, 0.0)
        return self._units - prices @ self.rows.matrix, float(prices @ side)

    def _start(self, question: Question, suggested: Mask | None) -> tuple[Mask, float]:
        """A set to begin with: the LP's where it keeps all rules, else the best of those found before."""
        if suggested is not None and self.keeps(question, suggested):
            return suggested, float(self._units[suggested].sum())
        nothing = (np.zeros(self._units.size, dtype=bool), -math.inf)
        if not self._known:
            return nothing
        sets, sums, totals = (np.array(column) for column in zip(*self._known, strict=True))
        totals = np.where(self._keep(question, sets, sums), totals, -math.inf)
        at = int(totals.argmax())
        return (sets[at], float(totals[at])) if math.isfinite(totals[at]) else nothing

    def _keep(self, question: Question, sets: Mask, sums: Array) -> Mask:
        """Which of several sets, (p, n) with rows' sums (p, m), answer a question."""
        fixed = question.low == question.high
        wrong = (sums < self._least) | (sums > self._most)
        return np.asarray(
            (sets.sum(axis=1) == question.places)
            & (sets[:, fixed] == (question.low[fixed] > 0.5)).all(axis=1)
            & ~(wrong & question.active).any(axis=1)
        )

    def _search(
        self, question: Question, reduced: Array, constant: float, least: float
    ) -> tuple[Mask, float] | None:
        """The best set with a total of more than ``least``, by enumeration, else by branch and bound."""
        from langqiao.engines.selection.choice.kernels import enumerate_sets

        fixed, free = question.low > 0.5, np.flatnonzero((question.low < 0.5) & (question.high > 0.5))
        open_places = question.places - int(fixed.sum())
        if not open_places:
            return self._alone(question, fixed, least)
        order = free[np.argsort(-reduced[free], kind="stable")]
        base = float(self._units[fixed].sum())
        rows = self.rows
        taken = rows.matrix[:, fixed].sum(axis=1)
        columns, total, looked = enumerate_sets(
            reduced[order],
            self._units[order],
            np.ascontiguousarray(rows.matrix[np.ix_(question.active, order)]),
            (rows.lower - taken)[question.active],
            (rows.upper - taken)[question.active],
            rows.family[question.active],
            open_places,
            constant + float(reduced[fixed].sum()) - base,
            least - base,
            STEPS,
            _SLACK,
        )
        chosen = fixed.copy()
        chosen[order[columns]] = True
        if looked > STEPS:
            return self._branch(question)
        return (chosen, total + base) if math.isfinite(total) else None

    def _alone(self, question: Question, fixed: Mask, least: float) -> tuple[Mask, float] | None:
        """The fixed columns themselves, where they fill all places."""
        total = float(self._units[fixed].sum())
        return (fixed, total) if total > least and self.keeps(question, fixed) else None

    def _branch(self, question: Question) -> tuple[Mask, float] | None:
        rows = self.rows
        active = question.active
        matrix = np.vstack([np.ones((1, self._units.size)), rows.matrix[active] / self._sizes[active, None]])
        places = np.array([float(question.places)])
        answer = milp(
            -self._units / self._scale,
            integrality=np.ones(self._units.size),
            bounds=Bounds(question.low, question.high),
            constraints=LinearConstraint(
                matrix,
                np.concatenate([places, rows.lower[active] / self._sizes[active]]),
                np.concatenate([places, rows.upper[active] / self._sizes[active]]),
            ),
            options={"mip_rel_gap": 0.0, "time_limit": SECONDS},
        )
        if answer.status == 2:  # infeasible
            return None
        if answer.status != 0 or answer.x is None:
            raise SelectionError(
                f"no exact answer within {SECONDS:.0f} s: fewer rules or candidates are needed", kind="hard"
            )
        chosen = answer.x > 0.5
        return chosen, float(self._units[chosen].sum())


@cache
def warm() -> None:
    """Load the compiled searches before a measured answer: the first time on a machine they are compiled."""
    rows = Rows(np.ones((1, 2)), np.zeros(1), np.ones(1), np.zeros(1, dtype=np.int64))
    solver, question = (
        Solver(np.array([2.0, 1.0]), rows),
        Question(np.zeros(2), np.ones(2), np.ones(1, dtype=bool), 1),
    )
    found = solver.best(question)
    assert found is not None
    solver.flips(question, found, np.arange(2))
