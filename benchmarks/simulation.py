"""Benchmark of the simulator: events a second while jobs wait and displace each other, beside others.

    python -m benchmarks.simulation --nodes NODES.csv --pods PODS.csv [--jobs 30000] [--load 1.2]
        [--seed 1] [--json]

Jobs are drawn with replacement from the pods; they arrive at random so that they ask for ``load`` times all
GPUs, run for a log-normal time (median 10 minutes, σ 0.8) and belong to 27 tenants of 9 cities with equal
quotas that sum to all GPUs; a tenth has a higher priority. An event is an arrival, an end, a displacement
notice, a retry or a sample. Events a second are by CPU time of this process, the whole run from the input to
the outcome included; compiled functions are warm. Rows:

* ``full``: quotas with borrowing and reclaim, priorities that displace, dominant shares with decay, any job
  that fits may start; placement by best fit. The compiled loop.
* ``full, fgd``: the same with the placement policy of FGD.
* ``tenth``: as ``full``, on every tenth node with a tenth of the jobs, as all the rows that follow.
* ``tenth, EASY``: nothing may delay the first job that waits, by estimates that are wrong by a factor of up
  to 4. The plain loop.
* ``tenth, numpy``: the same arrivals, ends and fair queue in a plain event loop that scores all nodes with
  numpy and tries the waiting tenants in the order of their shares; best fit, quotas without displacement.
* ``tenth, AccaSim``: see ``accasim_peer``: whole GPUs, first come, first served, no tenants.

JSON keys: ``seed``, ``jobs``, ``load``, ``nodes``; ``runs``: name → ``events``, ``cpu_seconds``, ``seconds``,
``events_per_second``, ``starts``, and of ours ``preemptions``, ``wait_p50``, ``wait_p99``, ``waited_pct``,
``allocation_pct``, ``jain``; and ``ratio``: name → events a second of ``full`` over its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import accasim_peer
from langqiao.engines.scheduling.simulation import Job, Options, Quota, Simulation, Tenant, simulate
from langqiao.engines.scheduling.traces import read_nodes, read_tasks
from langqiao.engines.scheduling.types import WHOLE, Node, Task

CITIES, EACH = 9, 3
MEDIAN, SIGMA = 600.0, 0.8
TENTH = 10


def draw_tenants(nodes: list[Node]) -> list[Tenant]:
    """27 tenants with equal quotas that sum to all GPUs and cores."""
    share = CITIES * EACH
    quota = Quota(
        sum(node.gpus for node in nodes) * WHOLE // share, sum(node.cpu_milli for node in nodes) // share
    )
    return [Tenant(f"t{n:02}", f"c{n % CITIES}", quota) for n in range(share)]


def draw_jobs(
    nodes: list[Node], tasks: list[Task], tenants: list[Tenant], *, count: int, load: float, seed: int
) -> list[Job]:
    """Jobs as the module says; tenants ask for unequal amounts, so that some borrow."""
    random = np.random.default_rng(seed)
    picked = random.integers(len(tasks), size=count)
    runs = MEDIAN * np.exp(SIGMA * random.standard_normal(count))
    asked = np.array([task.gpus * task.gpu_milli for task in tasks])[picked] * runs
    capacity = sum(node.gpus for node in nodes) * WHOLE
    arrivals = np.sort(random.random(count)) * asked.sum() / capacity / load
    weights = np.arange(1, len(tenants) + 1) / np.arange(1, len(tenants) + 1).sum()
    who = random.choice(len(tenants), size=count, p=weights)
    wrong = 2.0 ** random.uniform(-2, 2, count)
    urgent = random.random(count) < 0.1
    return [
        Job(
            number,
            tenants[who[number]].name,
            tasks[picked[number]],
            float(arrivals[number]),
            float(runs[number]),
            estimate=float(runs[number] * wrong[number]),
            priority=int(urgent[number]),
        )
        for number in range(count)
    ]


def ours(nodes: list[Node], jobs: list[Job], tenants: list[Tenant], options: Options) -> dict[str, Any]:
    """One run of the simulator."""
    started, wall = time.process_time(), time.perf_counter()
    found = simulate(nodes, jobs, tenants, options=options)
    seconds, wall = time.process_time() - started, time.perf_counter() - wall
    waited = sum(one.wait is not None and one.wait > 0 for one in found.results)
    return {
        "events": found.events,
        "cpu_seconds": round(seconds, 3),
        "seconds": round(wall, 3),
        "events_per_second": round(found.events / seconds),
        "starts": found.starts,
        "preemptions": found.preemptions,
        "waited_pct": round(100.0 * waited / len(jobs), 1),
        "wait_p50": round(found.wait.p50, 1),
        "wait_p99": round(found.wait.p99, 1),
        "allocation_pct": round(found.allocation_pct, 2),
        "jain": round(found.jain, 4),
    }


def plain(nodes: list[Node], jobs: list[Job], tenants: list[Tenant]) -> dict[str, Any]:
    """The plain event loop: every waiting tenant's first job is tried after every event, by a full scan."""
    started, wall = time.process_time(), time.perf_counter()
    most = max(node.gpus for node in nodes)
    cpu = np.array([node.cpu_milli for node in nodes])
    gpu = np.array([[WHOLE] * node.gpus + [-1] * (most - node.gpus) for node in nodes])
    model = np.array([node.model for node in nodes])
    queues: dict[str, list[Job]] = {tenant.name: [] for tenant in tenants}
    quota = {tenant.name: tenant.quota.gpu_milli or 0 for tenant in tenants}
    held = dict.fromkeys(queues, 0)
    heap: list[tuple[float, int, Any]] = [(job.submitted, n, job) for n, job in enumerate(jobs)]
    heap.sort()
    events = starts = 0
    waits = []
    while heap:
        now, number, what = heappop(heap)
        events += 1
        if isinstance(what, Job):
            queues[what.tenant].append(what)
        else:
            job, node, cards = what
            cpu[node] += job.task.cpu_milli
            gpu[node, cards] += job.task.gpu_milli
            held[job.tenant] -= job.task.gpus * job.task.gpu_milli
        for name in sorted((name for name in queues if queues[name]), key=held.__getitem__):
            queue = queues[name]
            while queue:
                job = queue[0]
                task = job.task
                asked = task.gpus * task.gpu_milli
                if held[name] + asked > 2 * quota[name]:
                    break
                enough = gpu >= max(1, task.gpu_milli)
                fits = (cpu >= task.cpu_milli) & (enough.sum(axis=1) >= task.gpus)
                if task.models:
                    fits &= np.isin(model, task.models)
                if not fits.any():
                    break
                left = np.where(fits, gpu.clip(min=0).sum(axis=1) / 8000 + cpu / 128000, np.inf)
                node = int(left.argmin())
                cards = np.flatnonzero(enough[node])[: task.gpus]
                cpu[node] -= task.cpu_milli
                gpu[node, cards] -= task.gpu_milli
                held[name] += asked
                queue.pop(0)
                starts += 1
                waits.append(now - job.submitted)
                heappush(heap, (now + job.duration, number, (job, node, cards)))
    seconds, wall = time.process_time() - started, time.perf_counter() - wall
    return {
        "events": events,
        "cpu_seconds": round(seconds, 3),
        "seconds": round(wall, 3),
        "events_per_second": round(events / seconds),
        "starts": starts,
        "wait_p50": round(float(np.percentile(waits, 50)), 1),
        "wait_p99": round(float(np.percentile(waits, 99)), 1),
    }


