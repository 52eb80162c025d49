"""Small centres, tenants and jobs for the tests of the simulation."""

from __future__ import annotations

from typing import Any

from langqiao.engines.scheduling.simulation import Job, Options, Outcome, Quota, Simulation, Tenant, simulate
from langqiao.engines.scheduling.types import Node, Task


def servers(count: int, gpus: int = 1, *, model: str = "T4", cpu: int = 64_000) -> list[Node]:
    return [Node(f"n{number}", cpu, 262_144, gpus, model) for number in range(count)]


def gpu_task(gpus: int = 1, milli: int = 1000, *, cpu: int = 0) -> Task:
    return Task("t", cpu, 0, gpus, milli)


def job(number: int, tenant: str, at: float, runs: float, *, gpus: int = 1, **more: Any) -> Job:
    return Job(number, tenant, gpu_task(gpus), at, runs, **more)


def quota(gpus: float | None) -> Quota:
    return Quota(None if gpus is None else round(gpus * 1000))


def times(outcome: Outcome) -> dict[int, tuple[float | None, float | None]]:
    return {one.id: (one.started, one.ended) for one in outcome.results}


def run(
    nodes: list[Node], jobs: list[Job], tenants: list[Tenant], *, seed: int = 0, **options: Any
) -> Outcome:
    options.setdefault("sample_every", 0.0)
    return simulate(nodes, jobs, tenants, options=Options(**options), seed=seed)


def paused(
    nodes: list[Node], jobs: list[Job], tenants: list[Tenant], at: float, **options: Any
) -> Simulation:
    options.setdefault("sample_every", 0.0)
    sim = Simulation(nodes, jobs, tenants, options=Options(**options))
    sim.run(at)
    return sim
