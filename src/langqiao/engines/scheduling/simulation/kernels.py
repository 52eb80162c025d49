"""Questions about nodes that the simulation asks often, compiled by numba; none changes the cluster."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, PLR0917, C901
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import numpy as np
from numba import njit

CPU, MEMORY, GPUS, MILLI = 0, 1, 2, 3  # columns of a kind's needs
NODE, MASK, PART_MILLI, PART_CPU, PART_MEMORY, JOB, TENANT, PRIORITY, MOVABLE = range(9)  # of a part's row
WHOLE = 1000
MANY = 1 << 40


@njit(cache=True, nogil=True)
def slots(cpu, memory, gpu, need):
    """How many tasks of one kind fit on one node.

    Args:
        cpu, memory: free on the node.
        gpu: (G,) free thousandths of each of its GPUs; -1 where there is none.
        need: (4,) cores, memory, GPUs and thousandths of each that a task needs.
    """
    found = MANY
    if need[CPU] > 0:
        found = min(found, cpu // need[CPU])
    if need[MEMORY] > 0:
        found = min(found, memory // need[MEMORY])
    if found > 0 and need[GPUS] > 0:
        parts = 0
        if need[GPUS] == 1:
            for free in gpu:
                if free > 0:
                    parts += free // need[MILLI]
        else:
            for free in gpu:
                if free >= need[MILLI]:
                    parts += 1
            parts //= need[GPUS]
        found = min(found, parts)
    return found


@njit(cache=True, nogil=True)
def openings(nodes, usable, cpu, memory, gpu, model, needs, allowed, fits):
    """Mark in ``fits`` (K,) the kinds of which at least one task fits on one of the ``nodes``.

    ``usable`` (N,) tells nodes that take work; ``model`` (N,) numbers their models; ``allowed`` (K, models).
    """
    fits[:] = 0
    for node in nodes:
        if usable[node] == 0:
            continue
        for kind in range(needs.shape[0]):
            if (
                fits[kind] == 0
                and allowed[kind, model[node]] != 0
                and slots(cpu[node], memory[node], gpu[node], needs[kind]) > 0
            ):
                fits[kind] = 1


@njit(cache=True, nogil=True)
def room(usable, cpu, memory, gpu, model, need, allowed):
    """(N,) how many tasks of one kind fit on each node; 0 on nodes that take no work or of other models."""
    found = np.zeros(usable.size, dtype=np.int64)
    for node in range(usable.size):
        if usable[node] != 0 and allowed[model[node]] != 0:
            found[node] = slots(cpu[node], memory[node], gpu[node], need)
    return found


@njit(cache=True, nogil=True)
def give_back(part, cpu, memory, gpu, sign):
    """Add what a part holds to the free amounts of its node, or with ``sign`` -1 take it again."""
    node = part[NODE]
    cpu[node] += sign * part[PART_CPU]
    memory[node] += sign * part[PART_MEMORY]
    mask, at = part[MASK], 0
    while mask != 0:
        if mask & 1:
            gpu[node, at] += sign * part[PART_MILLI]
        mask >>= 1
        at += 1


@njit(cache=True, nogil=True)
def cleared(parts, chosen, usable, cpu, memory, gpu, model, need, allowed):
    """Room on each node if the ``chosen`` parts left, and what those hold there.

    ``cpu``, ``memory`` (N,) and ``gpu`` (N, G) are copies and are changed.

    Returns:
        room: (N,) tasks of the kind that fit then.
        held: (N,) thousandths of GPU plus thousandths of cores that the chosen parts hold.
    """
    held = np.zeros(usable.size, dtype=np.int64)
    for at in chosen:
        part = parts[at]
        mask, count = part[MASK], 0
        while mask != 0:
            count += mask & 1
            mask >>= 1
        held[part[NODE]] += part[PART_MILLI] * count + part[PART_CPU]
        give_back(part, cpu, memory, gpu, 1)
    return room(usable, cpu, memory, gpu, model, need, allowed), held


@njit(cache=True, nogil=True)
def shadow(
    times, what, parts, usable, closed_from, closed_to, cpu, memory, gpu, model, need, allowed, count, lasts
):
    """When a job finds room if nothing new starts: the shadow time of EASY backfill (Lifka 1995).

    ``cpu``, ``memory`` (N,) and ``gpu`` (N, G) are copies and are changed. A node that will be closed counts
    only from the end of its closure on, or, for a single task, when the task would end before it.

    Args:
        times: (E,) what happens, in order of time; ``what`` (E,) is a row of ``parts`` that ends, or
            -1 - node where the closure of a node ends.
        usable: (N,) 0 for nodes that are down with no known end.
        closed_from, closed_to: (N,) the next closure of each node; inf and -inf for none.
        count, lasts: tasks of the job and how long it says it runs.

    Returns:
        The time, inf if none was found, and (N,) tasks it would have on each node.
    """
    taken = np.zeros(usable.size, dtype=np.int64)
    fits = np.zeros(usable.size, dtype=np.int64)
    total = 0
    for node in range(usable.size):
        if usable[node] != 0 and allowed[model[node]] != 0 and closed_to[node] == -np.inf:
            fits[node] = slots(cpu[node], memory[node], gpu[node], need)
            total += fits[node]
    found = np.inf
    for at in range(times.size):
        now = times[at]
        if what[at] >= 0:
            part = parts[what[at]]
            node = part[NODE]
            give_back(part, cpu, memory, gpu, 1)
        else:
            node = -1 - what[at]
        if usable[node] == 0 or allowed[model[node]] == 0:
            continue
        here = slots(cpu[node], memory[node], gpu[node], need)
        if now >= closed_to[node]:
            total += here - fits[node]
            fits[node] = here
        elif count == 1 and here > 0 and now + lasts <= closed_from[node]:
            taken[node] = 1
            return now, taken
        if total >= count:
            found = now
            break
    if found < np.inf:
        left = count
        for node in np.argsort(-fits, kind="mergesort"):
            take = min(left, fits[node])
            taken[node] = take
            left -= take
            if left == 0:
                break
    return found, taken
