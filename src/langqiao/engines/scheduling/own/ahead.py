"""A waiting room: the next W tasks are known, and the one that a full cluster would miss least waits longest.

Not part of the online policy: a look-ahead (前瞻窗口) that has to be declared. The order in which tasks
leave the room comes from the expected workload alone: first the kinds that the fluid optimum serves in full
when demand is a little more than capacity, and all that need no GPU; of equally served kinds the largest.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.own.fluid import fluid
from langqiao.engines.scheduling.workload import target_workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from langqiao.engines.scheduling.types import Node, Task
    from langqiao.engines.scheduling.workload import Expected

SLIGHTLY = 1.05
"""Demand, in parts of all GPUs, for which the optimum says who may be missed."""


def ranks(nodes: Sequence[Node], kinds: Sequence[Expected]) -> NDArray[np.int64]:
    """(k,) place of each kind in the order in which they leave the room, 0 first."""
    served = fluid(nodes, kinds, arrival=SLIGHTLY, ordered=False).served
    order = sorted(
        range(len(kinds)),
        key=lambda k: (
            -round(float(served[k]), 1) if kinds[k].gpus else -1.0,
            -kinds[k].gpus * kinds[k].gpu_milli,
            -kinds[k].cpu_milli,
        ),
    )
    place = np.empty(len(kinds), np.int64)
    place[order] = np.arange(len(kinds))
    return place


def through_room(sequence: NDArray[np.int64], rank: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Arrivals in the order in which they leave a room of ``window`` places.

    Args:
        sequence: (T,) what arrives, any numbers.
        rank: (T,) the rank of each; the lowest leaves first, of equals the one that came first.
        window: places; a task leaves whenever one more than that would wait, and all at the end.

    Raises:
        SchedulingError: a negative window (``kind`` "option").
    """
    if window < 0:
        raise SchedulingError(f"a look-ahead of {window} tasks", kind="option")
    room: list[tuple[int, int]] = []
    left: list[int] = []
    for at in range(len(sequence)):
        heappush(room, (int(rank[at]), at))
        if len(room) > window:
            left.append(heappop(room)[1])
    while room:
        left.append(heappop(room)[1])
    return np.asarray(sequence[np.array(left, np.int64)])


def let_wait(
    nodes: Sequence[Node], tasks: Sequence[Task], order: NDArray[np.int64], window: int
) -> NDArray[np.int64]:
    """Arrivals of a trace through a waiting room: ``order`` (T,) numbers of tasks, and so is what returns."""
    if window == 0:
        return order
    kinds = target_workload(tasks, popular=1.0)
    rank = dict(
        zip(((k.cpu_milli, k.gpus, k.gpu_milli, k.models) for k in kinds), ranks(nodes, kinds), strict=True)
    )
    of_task = np.array(
        [rank[t.cpu_milli, t.gpus, t.gpu_milli if t.gpus else 0, t.models] for t in tasks], np.int64
    )
    return through_room(order, of_task[order], window)
