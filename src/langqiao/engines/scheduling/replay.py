"""Replay of a trace that only arrives (轨迹回放), as the published comparison of placement policies does it.

Source: Weng et al., "Beware of Fragmentation", USENIX ATC 2023, section 6.1, and the authors' program.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.ahead import let_wait
from langqiao.engines.scheduling.types import WHOLE, Node, Task

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ARRIVAL = 1.3
MOST_ARRIVAL = 100.0
NODE_STREAM = 2  # of the seed, for the order of nodes; the tasks have the other


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a trace.

    Attributes:
        policy, seed: of the replay.
        allocation_pct: allocated GPU in per cent of all GPUs at the end.
        fragment_pct: idle GPU that the target workload cannot use, expected, in per cent of all GPUs.
        placed, failed: tasks that found a place, and that found none.
        seconds: of the placements.
        arrived: (T,) GPU asked for up to each task, in per cent of all GPUs.
        allocation, fragment: (T,) the same two measures after each task.
        nodes: (T,) node of each task in the order of names, -1 where it failed.
        look_ahead: tasks that waited so that others could go first; 0 for an online policy.
    """

    policy: str
    seed: int
    allocation_pct: float
    fragment_pct: float
    placed: int
    failed: int
    seconds: float
    arrived: Floats
    allocation: Floats
    fragment: Floats
    nodes: Ints
    look_ahead: int = 0

    @property
    def us_per_placement(self) -> float:
        """Microseconds for each task that arrived."""
        return 1e6 * self.seconds / max(1, self.placed + self.failed)

    def at(self, arrival_pct: Sequence[float]) -> tuple[Floats, Floats]:
        """Allocation and fragment when so many per cent had arrived, 0 and the first value before any."""
        index = np.searchsorted(self.arrived, np.asarray(arrival_pct), side="right") - 1
        none = index < 0
        index = np.maximum(index, 0)
        return np.where(none, 0.0, self.allocation[index]), self.fragment[index]


def sample(tasks: Sequence[Task], capacity: int, *, arrival: float = ARRIVAL, seed: int = 0) -> Ints:
    """Numbers of the tasks in the order of their arrival.

    Every task once, shuffled from the order of names; while they ask for less than ``arrival`` times the
    capacity, more are drawn with replacement, up to the first of which one GPU would go beyond; if they ask
    for more, tasks drawn at random are left out.

    Args:
        tasks: of the trace.
        capacity: thousandths of all GPUs.
        arrival: GPU asked for in parts of the capacity.
        seed: of numpy's generator; the authors draw from Go's, so runs agree in the mean of several seeds.

    Raises:
        SchedulingError: no task asks for a GPU, no capacity, or an arrival that is impossible or leaves no
            task (``kind`` "arrival").
    """
    if not 0 < arrival <= MOST_ARRIVAL:
        raise SchedulingError(f"arrival {arrival:g} is not in (0, {MOST_ARRIVAL:g}]", kind="arrival")
    asked = np.array([task.gpus * task.gpu_milli for task in tasks], dtype=np.int64)
    if capacity <= 0 or not asked.any():
        raise SchedulingError("a replay needs GPUs, and tasks that ask for them", kind="arrival")
    random = np.random.default_rng(seed)
    by_name = np.array(sorted(range(len(tasks)), key=lambda at: tasks[at].name), dtype=np.int64)
    order = random.permutation(by_name)
    total, wanted = int(asked.sum()), arrival * capacity
    if total > wanted:
        gone = random.permutation(len(order))
        still = total - np.cumsum(asked[order[gone]])
        leave = int(np.argmax(still <= wanted)) + 1
        kept = np.ones(len(order), dtype=np.bool_)
        kept[gone[:leave]] = False
        if not kept.any():
            raise SchedulingError(
                f"arrival {arrival:g} is {wanted / WHOLE:g} GPUs: too little for any task of the trace",
                kind="arrival",
            )
        return np.asarray(order[kept])
    milli = np.array([task.gpu_milli if task.gpus else 0 for task in tasks], dtype=np.int64)
    more: list[Ints] = []
    while True:
        drawn = by_name[random.integers(len(tasks), size=len(tasks))]
        before = total + np.cumsum(asked[drawn]) - asked[drawn]
        beyond = np.flatnonzero(before + milli[drawn] > wanted)
        if beyond.size:
            return np.concatenate([order, *more, drawn[: beyond[0]]])
        more.append(drawn)
        total += int(asked[drawn].sum())


def replay(
    nodes: Sequence[Node],
    tasks: Sequence[Task],
    *,
    policy: str,
    arrival: float = ARRIVAL,
    seed: int = 0,
    look_ahead: int = 0,
    node_order: int | None = None,
) -> Replay:
    """Let a trace arrive, each task placed once or not at all, and none ends.

    As in the authors' program the nodes, in the order of their names, are shuffled by the seed, and of
    equal scores the first in that order wins: packing, clustering and FGD have many ties, and on some traces
    the order is worth two points. ``node_order`` shuffles them by another seed. The order in which nodes are
    given does not matter. The target workload is that of the whole trace.

    With ``look_ahead`` so many tasks wait in a room, and what a full cluster would miss least leaves it last
    (see ``own.ahead``): no longer an online policy.

    Raises:
        SchedulingError: see ``sample``, ``Cluster`` and ``Cluster.type_of``.
    """
    named = sorted(nodes, key=lambda node: node.name)
    shuffled = np.random.default_rng([seed if node_order is None else node_order, NODE_STREAM]).permutation(
        len(named)
    )
    cluster = Cluster([named[at] for at in shuffled], policy=policy, workload=tasks, seed=seed)
    order = sample(tasks, cluster.gpu_capacity, arrival=arrival, seed=seed)
    order = let_wait(named, tasks, order, look_ahead)
    kinds = np.array([cluster.type_of(task) for task in tasks], dtype=np.int64)[order]
    started = time.perf_counter()
    where, wasted = cluster.arrive(kinds)
    seconds = time.perf_counter() - started
    asked = np.array([task.gpus * task.gpu_milli for task in tasks], dtype=np.int64)[order]
    part = 100.0 / cluster.gpu_capacity
    allocation = np.cumsum(np.where(where >= 0, asked, 0)) * part
    failed = int((where < 0).sum())
    return Replay(
        policy=policy,
        seed=seed,
        allocation_pct=float(allocation[-1]),
        fragment_pct=float(wasted[-1]) * part,
        placed=len(where) - failed,
        failed=failed,
        seconds=seconds,
        arrived=np.cumsum(asked, dtype=np.float64) * part,
        allocation=allocation,
        fragment=wasted * part,
        nodes=np.where(where >= 0, shuffled[where], -1),
        look_ahead=look_ahead,
    )


def warm_up(policy: str) -> None:
    """Compile the kernels, or load them, before something is timed."""
    node, task = Node("node", 1000, 1000, 1, "model"), Task("task", 1, 1, 1, 500)
    replay([node], [task], policy="fgd" if policy == "own" else policy)
