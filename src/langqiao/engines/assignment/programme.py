"""Assignment as a linear or integer programme for HiGHS: what no flow can hold.

A pair is a 0/1 variable. Rows: places of each item, loads, quotas, and goals on each item's score. The
bounds that come from the dual are computed here, over all candidates, and need not be believed of the solver.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

import highspy
import numpy as np
from scipy import sparse

from .candidates import NONE, Block, Pairs, chosen, joined
from .core import Core
from .types import AssignmentError, Bools, Floats, Ints

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """maximise cost·x, lower ≤ x ≤ upper, row_lower ≤ Ax ≤ row_upper, x whole where ``whole``."""

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: Any
    row_lower: Floats
    row_upper: Floats
    whole: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the solver found: values and row duals where there are any, and its own bound."""

    status: Status
    values: Floats
    duals: Floats
    bound: float


class _Silent(highspy.Highs):
    """HiGHS without its banner, which the constructor would print into the caller's output."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the first thing that its constructor calls
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # highspy annotates it by halves


def solve(
    model: Model, *, integer: bool, seconds: float, start: Floats | None = None, interior: bool = False
) -> Answer:
    """Run HiGHS on one thread with fixed seeds.

    ``interior`` takes the interior-point method without crossover: much faster where all items stand at
    the same goal; duals then are approximate, which is all a bound needs.
    """
    solver = _Silent()  # type: ignore[no-untyped-call]  # highspy's constructor has no annotations
    options: dict[str, Any] = {
        "time_limit": max(0.01, seconds), "mip_rel_gap": 0.0, "threads": 1,
        "primal_feasibility_tolerance": TOLERANCE, "mip_feasibility_tolerance": TOLERANCE,
    }  # fmt: skip
    if interior:
        options |= {"solver": "ipx", "run_crossover": "off"}
    for name, value in options.items():
        solver.setOptionValue(name, value)
    held = highspy.HighsModel()
    lp = held.lp_
    matrix = sparse.csc_array(model.matrix)
    lp.num_col_, lp.num_row_ = len(model.cost), len(model.row_lower)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data.astype(np.float64)
    if integer:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in model.whole]
    if solver.passModel(held) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refused the programme")
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        solver.setSolution(solution)
    solver.run()
    return _answer(solver, integer=integer)


def _answer(solver: Any, *, integer: bool) -> Answer:
    found = solver.getModelStatus()
    info, solution = solver.getInfo(), solver.getSolution()
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if found == highspy.HighsModelStatus.kOptimal:
        status: Status = "optimal"
    elif found in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        status = "infeasible"
    else:
        status = "feasible" if has else "unknown"
    bound = float(info.mip_dual_bound) if integer else float(info.objective_function_value)
    return Answer(status, np.array(solution.col_value), np.array(solution.row_dual), bound)


@dataclass(frozen=True, slots=True, eq=False)
class Duals:
    """Prices of the limits: of each item's places, each reviewer's load, each quota (item × value), and of
    each item's goal (from 0).
    """

    item: Floats
    reviewer: Floats
    panels: tuple[Floats, ...]
    goal: Floats

    def reduced(self, core: Core, block: Block, weight: Floats) -> Floats:
        """The reduced gain of each pair of a block; −∞ where there is none."""
        value = weight[block.rows][:, None] * block.scores
        value = value - self.item[block.rows][:, None] - self.reviewer[block.cols]
        for panel, price in zip(core.panels, self.panels, strict=True):
            code = panel.code[block.cols]
            known = np.broadcast_to(code >= 0, value.shape)
            rows = np.broadcast_to(block.rows[:, None], value.shape)
            held = price[rows, np.broadcast_to(np.maximum(code, 0), value.shape)]
            value = np.where(known, value - held, value)
        return np.where(block.scores > NONE, value, NONE)


def dual_bound(core: Core, duals: Duals, weight: Floats) -> float:
    """An upper bound on Σ weight·score over all assignments within the limits, by weak duality: whatever
    the prices are, it holds.
    """
    total = float(core.need @ duals.item)
    total += float(np.maximum(duals.reviewer * core.most, duals.reviewer * core.least).sum())
    for panel, price in zip(core.panels, duals.panels, strict=True):
        total += float(np.maximum(price * panel.most, price * panel.fewest).sum())
    for block in core.candidates.blocks():
        total += float(np.maximum(0.0, duals.reduced(core, block, weight)).sum())
    return total


class Programme:
    """The programme over some pairs, with every limit hard and a goal for each item (−∞: none).

    ``spread`` (items) makes the objective the largest t with score ≥ t·spread for each item where spread
    is above 0; otherwise the objective is the sum.
    """

    def __init__(self, core: Core, pairs: Pairs, *, goals: Floats, spread: Floats | None = None) -> None:
        self.core, self.pairs = core, pairs
        n, m = core.shape
        size = len(pairs)
        self._with_t = spread is not None
        self._goals_at: Ints = np.flatnonzero(goals > NONE if spread is None else spread > 0)
        columns = size + int(self._with_t)
        at = np.arange(size)
        one = np.ones(size)
        rows = [
            sparse.csr_array((one, (pairs.rows, at)), shape=(n, columns)),
            sparse.csr_array((one, (pairs.cols, at)), shape=(m, columns)),
        ]
        lower = [core.need.astype(np.float64), core.least.astype(np.float64)]
        upper = [core.need.astype(np.float64), core.most.astype(np.float64)]
        self._panel_rows: list[Ints] = []
        for panel in core.panels:
            width = len(panel.names)
            bind = (panel.fewest > 0) | (panel.most < core.need[:, None])
            used = np.flatnonzero(bind.ravel())
            place = np.full(n * width, -1)
            place[used] = np.arange(len(used))
            code = panel.code[pairs.cols]
            flat = np.where(code >= 0, place[pairs.rows * width + np.maximum(code, 0)], -1)
            known = flat >= 0
            rows.append(sparse.csr_array((one[known], (flat[known], at[known])), shape=(len(used), columns)))
            lower.append(panel.fewest.ravel()[used].astype(np.float64))
            upper.append(panel.most.ravel()[used].astype(np.float64))
            self._panel_rows.append(used)
        goal = sparse.csr_array((pairs.scores, (pairs.rows, at)), shape=(n, columns))[self._goals_at]
        least = np.zeros(len(self._goals_at)) if self._with_t else goals[self._goals_at]
        if spread is not None:
            t = sparse.csr_array(-spread[self._goals_at][:, None])
            goal = sparse.hstack([goal[:, :size], t], format="csr")
            least = -core.pinned_sums()[self._goals_at]
        rows.append(goal)
        lower.append(least)
        upper.append(np.full(len(least), np.inf))
        self.model = Model(
            cost=np.append(np.zeros(size), 1.0) if self._with_t else pairs.scores,
            lower=np.append(np.zeros(size), -np.inf) if self._with_t else np.zeros(size),
            upper=np.append(np.ones(size), np.inf) if self._with_t else np.ones(size),
            matrix=sparse.vstack(rows, format="csc"),
            row_lower=np.concatenate(lower),
            row_upper=np.concatenate(upper),
            whole=np.append(np.ones(size, np.bool_), np.zeros(int(self._with_t), np.bool_)),
        )

    def duals(self, answer: Answer) -> Duals:
        """The solver's row duals as prices. HiGHS gives them with the sign of a maximisation."""
        n, m = self.core.shape
        row = answer.duals
        at = n + m
        panels = []
        for panel, used in zip(self.core.panels, self._panel_rows, strict=True):
            price = np.zeros(n * len(panel.names))
            price[used] = row[at : at + len(used)]
            at += len(used)
            panels.append(price.reshape(n, len(panel.names)))
        goal = np.zeros(n)
        goal[self._goals_at] = np.maximum(0.0, -row[at:])
        return Duals(row[:n], row[n : n + m], tuple(panels), goal)

    def values(self, pairs: Pairs) -> Floats:
        """An assignment as values of the variables."""
        m = self.core.shape[1]
        return chosen(self.pairs.keys(m), np.sort(pairs.keys(m))).astype(np.float64)


