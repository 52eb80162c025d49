"""Benchmark of the placement engine: replays of a trace, and placement with departures on a large cluster.

    python -m benchmarks.scheduling --nodes CSV --pods CSV [--policies P,…] [--seeds 42-51] [--arrival 1.3]
        [--expected CSV] [--large 40029] [--events 20000] [--plain 200] [--json]

* ``replays``: by policy, the mean over the seeds of ``allocation_pct``, ``fragment_pct``, ``seconds`` and
  ``us_per_placement`` after warm-up; with ``--expected`` the authors' mean and the ``gap`` to it.
* ``plain``: the same trace in numpy alone for ``--plain`` tasks (best-fit and FGD, every node scored anew),
  on a cluster that is half full: ``us_per_placement`` of both, ``ratio``, and whether all went to the
  ``same_nodes``.
* ``departures``: the node list repeated to ``--large`` nodes, filled by the trace to 90 % of its GPUs, then
  ``--events`` times a placement, with a random task ending whenever more than 90 % are taken: ``mean_us``,
  ``p50_us``, ``p99_us``, ``max_us`` of a placement, ``cpu_mean_us`` and ``cpu_p99_us`` of processor time
  (without what other programs on the machine took), and ``release_us``.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.plain_placement import PlainCluster
from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.policies import POLICIES
from langqiao.engines.scheduling.replay import replay, sample, warm_up
from langqiao.engines.scheduling.traces import read_nodes, read_tasks
from langqiao.engines.scheduling.types import Node, Task

FULL = 90.0  # per cent of the GPUs taken while tasks come and go
PUBLISHED = {
    "random": "01-Random",
    "dotprod": "02-DotProd",
    "clustering": "03-GpuClustering",
    "packing": "04-GpuPacking",
    "bestfit": "05-BestFit",
    "fgd": "06-FGD",
}


def replays(
    nodes: Sequence[Node],
    tasks: Sequence[Task],
    policies: Sequence[str],
    *,
    seeds: Sequence[int],
    arrival: float,
    expected: dict[str, float],
) -> dict[str, dict[str, float]]:
    """Means over the seeds, by policy."""
    found = {}
    for policy in policies:
        warm_up(policy)
        runs = [replay(nodes, tasks, policy=policy, arrival=arrival, seed=seed) for seed in seeds]
        facts = {
            name: statistics.fmean(getattr(run, name) for run in runs)
            for name in ("allocation_pct", "fragment_pct", "seconds", "us_per_placement")
        }
        if policy in expected:
            facts |= {"expected_pct": expected[policy], "gap": facts["allocation_pct"] - expected[policy]}
        found[policy] = facts
    return found


def plain(nodes: Sequence[Node], tasks: Sequence[Task], count: int) -> dict[str, dict[str, Any]]:
    """Our engine and numpy alone on the same tasks, from a cluster that is half full."""
    found: dict[str, dict[str, Any]] = {}
    for policy in ("bestfit", "fgd"):
        ours, theirs = Cluster(nodes, policy=policy, workload=tasks), PlainCluster(nodes, tasks)
        order = sample(tasks, ours.gpu_capacity, arrival=1.0, seed=1)
        half = 0
        while ours.allocation_pct() < 50.0 and half < len(order) - count:
            task = tasks[order[half]]
            handle = ours.place(ours.type_of(task))
            if handle >= 0:
                node, gpus = ours.where(handle)
                theirs.cpu[node] -= task.cpu_milli
                theirs.memory[node] -= task.memory_mib
                theirs.gpu[node, list(gpus)] -= task.gpu_milli
            half += 1
        timed = [tasks[at] for at in order[half : half + count]]
        kinds = [ours.type_of(task) for task in timed]
        started = time.perf_counter()
        handles = [ours.place(kind) for kind in kinds]
        between = time.perf_counter()
        there = [theirs.place(task, policy) for task in timed]
        ended = time.perf_counter()
        here = [ours.where(handle)[0] if handle >= 0 else -1 for handle in handles]
        found[policy] = {
            "us_per_placement": 1e6 * (between - started) / count,
            "plain_us_per_placement": 1e6 * (ended - between) / count,
            "ratio": (ended - between) / (between - started),
            "same_nodes": here == there,
        }
    return found


def departures(
    nodes: Sequence[Node], tasks: Sequence[Task], policy: str, large: int, events: int
) -> dict[str, float]:
    """Times of a placement on a large cluster that is nearly full, in microseconds."""
    many = [
        Node(f"{at // len(nodes):04d}-{node.name}", node.cpu_milli, node.memory_mib, node.gpus, node.model)
        for at, node in ((at, nodes[at % len(nodes)]) for at in range(large))
    ]
    cluster = Cluster(many, policy=policy, workload=tasks)
    random = np.random.default_rng(1)
    kinds = [cluster.type_of(task) for task in tasks]
    asked = [task.gpus * task.gpu_milli for task in tasks]
    drawn = iter(random.integers(len(tasks), size=100 * large).tolist())
    taken, limit = 0, FULL / 100.0 * cluster.gpu_capacity
    live: list[tuple[int, int]] = []
    while taken < limit:
        at = next(drawn)
        handle = cluster.place(kinds[at])
        if handle >= 0:
            live.append((handle, asked[at]))
            taken += asked[at]
    placing, busy, releasing = np.empty(events), np.empty(events), []
    for event in range(events):
        at = next(drawn)
        before, started = time.thread_time(), time.perf_counter()
        handle = cluster.place(kinds[at])
        placing[event] = time.perf_counter() - started
        busy[event] = time.thread_time() - before
        if handle >= 0:
            live.append((handle, asked[at]))
            taken += asked[at]
        while taken > limit:
            gone = int(random.integers(len(live)))
            live[gone], live[-1] = live[-1], live[gone]
            handle, milli = live.pop()
            started = time.perf_counter()
            cluster.release(handle)
            releasing.append(time.perf_counter() - started)
            taken -= milli
    placing, busy = placing * 1e6, busy * 1e6
    return {
        "nodes": float(large),
        "mean_us": float(placing.mean()),
        "p50_us": float(np.quantile(placing, 0.5)),
        "p99_us": float(np.quantile(placing, 0.99)),
        "max_us": float(placing.max()),
        "cpu_mean_us": float(busy.mean()),
        "cpu_p99_us": float(np.quantile(busy, 0.99)),
        "release_us": 1e6 * statistics.fmean(releasing) if releasing else 0.0,
    }


def expected_of(path: Path | None, pods: Path) -> dict[str, float]:
    """The authors' means for a trace, by policy."""
    if path is None:
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["workload"] == pods.stem:
                return {policy: float(row[column]) for policy, column in PUBLISHED.items()}
    raise SystemExit(f"{path} has no row for {pods.stem}")


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """All parts."""
    nodes = sorted(read_nodes(given.nodes), key=lambda node: node.name)
    tasks = read_tasks(given.pods)
    first, _, last = given.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    policies = given.policies.split(",")
    expected = expected_of(given.expected, given.pods)
    return {
        "trace": given.pods.stem,
        "replays": replays(nodes, tasks, policies, seeds=seeds, arrival=given.arrival, expected=expected),
        "plain": plain(nodes, tasks, given.plain) if given.plain else {},
        "departures": {
            policy: departures(nodes, tasks, policy, given.large, given.events)
            for policy in policies
            if given.large
        },
    }


def show(found: dict[str, Any]) -> None:
    """A table for each part."""
    for part in ("replays", "plain", "departures"):
        print(f"\n{part} ({found['trace']})")
        for policy, facts in found[part].items():
            print(f"  {policy:10s} " + "  ".join(f"{name} {value:,.2f}" for name, value in facts.items()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nodes", type=Path, required=True)
    parser.add_argument("--pods", type=Path, required=True)
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--seeds", default="42-51")
    parser.add_argument("--arrival", type=float, default=1.3)
    parser.add_argument("--expected", type=Path)
    parser.add_argument("--large", type=int, default=40_029)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--plain", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = measure(given)
    if given.json:
        json.dump(found, sys.stdout)
        print()
    else:
        show(found)


if __name__ == "__main__":
    main()
