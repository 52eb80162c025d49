"""The tables of our own policy, worked by hand."""

import numpy as np
import pytest

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.tables import Tables, Weights, cpu_per_gpu, residual_table
from langqiao.engines.scheduling.workload import Expected


def expected(cpu: int, gpus: int, milli: int, share: float, *models: str) -> Expected:
    return Expected(cpu, gpus, milli, models, share)


def test_halves_fill_a_gpu_after_two_offers() -> None:
    one = residual_table(np.array([500]), np.array([1.0]), 1)
    two = residual_table(np.array([500]), np.array([1.0]), 2)
    assert one[[0, 30, 50, 80, 100]] == pytest.approx([0.0, 0.3, 0.0, 0.3, 0.5])
    assert two[[0, 30, 50, 80, 100]] == pytest.approx([0.0, 0.3, 0.0, 0.3, 0.0])


def test_two_sizes_are_offered_by_their_share() -> None:
    # a whole GPU: a quarter of the offers takes all, the others leave a half
    table = residual_table(np.array([500, 1000]), np.array([3.0, 1.0]), 1)
    assert table[100] == pytest.approx(0.75 * 0.5)
    assert table[50] == pytest.approx(0.25 * 0.5)


def test_sizes_are_rounded_up_to_steps() -> None:
    assert residual_table(np.array([491]), np.array([1.0]), 1)[[49, 50]] == pytest.approx([0.49, 0.0])


def test_without_one_gpu_tasks_everything_stays_idle() -> None:
    empty = residual_table(np.zeros(0, np.int64), np.zeros(0), 5)
    assert empty == pytest.approx(np.arange(101) / 100)


def test_cpu_per_gpu_is_weighted_by_gpus() -> None:
    target = [
        expected(4_000, 1, 500, 0.5),  # 8 cores for each GPU, a quarter GPU of demand
        expected(32_000, 2, 1000, 0.25),  # 16 cores, half a GPU
        expected(64_000, 0, 0, 0.25),
    ]
    assert cpu_per_gpu(target, 0.15) == pytest.approx(8_000)
    assert cpu_per_gpu(target, 0.5) == pytest.approx(16_000)
    assert cpu_per_gpu(target, None) == pytest.approx((2_000 + 8_000) / 0.75)
    assert cpu_per_gpu(target[2:], 0.5) == 0.0


def test_each_model_has_the_table_of_the_tasks_it_may_run() -> None:
    target = [expected(1_000, 1, 500, 0.5, "T4"), expected(3_000, 1, 1000, 0.5)]
    tables = Tables(["G2", "T4"], target, most_cpu=4_000)
    potential = tables.mix(Weights(near=2.0, lack=0.5))
    assert potential.worth[0, 50] == pytest.approx(0.5)  # nothing that G2 may run fits a half
    assert potential.worth[1, 50] == pytest.approx(0.5 / 2**5)
    # short of CPU for the second below 3 cores, for the first, which only T4 may run, below one
    assert potential.lack[0, [0, 2, 6]] == pytest.approx([0.25, 0.25, 0.0])
    assert potential.lack[1, [0, 2, 6]] == pytest.approx([0.5, 0.25, 0.0])


def test_dead_and_open_add_to_the_ends_of_the_table() -> None:
    tables = Tables(["G2"], [expected(0, 1, 500, 1.0)], most_cpu=0)
    plain = tables.mix(Weights(near=1.0)).worth[0]
    dear = tables.mix(Weights(near=1.0, dead=2.0, dead_wide=1.0, open=0.25)).worth[0]
    assert dear[[10, 25, 30, 99]] == pytest.approx([4 * plain[10], 2 * plain[25], plain[30], plain[99]])
    assert dear[100] == pytest.approx(plain[100] + 0.25)


def test_tasks_without_cpu_make_no_cpu_scarce() -> None:
    tables = Tables(["G2"], [expected(0, 1, 500, 1.0)], most_cpu=0)
    assert tables.mix(Weights(near=1.0, mean=1.0, lean=1.0)).weight.size == 0


@pytest.mark.parametrize("wrong", [{"near": -1.0}, {"near": float("nan")}, {"open": 1.0}])
def test_impossible_weights_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SchedulingError, match="weight"):
        Weights(**wrong)
