"""Cases that were worked out by hand: quota, borrowing, reclaim, gangs, displacement, backfill, windows."""

from __future__ import annotations

import math

import pytest

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.simulation import (
    City,
    Delivery,
    Job,
    Maintenance,
    Options,
    Power,
    Reservation,
    Tenant,
    jobs_of,
    why,
)
from langqiao.engines.scheduling.types import Node, Task

from .build import gpu_task, job, paused, quota, run, servers, times

LAB = [Tenant("lab")]


def test_a_tenant_never_holds_more_than_quota_and_borrowing_limit() -> None:
    tenants = [Tenant("a", "x", quota(1), quota(1)), Tenant("b", "y", quota(2))]
    jobs = [job(n, "a", 0, 10) for n in range(3)]
    # 4 GPUs stand, the corridor's quotas sum to 3; a may use 1 + 1
    assert times(run(servers(4), jobs, tenants)) == {0: (0, 10), 1: (0, 10), 2: (10, 20)}


def test_nobody_borrows_what_a_city_may_not() -> None:
    tenants = [Tenant("a", "x", quota(1)), Tenant("b", "y", quota(2))]
    cities = (City("x", borrow_limit=quota(0)),)
    jobs = [job(n, "a", 0, 10) for n in range(2)]
    assert times(run(servers(4), jobs, tenants, cities=cities)) == {0: (0, 10), 1: (10, 20)}


def test_a_citys_own_quota_is_for_its_tenants() -> None:
    tenants = [Tenant("a", "x", quota(0)), Tenant("b", "y", quota(1))]
    cities = (City("x", quota(1), quota(0)),)
    assert times(run(servers(4), [job(0, "a", 0, 10)], tenants, cities=cities)) == {0: (0, 10)}


def test_quota_is_reclaimed_from_who_borrows_the_latest_start_first() -> None:
    tenants = [Tenant("a", "x", quota(1)), Tenant("b", "y", quota(1))]
    jobs = [job(0, "a", 0, 100), job(1, "a", 5, 100), job(2, "b", 20, 30)]
    kept = times(run(servers(2), jobs, tenants, reclaim="any"))
    assert kept == {0: (0, 100), 1: (5, 135), 2: (20, 50)}  # 15 s were done; 85 s remain from 50 on
    lost = times(run(servers(2), jobs, tenants, reclaim="any", work="restart"))
    assert lost == {0: (0, 100), 1: (5, 150), 2: (20, 50)}
    assert times(run(servers(2), jobs, tenants))[2] == (100, 130)


def test_nothing_is_reclaimed_for_a_request_beyond_the_own_quota() -> None:
    tenants = [Tenant("a", "x", quota(1)), Tenant("b", "y", quota(1))]
    jobs = [job(0, "a", 0, 100), job(1, "b", 0, 100), job(2, "b", 10, 30)]
    assert times(run(servers(2), jobs, tenants, reclaim="any"))[2] == (100, 130)


def test_a_displaced_job_runs_through_its_grace_time() -> None:
    tenants = [Tenant("a", "x", quota(0)), Tenant("b", "y", quota(1))]
    jobs = [job(0, "a", 0, 100), job(1, "b", 20, 30)]
    assert times(run(servers(1), jobs, tenants, reclaim="any", grace=5)) == {0: (0, 130), 1: (25, 55)}


def test_who_ends_within_its_grace_time_is_done_and_its_place_is_kept() -> None:
    tenants = [Tenant("a", "x", quota(0)), Tenant("b", "y", quota(1)), Tenant("c", "z", quota(0))]
    jobs = [job(0, "a", 0, 22), job(1, "b", 20, 30), job(2, "c", 21, 1)]
    assert times(run(servers(1), jobs, tenants, reclaim="any", grace=5)) == {
        0: (0, 22),
        1: (25, 55),
        2: (55, 56),
    }


def _reclaimed_with_notice(nodes: list[Node]) -> dict[int, tuple[float | None, float | None]]:
    """Both may use two GPUs; b uses four when a asks for four, one after the other."""
    tenants = [Tenant("a", "", quota(2)), Tenant("b", "", quota(2))]
    jobs = [job(n, "b", 0, 10_000) for n in (1, 2, 3, 4)]
    jobs += [job(10 + n, "a", 100 + 10 * n, 5_000) for n in range(4)]
    return times(run(nodes, jobs, tenants, reclaim="any", grace=60))