def priced_in(core: Core, pairs: Pairs, duals: Duals, weight: Floats, most: int) -> Pairs:
    """Candidates outside ``pairs`` with a positive reduced gain, the best ``most`` of each item."""
    inside = pairs.keys(core.shape[1])
    parts = []
    for block in core.candidates.blocks():
        value = duals.reduced(core, block, weight)
        found, _ = block.best(most, np.where(value > TOLERANCE, value, NONE))
        parts.append(found.where(~chosen(found.keys(core.shape[1]), inside)))
    return joined(parts)


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """The optimum with quotas of any number of attributes, and what is missing."""

    pairs: Pairs
    unfilled: Ints
    short: Ints
    bound: float
    complete: bool


def optimum(core: Core, *, seconds: float, scores: bool = True) -> Settled:
    """The largest sum for which as few places as possible stay unfilled and then loads short (see flow).

    Takes two integer programmes: the fewest missing, then the largest sum with as few missing.

    Raises:
        AssignmentError: not even a first assignment was found within ``seconds``.
    """
    deadline = time.perf_counter() + seconds
    pairs = core.candidates.everything()
    model, unfilled_at, short_at = _soft(core, pairs)
    size = len(pairs)
    tiers = np.zeros(len(model.cost))
    tiers[unfilled_at], tiers[short_at] = 3.0, 1.0
    everything = Model(
        -tiers, model.lower, model.upper, model.matrix, model.row_lower, model.row_upper, model.whole
    )
    answer = solve(everything, integer=True, seconds=seconds / 2 if scores else seconds)
    if answer.status in {"infeasible", "unknown"}:
        raise AssignmentError("no assignment was found within the time limit; raise it")
    complete = answer.status == "optimal"
    if scores:
        least = round(float(tiers @ answer.values))
        held = Model(
            model.cost, model.lower, model.upper,
            sparse.vstack([model.matrix, sparse.csr_array(tiers[None, :])], format="csc"),
            np.append(model.row_lower, -np.inf), np.append(model.row_upper, least + 0.5), model.whole,
        )  # fmt: skip
        left = max(1.0, deadline - time.perf_counter())
        second = solve(held, integer=True, seconds=left, start=np.rint(answer.values))
        complete &= second.status == "optimal"
        answer = second if second.status in {"optimal", "feasible"} else answer
    taken = answer.values[:size] > 0.5
    found = pairs.where(taken)
    bound = answer.bound if scores and complete else float(found.scores.sum())
    if scores and not complete:
        bound = max(answer.bound, bound)
    return Settled(
        found,
        core.need - np.bincount(found.rows, minlength=core.shape[0]),
        np.maximum(0, core.least - np.bincount(found.cols, minlength=core.shape[1])),
        bound,
        complete,
    )


