"""Benchmark of our own placement policy: against FGD and against the fluid bound, trace by trace.

    python -m benchmarks.own_policy --nodes CSV --pods CSV… [--seeds 42-51] [--arrival 1.3]
        [--look-ahead 1000] [--json]

For each trace (its file's name), means over the seeds:

* ``fgd``, ``own``: allocation in per cent of all GPUs at the end; ``own_sd`` its standard deviation.
* ``gain``: own less FGD, in points.
* ``bound``: the fluid bound of online policies that turn nothing away; ``way``: how far from FGD to it.
* ``fgd_at_100``, ``own_at_100``: allocation when as much had arrived as there is.
* ``look_ahead``: our own with so many tasks in a waiting room (not an online policy; 0 leaves it out).
* ``setup_seconds``, ``trials``: of the search for weights before the first task; ``seconds`` of one replay.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from langqiao.engines.scheduling.own.fluid import fluid
from langqiao.engines.scheduling.own.tuning import tune
from langqiao.engines.scheduling.replay import replay, warm_up
from langqiao.engines.scheduling.traces import read_nodes, read_tasks
from langqiao.engines.scheduling.types import Node, Task
from langqiao.engines.scheduling.workload import target_workload

FULL = 100.0


def compare(
    nodes: Sequence[Node], tasks: Sequence[Task], *, seeds: Sequence[int], arrival: float, look_ahead: int
) -> dict[str, float]:
    """The figures of one trace."""
    drawn = target_workload(tasks, popular=1.0)
    started = time.perf_counter()
    tuned = tune(nodes, target_workload(tasks), drawn)
    setup = time.perf_counter() - started
    runs = {
        policy: [replay(nodes, tasks, policy=policy, arrival=arrival, seed=seed) for seed in seeds]
        for policy in ("fgd", "own")
    }
    end = {policy: [run.allocation_pct for run in mine] for policy, mine in runs.items()}
    fgd, own = (statistics.fmean(end[policy]) for policy in ("fgd", "own"))
    bound = 100.0 * fluid(nodes, drawn, arrival=arrival).allocation
    figures = {
        "fgd": fgd,
        "own": own,
        "own_sd": statistics.stdev(end["own"]) if len(seeds) > 1 else 0.0,
        "gain": own - fgd,
        "bound": bound,
        "way": (own - fgd) / (bound - fgd),
        **{
            f"{policy}_at_100": statistics.fmean(float(run.at([FULL])[0][0]) for run in mine)
            for policy, mine in runs.items()
        },
        "setup_seconds": setup,
        "trials": tuned.trials,
        "seconds": statistics.fmean(run.seconds for run in runs["own"]),
    }
    if look_ahead:
        figures["look_ahead"] = statistics.fmean(
            replay(
                nodes, tasks, policy="own", arrival=arrival, seed=seed, look_ahead=look_ahead
            ).allocation_pct
            for seed in seeds
        )
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, compare, print."""
    parser = argparse.ArgumentParser(description="Our own placement policy against FGD and the fluid bound")
    parser.add_argument("--nodes", type=Path, required=True)
    parser.add_argument("--pods", type=Path, nargs="+", required=True)
    parser.add_argument("--seeds", default="42-51", help="first-last")
    parser.add_argument("--arrival", type=float, default=1.3)
    parser.add_argument("--look-ahead", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    first, _, last = options.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    nodes = read_nodes(options.nodes)
    for policy in ("fgd", "own"):
        warm_up(policy)
    found: dict[str, dict[str, float]] = {}
    for path in options.pods:
        name = path.stem
        found[name] = compare(
            nodes, read_tasks(path), seeds=seeds, arrival=options.arrival, look_ahead=options.look_ahead
        )
        if not options.json:
            if len(found) == 1:
                print(f"{'':30}" + "".join(f"{key:>14}" for key in found[name]))
            print(f"{name:30}" + "".join(f"{value:14.3f}" for value in found[name].values()), flush=True)
    if options.json:
        json.dump(found, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
