"""The compiled loop comes to the same as the plain one, whatever the rules that it knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.simulation import (
    Job,
    Options,
    Power,
    Simulation,
    Stopped,
    simulate,
    summarise,
    why,
)
from langqiao.engines.scheduling.simulation.core import carries

from .build import job, servers
from .test_checkpoint import TENANTS as TWO
from .test_checkpoint import many
from .test_properties import CITIES, NODES, TENANTS, check, job_lists

pytestmark = pytest.mark.slow  # compiles for a minute the first time


@st.composite
def known_rules(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "policy": draw(st.sampled_from(["bestfit", "fgd", "random", "own"])),
        "order": draw(st.sampled_from(["fifo", "sjf", "fair"])),
        "half_life": draw(st.sampled_from([0.0, 30.0])),
        "backfill": draw(st.sampled_from(["none", "greedy"])),
        "preempt": draw(st.booleans()),
        "reclaim": draw(st.sampled_from(["never", "lower", "any"])),
        "min_run": draw(st.sampled_from([0.0, 4.0])),
        "work": draw(st.sampled_from(["checkpoint", "restart"])),
        "restart_cost": draw(st.sampled_from([0.0, 2.0])),
        "reclaim_every": draw(st.sampled_from([3.0, 60.0])),
        "cities": CITIES if draw(st.booleans()) else (),
        "power": {"A": Power(1, 3), "B": Power(0.5, 2), "": Power(0.2, 0.4)} if draw(st.booleans()) else {},
        "sample_every": draw(st.sampled_from([0.0, 7.0])),
        "until": 5000.0,
    }


def both(jobs: list[Job], given: dict[str, Any]) -> list[Simulation]:
    options = Options(**given)
    return [Simulation(NODES, jobs, TENANTS, options=options, seed=4, compiled=way) for way in (True, False)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(job_lists(), known_rules())
def test_both_loops_agree_at_every_moment(jobs: list[Job], given: dict[str, Any]) -> None:
    jobs = [replace(one, count=1) for one in jobs]
    fast, plain = both(jobs, given)
    assert carries(fast)
    for moment in (*range(1, 90, 4), 5000):
        fast.run(float(moment))
        plain.run(float(moment))
        check(fast)
        assert summarise(fast) == summarise(plain)
        assert [why(fast, one.id) for one in jobs] == [why(plain, one.id) for one in jobs]


def test_a_stopped_compiled_simulation_goes_on_to_the_same_outcome(tmp_path: Path) -> None:
    options = Options(order="fair", half_life=50, reclaim="any", preempt=True, sample_every=20)
    jobs, nodes, file = many(2500), servers(4, 2), tmp_path / "state"
    plainly = Simulation(nodes, jobs, TWO, options=options, seed=3, compiled=False)
    plainly.run()
    whole = summarise(plainly)
    assert whole.preemptions > 0
    with pytest.raises(Stopped) as stopped:
        simulate(nodes, jobs, TWO, options=options, seed=3, checkpoint=file, stop=lambda: True)
    assert 0 < stopped.value.done < stopped.value.total
    assert simulate(nodes, jobs, TWO, options=options, seed=3, checkpoint=file) == whole


def test_what_it_does_not_know_is_left_to_the_plain_loop() -> None:
    jobs = [job(1, "a", 0, 5)]
    assert carries(Simulation(servers(1), jobs, TWO))
    for other in ({"grace": 1.0}, {"backfill": "easy"}, {"backfill": "conservative"}):
        assert not carries(Simulation(servers(1), jobs, TWO, options=Options(**other)))
    assert not carries(Simulation(servers(2), [replace(jobs[0], count=2)], TWO))
