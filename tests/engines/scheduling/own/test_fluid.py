"""The fluid bound, where it can be worked by hand, and the waiting room that reads it."""

import numpy as np
import pytest

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.ahead import let_wait, ranks, through_room
from langqiao.engines.scheduling.own.fluid import best_pattern, fits_wherever, fluid
from langqiao.engines.scheduling.types import Node, Task
from langqiao.engines.scheduling.workload import Expected

NODES = [Node("a", 100_000, 0, 4, "G2"), Node("b", 100_000, 0, 4, "T4")]
WHOLE = Expected(1_000, 1, 1000, (), 0.5)
BIG = Expected(1_000, 1, 800, (), 0.5)


def test_what_fits_wherever_another_does() -> None:
    assert fits_wherever(BIG, WHOLE)
    assert not fits_wherever(WHOLE, BIG)
    assert not fits_wherever(Expected(2_000, 1, 800, (), 0.5), WHOLE)
    assert not fits_wherever(Expected(1_000, 1, 800, ("T4",), 0.5), WHOLE)
    assert fits_wherever(BIG, Expected(1_000, 1, 1000, ("T4",), 0.5))
    assert fits_wherever(Expected(500, 0, 0, (), 0.5), BIG)
    assert not fits_wherever(BIG, Expected(64_000, 0, 0, (), 0.5))
    assert fits_wherever(BIG, Expected(1_000, 2, 1000, (), 0.5))
    assert not fits_wherever(Expected(1_000, 2, 1000, (), 0.5), WHOLE)


def test_the_dearest_pattern_fills_the_gpu() -> None:
    value, count = best_pattern([300, 400], np.array([3.0, 4.5]))
    assert value == pytest.approx(10.5)  # two of 300 and one of 400
    assert count.tolist() == [2, 1]


def test_nothing_turned_away_shares_the_gpus_as_they_are_asked_for() -> None:
    # each whole task is followed by one of 800: half of the GPUs hold a fifth of air
    bound = fluid(NODES, [WHOLE, BIG], arrival=1.3)
    assert bound.allocation == pytest.approx(0.9)
    assert bound.served[0] == pytest.approx(bound.served[1])


def test_who_may_choose_takes_the_whole_tasks_first() -> None:
    # 8 GPUs; 1.3 of them asked for are 5.78 whole tasks and as many of 800
    free = fluid(NODES, [WHOLE, BIG], arrival=1.3, ordered=False)
    each = 1.3 * 8 / 1.8
    assert free.served[0] == pytest.approx(1.0)
    assert free.allocation == pytest.approx((each + 0.8 * (8 - each)) / 8)


def test_cpu_bounds_a_shape() -> None:
    nodes = [Node("a", 2_000, 0, 4, "G2")]
    assert fluid(nodes, [Expected(1_000, 1, 1000, (), 1.0)]).allocation == pytest.approx(0.5)


def test_models_bound_a_kind() -> None:
    only = [Expected(1_000, 1, 1000, ("T4",), 1.0)]
    assert fluid(NODES, only).allocation == pytest.approx(0.5)


def test_arrivals_bound_all() -> None:
    assert fluid(NODES, [WHOLE], arrival=0.25).allocation == pytest.approx(0.25)


def test_without_demand_there_is_no_bound() -> None:
    with pytest.raises(SchedulingError, match="GPUs"):
        fluid(NODES, [Expected(1_000, 0, 0, (), 1.0)])


def test_the_wasteful_kind_waits_longest() -> None:
    cores = Expected(4_000, 0, 0, (), 0.2)
    assert ranks(NODES, [BIG, cores, WHOLE]).tolist() == [2, 1, 0]


def test_a_trace_without_a_room_keeps_its_order() -> None:
    tasks = [Task("a", 1_000, 0, 1, 800), Task("b", 1_000, 0, 1, 1000), Task("c", 4_000, 0)]
    order = np.array([0, 0, 2, 1])
    assert let_wait(NODES, tasks, order, 0).tolist() == [0, 0, 2, 1]
    assert let_wait(NODES, tasks, order, 3).tolist() == [1, 2, 0, 0]


def test_a_room_lets_the_lowest_rank_go_first() -> None:
    arrived = np.array([10, 11, 12, 13, 14])
    rank = np.array([2, 0, 1, 0, 0])
    assert through_room(arrived, rank, 0).tolist() == [10, 11, 12, 13, 14]
    assert through_room(arrived, rank, 1).tolist() == [11, 12, 13, 14, 10]
    assert through_room(arrived, rank, 2).tolist() == [11, 13, 14, 12, 10]
    with pytest.raises(SchedulingError, match="look-ahead"):
        through_room(arrived, rank, -1)
