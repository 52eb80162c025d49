"""Max-min fairness where exchanges do not reach the ceiling: bounds hold, and small cases are proven."""

from __future__ import annotations

import time

import numpy as np
import pytest

from langqiao.engines.assignment import Plan, Problem, Progress, Quota, assign
from langqiao.engines.assignment.core import prepare
from langqiao.engines.assignment.exchange import Exchange
from langqiao.engines.assignment.flow import optimum
from langqiao.engines.assignment.programme import Programme, solve
from tests.engines.assignment.test_flow import skewed

FAIR = Plan("fair", time_limit=120)


def feasible(problem: Problem, least: float) -> bool:
    """Whether an integer programme over all pairs finds an assignment with this minimum."""
    core = prepare(problem)
    goals = np.full(core.shape[0], least)
    model = Programme(core, core.candidates.everything(), goals=goals)
    status = solve(model.model, integer=True, seconds=60).status
    assert status in {"optimal", "infeasible"}
    return status == "optimal"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_contested_minimum_is_proven(seed: int) -> None:
    problem = Problem(np.round(skewed(18, 11, seed), 2), per_item=2, max_load=4)
    best, found = assign(problem), assign(problem, FAIR)
    assert found.complete
    assert found.gap == 0
    assert found.minimum >= best.minimum
    assert found.sum <= best.sum + 1e-9
    assert feasible(problem, found.minimum - 1e-7)
    assert not feasible(problem, found.minimum + 0.01 - 1e-7)  # the next value of two decimals


def test_the_bounds_hold_when_time_ends_the_search() -> None:
    problem = Problem(skewed(300, 150, 7), per_item=3, max_load=7)
    hasty = assign(problem, Plan("fair", time_limit=0.5))
    longer = assign(problem, Plan("fair", time_limit=6))
    assert not hasty.unfilled.any()
    assert longer.minimum <= hasty.bound + 1e-9
    assert hasty.minimum <= longer.bound + 1e-9
    assert longer.minimum >= assign(problem).minimum


def test_items_without_enough_reviewers_do_not_hold_the_others_back() -> None:
    scores = np.array([[9.0, 9.0, 1.0, 1.0], [9.0, 9.0, 1.0, 1.0], [9.0, 9.0, 9.0, 9.0]])
    barred = np.zeros(scores.shape, dtype=np.bool_)
    barred[2] = [True, True, True, False]
    found = assign(Problem(scores, per_item=2, max_load=2, conflicts=barred), FAIR)
    assert found.unfilled.tolist() == [0, 0, 1]
    assert found.per_item[:2].tolist() == [18.0, 18.0] or found.per_item[:2].min() >= 10.0


def test_quotas_and_pins_hold_in_a_fair_assignment() -> None:
    scores = np.nan_to_num(skewed(12, 9, 8))
    cities = [f"c{k % 3}" for k in range(9)]
    problem = Problem(
        scores, per_item=2, max_load=3, quotas=[Quota("city", cities, at_most=1)], pins=[(0, 5)]
    )
    found = assign(problem, FAIR)
    assert (0, 5) in found.pairs
    for item in range(12):
        held = [cities[reviewer] for at, reviewer in found.pairs if at == item]
        assert len(held) == len(set(held)) == 2
    assert found.minimum >= assign(problem).minimum


def test_exchanges_keep_every_limit_and_say_whether_the_goal_is_reached() -> None:
    core = prepare(Problem(skewed(40, 25, 9), per_item=3, max_load=6, min_load=2))
    start = optimum(core).pairs
    exchange = Exchange(core, start, np.full(40, 0.3))
    reached = exchange.repair(time.perf_counter() + 30)
    pairs = exchange.pairs
    assert reached == bool(exchange.shortfall() <= 1e-9)
    assert len(np.unique(pairs.keys(25))) == len(pairs) == 120
    loads = np.bincount(pairs.cols, minlength=25)
    assert loads.min() >= 2
    assert loads.max() <= 6
    assert np.isfinite(pairs.scores).all()
    assert (pairs.scores == core.candidates.lookup(pairs.rows, pairs.cols)).all()


def test_progress_is_told() -> None:
    told: list[Progress] = []
    assign(Problem(np.round(skewed(14, 9, 3), 1), per_item=2, max_load=4), FAIR, report=told.append)
    assert {"threshold", "sum"} <= {one.stage for one in told}
    assert all(one.done >= 0 for one in told)
