"""What holds after any sequence of events, whatever the rules."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langqiao.engines.scheduling.simulation import (
    City,
    Delivery,
    Failures,
    Job,
    Maintenance,
    Options,
    Quota,
    Reservation,
    Simulation,
    Tenant,
    summarise,
)
from langqiao.engines.scheduling.simulation.displace import Plan
from langqiao.engines.scheduling.types import Node, Task

from .build import gpu_task, job, run, servers

NODES = [Node(f"n{n}", 32_000, 64_000, (0, 2, 4)[n % 3], ("", "A", "B")[n % 3]) for n in range(6)]
TENANTS = [
    Tenant("a", "x", Quota(3000, 60_000)),
    Tenant("b", "x", Quota(2000), Quota(2000)),
    Tenant("c", "y", Quota(4000), Quota(4000), weight=2.0),
    Tenant("d", "y", Quota(0)),
]
CITIES = (City("x", Quota(1000, 0), Quota(3000)),)


@st.composite
def job_lists(draw: st.DrawFn) -> list[Job]:
    found = []
    for number in range(draw(st.integers(1, 25))):
        gpus = draw(st.sampled_from([0, 1, 1, 2, 4]))
        milli = draw(st.sampled_from([300, 500, 1000])) if gpus == 1 else 1000 * (gpus > 0)
        models = ("A",) if gpus and draw(st.booleans()) else ()
        task = Task("t", draw(st.sampled_from([1000, 6000])), 500, gpus, milli, models)
        found.append(
            Job(
                number,
                draw(st.sampled_from("abcd")),
                task,
                float(draw(st.integers(0, 60))),
                float(draw(st.integers(1, 40))),
                count=draw(st.sampled_from([1, 1, 2, 3])),
                estimate=draw(st.sampled_from([None, 5.0, 80.0])),
                priority=draw(st.integers(0, 2)),
                preemptible=draw(st.booleans()),
            )
        )
    return found


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "order": draw(st.sampled_from(["fifo", "sjf", "fair"])),
        "half_life": draw(st.sampled_from([0.0, 30.0])),
        "backfill": draw(st.sampled_from(["none", "greedy", "easy", "conservative"])),
        "depth": 3,
        "preempt": draw(st.booleans()),
        "reclaim": draw(st.sampled_from(["never", "lower", "any"])),
        "grace": draw(st.sampled_from([0.0, 3.0])),
        "work": draw(st.sampled_from(["checkpoint", "restart"])),
        "cities": CITIES if draw(st.booleans()) else (),
        "failures": draw(st.sampled_from([None, Failures(400.0, 10.0)])),
        "maintenance": (Maintenance(("n1", "n2"), 20, 30),) if draw(st.booleans()) else (),
        "reservations": (Reservation("b", ("n4",), 15, 40),) if draw(st.booleans()) else (),
        "deliveries": (Delivery(25, (Node("m", 32_000, 64_000, 4, "A"),)),) if draw(st.booleans()) else (),
        "sample_every": 10.0,
        "until": 5000.0,
    }


def check(sim: Simulation) -> None:
    """Every amount is where it belongs, and no limit is passed."""
    quotas, book, cluster = sim.quotas, sim.book, sim.floor.cluster
    cpu, memory, gpu = (one.copy() for one in sim.floor.free())
    assert (cpu >= 0).all()
    assert (memory >= 0).all()
    held, pledged, leaving = ([[0] * (quotas.root + 1) for _ in quotas.use] for _ in range(3))
    for number in range(book.size):
        running = book.state[number] == "running"
        assert len(book.handles[number]) == (book.jobs[number].count if running else 0)  # no gang half placed
        task = book.jobs[number].task
        for handle in book.handles[number]:
            node, gpus = cluster.where(handle)
            cpu[node] += task.cpu_milli
            memory[node] += task.memory_mib
            gpu[node, list(gpus)] += task.gpu_milli
        for counts, amounts in (
            (running, held),
            (book.state[number] == "nominated", pledged),
            (number in sim.leaving, leaving),
        ):
            for node in quotas.path[book.tenant[number]] if counts else ():
                amounts[0][node] += book.gpu[number]
                amounts[1][node] += book.cpu[number]
    assert cpu.tolist() == cluster.total_cpu.tolist()
    assert memory.tolist() == cluster.total_memory.tolist()
    assert np.array_equal(gpu, cluster.total_gpu)
    assert (held, pledged, leaving) == (quotas.use, quotas.pledged, quotas.leaving)
    for r, used in enumerate(quotas.use):
        for node, amount in enumerate(used):
            assert amount + quotas.kept[r][node] <= quotas.limit[r][node]
    for node, closed in enumerate(sim.floor.shut):
        assert closed >= sim.floor.base[node] >= 0


def checked_run(nodes: list[Node], jobs: list[Job], options: Options) -> Simulation:
    """A run in which everything is checked at many moments."""
    sim = Simulation(nodes, jobs, TENANTS, options=options, seed=4)
    for moment in (*range(1, 90, 2), 5000):
        sim.run(float(moment))
        check(sim)
    return sim


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(job_lists(), rules())
def test_resources_are_conserved_gangs_whole_and_quotas_kept(jobs: list[Job], given: dict[str, Any]) -> None:
    sim = checked_run(NODES, jobs, Options(**given))
    assert sim.book.over == sim.book.size
    assert not any(amount for kept in sim.quotas.kept for amount in kept)
    assert not sim.promises
    assert sum(one.state == "rejected" for one in summarise(sim).results) + sum(
        one.state == "done" for one in summarise(sim).results
    ) == len(jobs)


class Watched(Simulation):
    """Looks at every notice: a tenant that gives back what it borrows does not lose what is its own."""

    notices_seen = 0

    def nominate(self, job: int, plan: Plan) -> None:
        super().nominate(job, plan)
        book, quotas = self.book, self.quotas
        for tenant in {book.tenant[one] for one in plan.victims} - {book.tenant[job]}:
            self.notices_seen += 1
            victims = [one for one in plan.victims if book.tenant[one] == tenant]
            # Borrowing until the last of them goes: but for that one it would still hold more than its quota.
            assert any(
                asked and quotas.expected(r, tenant) + max(amount[one] for one in victims) > nominal[tenant]
                for r, (asked, amount, nominal) in enumerate(
                    zip((book.gpu[job], book.cpu[job]), (book.gpu, book.cpu), quotas.nominal, strict=True)
                )
            )


def test_reclaim_with_notice_takes_only_what_is_borrowed() -> None:
    generator = random.Random(5)
    seen = 0
    for _ in range(20):
        jobs = [
            job(n, generator.choice("ab"), generator.randint(0, 60), generator.randint(20, 90),
                gpus=generator.choice([1, 1, 2]))
            for n in range(30)
        ]  # fmt: skip
        tenants = [Tenant("a", "x", Quota(3000), weight=1.0), Tenant("b", "y", Quota(3000))]
        watched = Watched(servers(3, 2), jobs, tenants, options=Options(reclaim="any", grace=7.0), seed=1)
        watched.run()
        assert watched.book.over == len(jobs)
        seen += watched.notices_seen
    assert seen > 20


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(job_lists(), rules(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    jobs: list[Job], given: dict[str, Any], shuffler: random.Random
) -> None:
    mixed = jobs[:]
    shuffler.shuffle(mixed)
    assert (
        run(NODES, jobs, TENANTS, seed=2, **given).digest
        == run(NODES, mixed, TENANTS, seed=2, **given).digest
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.integers(1, 4), st.sampled_from(["none", "easy", "conservative"]))
def test_nobody_starves_under_fair_share(flood: int, gang: int, backfill: str) -> None:
    """However much another asks for, a job starts soon: after what runs, and one promise given before."""
    jobs = [job(n, "a", 0.25 * n, 5.0) for n in range(40 + 8 * flood)]
    late = Job(9999, "b", gpu_task(), 3.0, 5.0, count=gang)
    found = run(servers(4), [*jobs, late], [Tenant("a"), Tenant("b")], order="fair", backfill=backfill)
    started = found.results[[one.id for one in found.results].index(9999)].started
    assert started is not None
    assert started <= 3.0 + 3 * 5.0


def test_the_room_emptied_for_a_gang_goes_to_no_earlier_job_of_another() -> None:
    """When all have stopped for it, shares are equal again; the older jobs must not go first one by one."""
    jobs = [job(n, "a", 0.25 * n, 5.0) for n in range(48)]
    gang = Job(9999, "b", gpu_task(), 3.0, 5.0, count=4)
    found = run(servers(4), [*jobs, gang], [Tenant("a"), Tenant("b")], order="fair", backfill="none")
    assert found.results[[one.id for one in found.results].index(9999)].started == 5.75


def test_the_gap_of_fair_share_stays_one_job_wide() -> None:
    tenants = [Tenant("a"), Tenant("b"), Tenant("c", weight=2.0)]
    jobs = [job(100 * t + n, name, 0, 10.0) for t, name in enumerate("abc") for n in range(60)]
    found = run(servers(8), jobs, tenants, order="fair", sample_every=1.0)
    assert found.gap_max <= 1 / 8 + 1e-12  # one GPU of eight