def main(argv: list[str] | None = None) -> None:
    """Run all and print."""
    parser = argparse.ArgumentParser(description="events a second of the simulator")
    parser.add_argument("--nodes", type=Path, required=True)
    parser.add_argument("--pods", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=30_000)
    parser.add_argument("--load", type=float, default=1.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(argv)
    nodes, tasks = read_nodes(given.nodes), read_tasks(given.pods)
    tenants = draw_tenants(nodes)
    jobs = draw_jobs(nodes, tasks, tenants, count=given.jobs, load=given.load, seed=given.seed)
    full = Options(
        order="fair", half_life=3600.0, backfill="greedy", preempt=True, reclaim="any", sample_every=3600.0
    )
    few = nodes[::TENTH]
    some = draw_tenants(few)
    fewer = draw_jobs(few, tasks, some, count=given.jobs // TENTH, load=given.load, seed=given.seed)
    easy = replace(full, backfill="easy")
    for options in (full, easy, replace(full, policy="fgd")):  # compiled before the clock starts
        Simulation(few, fewer[:500], some, options=options, compiled=True).run()
    runs: dict[str, dict[str, Any]] = {
        "full": ours(nodes, jobs, tenants, full),
        "full, fgd": ours(nodes, jobs, tenants, replace(full, policy="fgd")),
        "tenth": ours(few, fewer, some, full),
        "tenth, EASY": ours(few, fewer, some, easy),
        "tenth, numpy": plain(few, fewer, some),
        "tenth, AccaSim": accasim_peer.run(few, fewer),
    }
    fastest = runs["full"]["events_per_second"]
    facts = {
        "seed": given.seed,
        "jobs": given.jobs,
        "load": given.load,
        "nodes": len(nodes),
        "runs": runs,
        "ratio": {name: round(fastest / run["events_per_second"], 2) for name, run in runs.items()},
    }
    if given.json:
        json.dump(facts, sys.stdout, ensure_ascii=False)
        return
    print(f"{given.jobs} jobs, load {given.load}, {len(nodes)} nodes, seed {given.seed}")
    heads = ("events", "CPU s", "s", "events/s", "ratio", "displaced", "waited %", "p50 wait", "p99")
    print(f"{'':<16}" + "".join(f"{head:>10}" for head in heads))
    for name, run in runs.items():
        keys = ("preemptions", "waited_pct", "wait_p50", "wait_p99")
        cells = (
            run["events"], run["cpu_seconds"], run["seconds"], run["events_per_second"],
            facts["ratio"][name], *(run.get(key, "—") for key in keys),
        )  # fmt: skip
        print(f"{name:<16}" + "".join(f"{cell:>10}" for cell in cells))


if __name__ == "__main__":
    main()