def test_what_is_under_notice_is_not_taken_back_once_more() -> None:
    assert _reclaimed_with_notice(servers(4)) == {
        1: (0, 19_840), 2: (0, 19_830), 3: (0, 10_000), 4: (0, 10_000),  # b keeps its own two
        10: (160, 5_160), 11: (170, 5_170),
        12: (5_160, 10_160), 13: (5_170, 10_170),  # beyond a's quota: they wait for a's own
    }  # fmt: skip


def test_notices_on_one_node_do_not_wait_for_each_other() -> None:
    assert _reclaimed_with_notice(servers(1, 4)) == _reclaimed_with_notice(servers(4))


def test_room_that_is_promised_is_not_promised_twice() -> None:
    tenants = [Tenant("a", "", quota(2)), Tenant("b", "", quota(0))]
    jobs = [job(1, "b", 0, 100), job(2, "b", 0, 100), job(3, "a", 10, 50), job(4, "a", 11, 50)]
    # Two notices for two jobs: what the first to go leaves is the first one's.
    assert times(run(servers(1, 2), jobs, tenants, reclaim="any", grace=5)) == {
        1: (0, 150), 2: (0, 150), 3: (15, 65), 4: (16, 66),
    }  # fmt: skip


def test_a_higher_priority_displaces_its_own_tenant_only() -> None:
    tenants = [Tenant("a"), Tenant("b")]
    jobs = [job(0, "a", 0, 50), job(1, "b", 0, 50), job(2, "a", 10, 10, priority=1)]
    assert times(run(servers(2), jobs, tenants, preempt=True)) == {0: (0, 60), 1: (0, 50), 2: (10, 20)}


def test_who_must_not_be_displaced_is_not() -> None:
    jobs = [job(0, "lab", 0, 50, preemptible=False), job(1, "lab", 10, 10, priority=1)]
    assert times(run(servers(1), jobs, LAB, preempt=True)) == {0: (0, 50), 1: (50, 60)}


def test_only_the_jobs_that_are_in_the_way_leave() -> None:
    jobs = [
        job(0, "lab", 0, 100, gpus=2),
        job(1, "lab", 0, 100),
        job(2, "lab", 0, 100),
        job(3, "lab", 10, 10, gpus=2, priority=1),
    ]
    found = run(servers(2, 2), jobs, LAB, preempt=True)
    assert found.preemptions == 1
    assert times(found)[0] == (0, 110)


def test_a_gang_starts_together_or_not_at_all() -> None:
    jobs = [job(0, "lab", 0, 10), job(1, "lab", 0, 25), job(2, "lab", 1, 10, count=3)]
    assert times(run(servers(3), jobs, LAB)) == {0: (0, 10), 1: (0, 25), 2: (25, 35)}


def test_a_restart_costs_what_it_says() -> None:
    jobs = [job(0, "lab", 0, 50), job(1, "lab", 10, 10, priority=1)]
    assert times(run(servers(1), jobs, LAB, preempt=True, restart_cost=7))[0] == (0, 67)


@pytest.mark.parametrize(
    ("backfill", "starts"),
    [
        ("none", {0: 0, 1: 10, 2: 20, 3: 20}),
        ("greedy", {0: 0, 1: 15, 2: 2, 3: 3}),
        ("easy", {0: 0, 1: 10, 2: 2, 3: 20}),
        ("conservative", {0: 0, 1: 10, 2: 2, 3: 20}),
    ],
)
def test_backfill(backfill: str, starts: dict[int, float]) -> None:
    jobs = [
        job(0, "lab", 0, 10),
        job(1, "lab", 1, 10, gpus=1, count=2),
        job(2, "lab", 2, 1),
        job(3, "lab", 3, 12),
    ]
    assert {n: at[0] for n, at in times(run(servers(2), jobs, LAB, backfill=backfill)).items()} == starts


def test_a_wrong_estimate_delays_a_promise_but_it_is_kept() -> None:
    jobs = [job(0, "lab", 0, 500, estimate=10), job(1, "lab", 1, 10, count=2), job(2, "lab", 2, 5)]
    assert times(run(servers(2), jobs, LAB, backfill="easy")) == {0: (0, 500), 1: (500, 510), 2: (2, 7)}


