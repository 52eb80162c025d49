"""Simulation over time (时序仿真): jobs arrive, wait, run and leave, under quotas, shares and failures.

>>> from langqiao.engines.scheduling.types import Node, Task
>>> node = Node("a", cpu_milli=8000, memory_mib=1, gpus=1, model="T4")
>>> jobs = [Job(n, "lab", Task("t", 1000, 0, 1, 1000), submitted=0, duration=60) for n in (1, 2)]
>>> outcome = simulate([node], jobs, [Tenant("lab")], options=Options(sample_every=0))
>>> [(one.started, one.ended) for one in outcome.results]
[(0, 60), (60, 120)]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from langqiao.engines.scheduling.types import Node
from langqiao.engines.scheduling.warmth import loops_at_once, places_at_once

from .checkpoint import fingerprint, load, save
from .explain import why
from .options import Backfill, Options, Order, Reclaim, Work
from .outcome import Outcome, Spread, jain, summarise
from .simulator import Simulation
from .types import (
    NOTHING,
    UNLIMITED,
    City,
    Delivery,
    Failures,
    Job,
    JobResult,
    Maintenance,
    Power,
    Progress,
    Quota,
    Reason,
    Report,
    Reservation,
    Sample,
    State,
    Tenant,
    TenantResult,
)
from .workload import jobs_of, tenants_of

__all__ = [
    "NOTHING",
    "UNLIMITED",
    "Backfill",
    "City",
    "Delivery",
    "Failures",
    "Job",
    "JobResult",
    "Maintenance",
    "Options",
    "Order",
    "Outcome",
    "Power",
    "Progress",
    "Quota",
    "Reason",
    "Reclaim",
    "Report",
    "Reservation",
    "Sample",
    "Simulation",
    "Spread",
    "State",
    "Stopped",
    "Tenant",
    "TenantResult",
    "Work",
    "jain",
    "jobs_of",
    "simulate",
    "summarise",
    "tenants_of",
    "why",
]


class Stopped(Exception):
    """The simulation stood still because it was asked to, after ``done`` of ``total`` jobs."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__(f"stopped after {done} of {total} jobs")
        self.done, self.total = done, total


def simulate(
    nodes: Sequence[Node],
    jobs: Sequence[Job],
    tenants: Sequence[Tenant],
    *,
    options: Options | None = None,
    seed: int = 0,
    progress: Report | None = None,
    checkpoint: Path | None = None,
    every: float = 10.0,
    stop: Callable[[], bool] | None = None,
    compiling: Callable[[], None] | None = None,
) -> Outcome:
    """Simulate to the end.

    Args:
        nodes: that stand at the start, in the order in which ties are broken.
        jobs: in any order.
        tenants: to which the jobs belong.
        options: the rules; see ``Options``.
        seed: of failures and of the policy "random".
        progress: told how far it is.
        checkpoint: a file that holds the state, written every ``every`` seconds of real time, when
            ``stop`` says so, and at the end. If it exists the simulation goes on from there, to the same
            outcome as if it had never been stopped.
        every: see there.
        stop: asked every 2,000 events; once it says yes the state is written and Stopped raised.
        compiling: called before the kernels are compiled, which takes a minute or two, once on a machine.

    Raises:
        Stopped: see there.
        SchedulingError: an input that cannot be used; a checkpoint that is damaged or of other inputs.
    """
    options = options or Options()
    warm = compiling is None or places_at_once()
    if compiling is not None and not warm:
        compiling()
    sim: Simulation | None = None
    inputs = ""
    if checkpoint is not None:
        ordered = tuple(sorted(jobs, key=lambda job: (job.submitted, job.id)))
        inputs = fingerprint(tuple(nodes), ordered, tuple(tenants), options, seed)
        sim = load(checkpoint, inputs)
        if sim is not None:
            sim.book.jobs = list(ordered)
    if sim is None:
        sim = Simulation(nodes, jobs, tenants, options=options, seed=seed)
    if compiling is not None and warm and not loops_at_once(sim):
        compiling()
    written = time.monotonic()

    def beat() -> None:
        nonlocal written
        stopping = stop is not None and stop()
        if checkpoint is not None and (stopping or time.monotonic() - written >= every):
            save(checkpoint, sim, inputs)
            written = time.monotonic()
        if stopping:
            raise Stopped(sim.book.over, sim.book.size)

    sim.run(report=progress, beat=beat)
    if checkpoint is not None:
        save(checkpoint, sim, inputs)
    return summarise(sim)
