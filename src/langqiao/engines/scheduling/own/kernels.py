"""The inner loops of our own policy, compiled by numba: change of the potential, and a run of arrivals alone.

A node's state is its CPU left in milli-cores and what is left of each of its GPUs in thousandths.
"""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# mypy: disable-error-code="no-untyped-def, misc"
# ruff: noqa: ANN001, ANN201, PLR0917, C901, PLR0912

from __future__ import annotations

import numpy as np
from numba import njit

WHOLE = 1000
GPU_STEP = 10
CPU_STEP = 500
"""Steps of the tables: thousandths of a GPU, milli-cores."""


@njit(cache=True, nogil=True, inline="always")
def node_part(cpu, gpu, lack, weight, slope):
    """Part of the potential that belongs to a node as a whole: idle GPU that its CPU cannot serve."""
    total = lack[min(cpu // CPU_STEP, lack.shape[0] - 1)] * gpu / WHOLE
    for q in range(weight.shape[0]):
        short = gpu / WHOLE - cpu * slope[q]
        if short > 0.0:
            total += weight[q] * short
    return total


@njit(cache=True, nogil=True)
def change(cpu, left, gpus, need_cpu, need_gpus, need_milli, worth, lack, weight, slope):
    """Change of a node's potential by a task, and the GPU where it is least; (inf, -1) if it does not fit.

    Several GPUs are whole ones, the lowest free numbers; the number returned is then 0.
    """
    if cpu < need_cpu:
        return np.inf, -1
    before = 0
    whole = 0
    best = np.inf
    chosen = -1
    for j in range(gpus):
        here = left[j]
        before += here
        if here == WHOLE:
            whole += 1
        if need_gpus == 1 and here >= need_milli:
            step = worth[(here - need_milli) // GPU_STEP] - worth[here // GPU_STEP]
            if step < best:
                best = step
                chosen = j
    if need_gpus == 0:
        best = 0.0
        chosen = 0
    elif need_gpus > 1:
        if whole < need_gpus:
            return np.inf, -1
        best = need_gpus * (worth[0] - worth[WHOLE // GPU_STEP])
        chosen = 0
    if chosen < 0:
        return np.inf, -1
    after = before - need_gpus * need_milli
    best += node_part(cpu - need_cpu, after, lack, weight, slope) - node_part(
        cpu, before, lack, weight, slope
    )
    return best, chosen


@njit(cache=True, nogil=True)
def trial(
    arrivals, node_cpu, node_gpus, table, need_cpu, need_gpus, need_milli, allowed, worth, lack, weight, slope
):
    """Place arrivals one after the other on an empty cluster; returns the GPU thousandths placed.

    A task that fits nowhere is lost, none is turned away that fits. Scores are kept per kind of task and
    node; a log of changed nodes says which of them are stale.

    Args:
        arrivals: (T,) kinds of task.
        node_cpu, node_gpus, table: (N,) of the nodes, ``table`` their rows of ``worth`` and ``lack``.
        need_cpu, need_gpus, need_milli: (K,) of the kinds.
        allowed: (K, rows) whether a kind may run on nodes of a row.
        worth, lack, weight, slope: see ``tables.Potential``.
    """
    nodes = node_cpu.shape[0]
    kinds = need_cpu.shape[0]
    widest = 1
    for n in range(nodes):
        widest = max(widest, node_gpus[n])
    cpu = node_cpu.copy()
    left = np.zeros((nodes, widest), np.int64)
    for n in range(nodes):
        for j in range(node_gpus[n]):
            left[n, j] = WHOLE
    score = np.full((kinds, nodes), np.inf)
    where = np.full((kinds, nodes), -1, np.int8)
    seen = np.full(kinds, -1, np.int64)
    log = np.empty(arrivals.shape[0], np.int32)
    changes = 0
    placed = 0
    for a in range(arrivals.shape[0]):
        k = arrivals[a]
        fresh = seen[k] < 0 or changes - seen[k] > nodes
        count = nodes if fresh else changes - seen[k]
        for i in range(count):
            n = i if fresh else log[seen[k] + i]
            t = table[n]
            if allowed[k, t]:
                score[k, n], where[k, n] = change(
                    cpu[n], left[n], node_gpus[n], need_cpu[k], need_gpus[k], need_milli[k],
                    worth[t], lack[t], weight, slope,
                )  # fmt: skip
        seen[k] = changes
        best = np.inf
        at = -1
        row = score[k]
        for n in range(nodes):
            if row[n] < best:
                best = row[n]
                at = n
        if at < 0:
            continue
        cpu[at] -= need_cpu[k]
        if need_gpus[k] == 1:
            left[at, where[k, at]] -= need_milli[k]
        else:
            wanted = need_gpus[k]
            for j in range(node_gpus[at]):
                if wanted > 0 and left[at, j] == WHOLE:
                    left[at, j] = 0
                    wanted -= 1
        placed += need_gpus[k] * need_milli[k]
        log[changes] = at
        changes += 1
    return placed
