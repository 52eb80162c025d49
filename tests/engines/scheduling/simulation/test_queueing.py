"""The simulator against formulas of queueing theory, within the confidence interval of replications."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from langqiao.engines.scheduling.simulation import Job, Tenant

from .build import gpu_task, run, servers

LAB = [Tenant("lab")]


def mean_wait(
    arrival: float, runs: np.ndarray, rng: np.random.Generator, count: int, warm: int, **options: str
) -> float:
    at = np.cumsum(rng.exponential(1 / arrival, len(runs)))
    jobs = [Job(n, "lab", gpu_task(), float(at[n]), float(runs[n])) for n in range(len(runs))]
    found = run(servers(count), jobs, LAB, **options)
    return float(np.mean([one.wait for one in found.results[warm:] if one.wait is not None]))


def erlang_c_wait(arrival: float, service: float, count: int) -> float:
    """Mean wait of M/M/c: C(c, a)/(cμ − λ)."""
    offered = arrival / service
    last = offered**count / math.factorial(count) / (1 - offered / count)
    waits = last / (sum(offered**k / math.factorial(k) for k in range(count)) + last)
    return waits / (count * service - arrival)


def within(values: list[float], truth: float, level: float = 0.999) -> bool:
    """Whether the truth lies in the t interval of the mean; the seed is fixed, so is the answer."""
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    return bool(abs(np.mean(values) - truth) <= half)


@pytest.mark.parametrize(
    ("size", "replications"), [(1500, 8), pytest.param(20_000, 20, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("backfill", ["none", "greedy"])
def test_many_servers_wait_as_erlang_says(size: int, replications: int, backfill: str) -> None:
    rng = np.random.default_rng(5)
    values = [
        mean_wait(2.8, rng.exponential(1.0, size), rng, 4, size // 5, backfill=backfill)
        for _ in range(replications)
    ]
    assert within(values, erlang_c_wait(2.8, 1.0, 4))


@pytest.mark.parametrize(
    ("size", "replications"), [(1500, 8), pytest.param(20_000, 20, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("law", ["constant", "uniform", "hyperexponential"])
def test_one_server_waits_as_pollaczek_and_khinchine_say(size: int, replications: int, law: str) -> None:
    arrival, rng = 0.6, np.random.default_rng(11)
    draw = {
        "constant": lambda: np.full(size, 1.0),
        "uniform": lambda: rng.uniform(0.0, 2.0, size) + 1e-9,
        "hyperexponential": lambda: rng.exponential(np.where(rng.random(size) < 0.5, 0.5, 1.5)),
    }[law]
    second = {"constant": 1.0, "uniform": 4 / 3, "hyperexponential": 0.5 * 2 * 0.25 + 0.5 * 2 * 2.25}[law]
    values = [mean_wait(arrival, draw(), rng, 1, size // 5, backfill="none") for _ in range(replications)]
    assert within(values, arrival * second / (2 * (1 - arrival)))


def test_little_law_holds_exactly_for_what_is_held() -> None:
    rng = np.random.default_rng(3)
    runs = rng.exponential(1.0, 400)
    at = np.cumsum(rng.exponential(0.5, 400))
    jobs = [Job(n, "lab", gpu_task(), float(at[n]), float(runs[n])) for n in range(400)]
    found = run(servers(3), jobs, LAB)
    assert found.gpu_hours * 3600 == pytest.approx(float(runs.sum()))