def test_shortest_first_goes_by_estimates() -> None:
    jobs = [job(0, "lab", 0, 10), job(1, "lab", 1, 20, estimate=30), job(2, "lab", 2, 40, estimate=5)]
    assert times(run(servers(1), jobs, LAB, order="sjf")) == {0: (0, 10), 2: (10, 50), 1: (50, 70)}


def test_fair_share_serves_the_lowest_dominant_share_and_remembers() -> None:
    tenants = [Tenant("a"), Tenant("b")]
    jobs = [job(n, "a", 0, 10) for n in range(4)] + [job(4, "b", 1, 10), job(5, "b", 1, 10)]
    now = times(run(servers(1), jobs, tenants, order="fair"))
    assert [now[n][0] for n in range(6)] == [0, 10, 20, 30, 40, 50]  # one at a time: nobody holds anything
    past = times(run(servers(1), jobs, tenants, order="fair", half_life=1000))
    assert [past[n][0] for n in (0, 4, 5, 1, 2, 3)] == [0, 10, 30, 20, 40, 50]


def test_maintenance_keeps_long_jobs_away_and_stops_who_is_late() -> None:
    window = (Maintenance(("n0",), 20, 40),)
    jobs = [job(0, "lab", 0, 30, estimate=15), job(1, "lab", 0, 10, estimate=10), job(2, "lab", 1, 5)]
    found = times(run(servers(1), jobs, LAB, maintenance=window))
    assert found == {0: (0, 50), 1: (50, 60), 2: (60, 65)}  # 20 s done, 10 s after the window
    assert times(run(servers(1), [job(0, "lab", 5, 20)], LAB, maintenance=window)) == {0: (40, 60)}


def test_a_reservation_is_for_its_tenant() -> None:
    kept = (Reservation("b", ("n0",), 10, 30),)
    tenants = [Tenant("a"), Tenant("b")]
    jobs = [job(0, "a", 0, 5), job(1, "a", 6, 10), job(2, "b", 12, 10)]
    assert times(run(servers(1), jobs, tenants, reservations=kept)) == {0: (0, 5), 1: (30, 40), 2: (12, 22)}


def test_a_building_comes_on_line() -> None:
    more = (Delivery(30, (Node("m0", 64_000, 1, 2, "T4"),)),)
    jobs = [job(0, "lab", 0, 10, gpus=2)]
    assert times(run(servers(1), jobs, LAB, deliveries=more)) == {0: (30, 40)}
    assert run(servers(1), jobs, LAB).rejected == 1


def test_energy_is_idle_plus_what_is_held_times_pue() -> None:
    found = run(servers(2, 2), [job(0, "lab", 0, 3600)], LAB, power={"T4": Power(1.0, 3.0)}, pue=1.25)
    assert found.kwh == pytest.approx(1.25 * (2 * 1.0 + 0.5 * 2.0))
    assert run(servers(1), [job(0, "lab", 0, 1)], LAB, power={"A10": Power(1, 2)}).kwh is None


def test_metrics_by_hand() -> None:
    found = run(servers(1), [job(0, "lab", 0, 10), job(1, "lab", 0, 30)], LAB)
    assert (found.wait.mean, found.completion.mean) == (5, 25)
    assert (found.allocation_pct, found.goodput_pct, found.jain) == (100, 100, 1)
    assert found.gpu_hours == pytest.approx(40 / 3600)


def test_work_thrown_away_is_not_goodput() -> None:
    jobs = [job(0, "lab", 0, 30), job(1, "lab", 10, 10, priority=1)]
    found = run(servers(1), jobs, LAB, preempt=True, work="restart")
    assert found.goodput_pct == pytest.approx(100 * 40 / 50)


def test_why_a_job_waits() -> None:
    tenants = [Tenant("a", "x", quota(2), quota(0)), Tenant("b", "y", quota(6))]
    jobs = [
        job(0, "a", 0, 100, gpus=2),
        job(1, "a", 1, 10),
        job(2, "b", 1, 100),
        job(3, "b", 2, 50, gpus=2),
        job(4, "b", 99, 1),
    ]
    sim = paused(servers(2, 2), jobs, tenants, 10)
    [limit, *rest] = why(sim, 1)
    assert (limit.kind, limit.figures["level"], limit.figures["used"], limit.figures["limit"]) == (
        "quota",
        "tenant",
        2000,
        2000,
    )
    assert {one.kind for one in rest} <= {"foreseen", "capacity", "fragment"}
    assert [one.kind for one in why(sim, 3)] == ["capacity", "foreseen"]
    assert why(sim, 3)[1].figures == {"start": 100}
    assert why(sim, 0)[0].kind == "running"
    assert why(sim, 4)[0].figures == {"at": 99}
    with pytest.raises(KeyError):
        why(sim, 77)


