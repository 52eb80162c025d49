"""The flow over few candidates is the optimum over all: compared with a linear programme over every pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

from langqiao.engines.assignment import AssignmentError, Problem, Quota, assign, flow, programme
from langqiao.engines.assignment.core import prepare
from langqiao.engines.assignment.programme import Programme, dual_bound, solve


def skewed(items: int, reviewers: int, seed: int) -> Any:
    """A few reviewers fit everybody, so that the best candidates of all items are the same people."""
    random = np.random.default_rng(seed)
    strength = np.where(random.random(reviewers) < 0.1, 1.0, random.uniform(0.05, 0.35, reviewers))
    scores = strength * random.uniform(0.5, 1.0, (items, reviewers))
    scores[random.random(scores.shape) < 0.02] = np.nan
    return scores


def relaxed(problem: Problem) -> float:
    """The optimum of the linear programme over every pair; it has a whole optimum (a flow)."""
    core = prepare(problem)
    everything = core.candidates.everything()
    model = Programme(core, everything, goals=np.full(core.shape[0], -np.inf))
    answer = solve(model.model, integer=False, seconds=60)
    assert answer.status == "optimal"
    bound = dual_bound(core, model.duals(answer), np.ones(core.shape[0]))
    assert bound == pytest.approx(answer.bound, rel=1e-7)  # weak duality is tight at the optimum
    return answer.bound


@pytest.mark.parametrize(("seed", "least"), [(1, 0), (2, 0), (3, 2)])
def test_few_candidates_give_the_optimum_of_all(seed: int, least: int) -> None:
    scores = skewed(240, 130, seed)
    problem = Problem(scores, per_item=3, max_load=6, min_load=least)
    core = prepare(problem)
    assert core.candidates.size > flow.FIRST * flow.WHOLE * sum(core.shape)  # the case is worth the test
    found = flow.optimum(core)
    assert len(found.looked_at) < core.candidates.size / 2
    assert float(found.pairs.scores.sum()) == pytest.approx(relaxed(problem), abs=1e-6)
    assert found.precision < 1e-6


def test_sparse_and_dense_are_the_same_problem() -> None:
    scores = skewed(90, 60, 4)
    held = sparse.csr_array(np.nan_to_num(scores, nan=0.0))
    loads = np.arange(60) % 4 + 4
    dense = assign(Problem(np.where(np.isnan(scores), -np.inf, scores), per_item=3, max_load=loads))
    thin = assign(Problem(held, per_item=3, max_load=loads))
    assert thin.pairs == dense.pairs
    barred = sparse.csr_array(scores > 0.8)
    assert (
        assign(Problem(held, per_item=2, max_load=loads, conflicts=barred)).pairs
        == assign(Problem(scores, per_item=2, max_load=loads, conflicts=barred.toarray())).pairs
    )


def test_a_quota_of_one_attribute_is_the_flow_that_the_programme_finds() -> None:
    scores = skewed(60, 30, 5)
    quota = Quota("city", [f"c{k % 5}" for k in range(30)], at_most=1, at_least={"c0": 1})
    core = prepare(Problem(scores, per_item=3, max_load=8, quotas=[quota]))
    found = flow.optimum(core)
    settled = programme.optimum(core, seconds=60)
    assert settled.complete
    assert (found.unfilled == settled.unfilled).all()
    assert float(found.pairs.scores.sum()) == pytest.approx(float(settled.pairs.scores.sum()), abs=1e-6)


def test_a_place_reserved_for_a_value_stays_open_without_one() -> None:
    quota = Quota("kind", ["firm", "firm", "firm"], at_least={"fund": 1})
    found = assign(Problem(np.ones((1, 3)), per_item=2, max_load=1, quotas=[quota]))
    assert (len(found.pairs), found.unfilled.tolist()) == (1, [1])


def test_a_shortage_is_spread_over_items() -> None:
    scores = np.array([[9.0, 9.0, 9.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    found = assign(Problem(scores, per_item=3, max_load=2))
    assert found.unfilled.tolist() == [1, 1, 1]


def test_least_loads_come_before_the_sum_and_after_filled_places() -> None:
    scores = np.array([[5.0, 4.0], [5.0, np.nan]])
    found = assign(Problem(scores, per_item=1, max_load=2, min_load=[0, 1]))
    assert found.pairs == ((0, 1), (1, 0))
    short = assign(Problem(np.array([[5.0, np.nan]]), per_item=1, max_load=2, min_load=[0, 1]))
    assert (short.short.tolist(), short.unfilled.tolist()) == ([0, 1], [0])


def test_even_loads_among_equal_sums() -> None:
    found = assign(Problem(np.ones((6, 3)), per_item=1, max_load=6))
    assert found.loads.tolist() == [2, 2, 2]


def test_scores_of_few_decimals_are_exact_and_others_nearly() -> None:
    scores = np.round(skewed(20, 10, 6), 3)
    assert flow.optimum(prepare(Problem(scores, per_item=2, max_load=6))).precision == 0.0
    wild = skewed(20, 10, 6) * 1e-7
    assert 0 < flow.optimum(prepare(Problem(wild, per_item=2, max_load=6))).precision < 1e-16


def test_a_pin_that_breaks_a_rule_is_refused() -> None:
    ones = np.ones((2, 2))
    barred = np.array([[True, False], [False, False]])
    with pytest.raises(AssignmentError, match="conflict"):
        assign(Problem(ones, per_item=1, conflicts=barred, pins=[(0, 0)]))
    with pytest.raises(AssignmentError, match="max_load"):
        assign(Problem(ones, per_item=1, max_load=1, pins=[(0, 0), (1, 0)]))
    with pytest.raises(AssignmentError, match="more pinned reviewers than places"):
        assign(Problem(ones, per_item=1, pins=[(0, 0), (0, 1)]))