def _soft(core: Core, pairs: Pairs) -> tuple[Model, slice, slice]:
    """Variables: pairs, unfilled places of each item, missing load of each reviewer, and for each quota
    and value with a least number what an item lacks of it; the latter sum to at most the unfilled places.
    """
    n, m = core.shape
    size = len(pairs)
    reserved = [np.flatnonzero(panel.fewest.ravel()) for panel in core.panels]
    total = size + n + m + sum(map(len, reserved))
    at, one = np.arange(size), np.ones(size)

    def rows(count: int, *parts: tuple[Any, Any, Any]) -> Any:
        data, row, col = (np.concatenate(column) for column in zip(*parts, strict=True))
        return sparse.csr_array((data, (row, col)), shape=(count, total))

    blocks = [
        rows(n, (one, pairs.rows, at), (np.ones(n), np.arange(n), size + np.arange(n))),
        rows(m, (one, pairs.cols, at)),
        rows(m, (one, pairs.cols, at), (np.ones(m), np.arange(m), size + n + np.arange(m))),
    ]
    lower = [core.need, np.zeros(m), core.least]
    upper = [core.need, core.most, np.full(m, np.inf)]
    first = size + n + m
    for panel, used in zip(core.panels, reserved, strict=True):
        width = len(panel.names)
        code = panel.code[pairs.cols]
        known = code >= 0
        flat = pairs.rows[known] * width + code[known]
        held = (one[known], flat, at[known])
        blocks.append(rows(n * width, held))
        lower.append(np.zeros(n * width))
        upper.append(panel.most.ravel())
        lacking = (np.ones(len(used)), used, first + np.arange(len(used)))
        blocks.append(rows(n * width, held, lacking)[used])
        lower.append(panel.fewest.ravel()[used])
        upper.append(np.full(len(used), np.inf))
        places = (-np.ones(n), np.arange(n), size + np.arange(n))
        blocks.append(rows(n, (np.ones(len(used)), used // width, first + np.arange(len(used))), places))
        lower.append(np.full(n, -np.inf))
        upper.append(np.zeros(n))
        first += len(used)
    limit = np.concatenate([one, core.need, core.least, *(p.fewest.ravel()[u] for p, u in zip(core.panels, reserved, strict=True))])  # fmt: skip # noqa: E501
    model = Model(
        cost=np.concatenate([pairs.scores, np.zeros(total - size)]),
        lower=np.zeros(total),
        upper=limit.astype(np.float64),
        matrix=sparse.vstack(blocks, format="csc"),
        row_lower=np.concatenate(lower).astype(np.float64),
        row_upper=np.concatenate(upper).astype(np.float64),
        whole=np.ones(total, np.bool_),
    )
    return model, slice(size, size + n), slice(size + n, size + n + m)