def test_why_free_gpus_in_pieces_do_not_help() -> None:
    wide = gpu_task(cpu=40_000)  # two of them do not fit on one node
    jobs = [Job(0, "lab", wide, 0, 50), Job(1, "lab", wide, 0, 50), job(2, "lab", 1, 5, gpus=2)]
    told = why(paused(servers(2, 2), jobs, LAB, 2), 2)
    assert told[0].kind == "fragment"
    assert (told[0].figures["free"], told[0].figures["asked"], told[0].figures["parts_fit"]) == (
        2000,
        2000,
        0,
    )


def test_what_can_never_run_is_rejected_with_the_reason() -> None:
    tenants = [Tenant("a", "x", quota(1), quota(0))]
    found = run(servers(2, 2), [job(0, "a", 0, 1, gpus=4), job(1, "a", 0, 1, gpus=2)], tenants)
    assert [one.reason and one.reason.kind for one in found.results] == ["never", "above"]


@pytest.mark.parametrize(
    "options",
    [
        {"order": "lifo"},
        {"grace": -1},
        {"half_life": math.inf},
        {"reclaim_every": 0},
        {"depth": 0},
        {"pue": 0.9},
        {"until": 0},
        {"maintenance": (Maintenance((), 0, 1),)},
        {"power": {"T4": Power(2, 1)}},
        {"deliveries": (Delivery(0, ()),)},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(SchedulingError):
        Options(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        Job(0, "x", gpu_task(), 0, 1),
        Job(0, "lab", gpu_task(), -1, 1),
        Job(0, "lab", gpu_task(), 0, 0),
        Job(0, "lab", gpu_task(), 0, 1, count=0),
        Job(0, "lab", gpu_task(), 0, 1, estimate=0),
        Job(0, "lab", Task("t", 0, 0), 0, 1),
        Job(0, "lab", Task("t", 0, 0, 2, 500), 0, 1),
        Job(0, "lab", Task("t", -1, 0), 0, 1),
    ],
)
def test_jobs_that_make_no_sense_are_refused(wrong: Job) -> None:
    with pytest.raises(SchedulingError):
        run(servers(1), [wrong], LAB)


def test_windows_and_tenants_must_be_known() -> None:
    with pytest.raises(SchedulingError, match="unknown node"):
        run(servers(1), [], LAB, maintenance=(Maintenance(("n9",), 0, 1),))
    with pytest.raises(SchedulingError, match="unknown tenant"):
        run(servers(1), [], LAB, reservations=(Reservation("z", ("n0",), 0, 1),))
    with pytest.raises(SchedulingError, match="one name"):
        run(servers(1), [], [*LAB, *LAB])
    with pytest.raises(SchedulingError, match="weight"):
        run(servers(1), [], [Tenant("a", weight=0)])


def test_a_priority_of_its_own_goes_before_that_of_its_class() -> None:
    tasks = [
        Task("own", 1, 1, quality="LS", submitted=5, ended=9, priority=7, preemptible=False),
        Task("class", 1, 1, quality="LS", submitted=5, ended=9),
        Task("neither", 1, 1, quality="BE", submitted=5, ended=9),
    ]
    jobs = jobs_of(tasks, priorities={"LS": 100})
    assert [(one.priority, one.preemptible) for one in jobs] == [(7, False), (100, True), (0, True)]
    with pytest.raises(SchedulingError, match="class of service LX; the trace has: BE, LS"):
        jobs_of(tasks, priorities={"LX": 1, "BE": 0})


def test_jobs_of_a_trace_begin_at_zero() -> None:
    tasks = [
        Task("a", 1000, 0, submitted=100.0, started=110.0, ended=130.0, tenant="t", estimate=60.0),
        Task("b", 1000, 0, submitted=90.0),
    ]
    assert [(one.id, one.submitted, one.duration, one.estimate) for one in jobs_of(tasks)] == [(1, 0, 20, 60)]
    assert [one.submitted for one in jobs_of(tasks, duration=5)] == [10, 0]
    with pytest.raises(SchedulingError):
        jobs_of(tasks[1:])
