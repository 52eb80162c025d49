"""Who makes room for a job, in the compiled loop: the search that displace.py describes, for one part."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, C901, PLR0912, PLR0917
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import numpy as np
from numba import njit

from langqiao.engines.scheduling import kernels as cluster
from langqiao.engines.scheduling.simulation.kernels import slots

from .queueing import within
from .state import (
    ANY,
    BARE_CPU,
    BARE_GPU,
    BARE_HELD,
    BARE_MEMORY,
    BARE_MODEL,
    BARE_SEARCH,
    CPU,
    GPU,
    LESS,
    LIMIT,
    LIMITED,
    MIN_RUN,
    NEVER,
    NOBODY,
    NOMINAL,
    NOW,
    POLICY,
    PREEMPT,
    RECLAIM,
    SEARCHES,
    TENANTS,
    TOUCHED,
    USE,
)

TRIED = 4  # nodes that are tried, the cheapest first


@njit(nogil=True)
def may_displace(s, job):
    """Whether the rules allow a job to displace anybody, and there is somebody."""
    owner = s.jobs[job].owner
    if s.rule[PREEMPT]:
        for level in range(s.jobs[job].level):
            if s.levels[owner, level] > 0:
                return True
    if s.rule[RECLAIM] == NEVER or s.rule[LIMITED] == 0:
        return False
    city = s.path[owner, 1]
    inside_own, inside_city = within(s, owner, job), within(s, city, job)
    if not (inside_own or inside_city):
        return False
    resource = GPU if s.asks[GPU, job] > 0 else CPU
    for other in range(s.rule[TENANTS]):
        if (
            other == owner
            or s.tenants[other].some_runs == 0
            or s.sums[USE, resource, other] <= s.sums[NOMINAL, resource, other]
        ):
            continue
        its_city = s.path[other, 1]
        if its_city == city:
            if inside_own:
                return True
        elif inside_city and s.sums[USE, resource, its_city] > s.sums[NOMINAL, resource, its_city]:
            return True
    return False


# The centre as it would be without some jobs ----------------------------------------------------------------


@njit(nogil=True)
def over(s, job, node):
    """Whether a quota node would use more of what the job asks for than its nominal quota."""
    for r in range(2):
        if s.asks[r, job] > 0 and s.sums[USE, r, node] - s.sums[LESS, r, node] > s.sums[NOMINAL, r, node]:
            return True
    return False


@njit(nogil=True)
def inside(s, job, node):
    """Whether the job would stay inside the nominal quota of a quota node."""
    for r in range(2):
        asked = s.asks[r, job]
        if asked > 0 and s.sums[USE, r, node] - s.sums[LESS, r, node] + asked > s.sums[NOMINAL, r, node]:
            return False
    return True


@njit(nogil=True)
def borrows(s, job, other):
    """Whether a tenant uses what the job's tenant or city may take back."""
    own = s.jobs[job].owner
    if other == own or not over(s, job, other):
        return False
    city, its_city = s.path[own, 1], s.path[other, 1]
    if its_city == city:
        return inside(s, job, own)
    return over(s, job, its_city) and inside(s, job, city)


@njit(nogil=True)
def borrows_more(s, job):
    """Whether the job would make its tenant, city or the corridor borrow more than now."""
    for step in range(3):
        node = s.path[s.jobs[job].owner, step]
        for r in range(2):
            asked = s.asks[r, job]
            most = max(s.sums[NOMINAL, r, node], s.sums[USE, r, node])
            if asked > 0 and s.sums[USE, r, node] - s.sums[LESS, r, node] + asked > most:
                return True
    return False


@njit(nogil=True)
def blocked(s, job):
    """The quota node at which the job would not fit, NOBODY if none."""
    for step in range(3):
        node = s.path[s.jobs[job].owner, step]
        for r in range(2):
            asked = s.asks[r, job]
            if asked > 0 and s.sums[USE, r, node] - s.sums[LESS, r, node] + asked > s.sums[LIMIT, r, node]:
                return node
    return NOBODY


@njit(nogil=True)
def counts_at(s, tenant, node):
    """Whether a quota node counts what a tenant uses."""
    return s.path[tenant, 0] == node or s.path[tenant, 1] == node or s.path[tenant, 2] == node


@njit(nogil=True)
def give(s, kind, cpu, memory, gpu, mask, sign):
    """What is free on a node after a task of a kind has left (1) or come back (-1): (cores, memory)."""
    need = s.need[kind]
    at = 0
    while mask != 0:
        if mask & 1:
            gpu[at] += sign * need[3]
        mask >>= 1
        at += 1
    return cpu + sign * need[0], memory + sign * need[1]


@njit(nogil=True)
def touch(s, node):
    """Copy what is free on a node, to try things on."""
    if s.places[node].is_touched:
        return
    s.places[node].is_touched = 1
    s.places[s.count[TOUCHED]].touched = node
    s.count[TOUCHED] += 1
    s.places[node].trial_cpu, s.places[node].trial_memory = (
        s.nodes[node, cluster.CPU],
        s.nodes[node, cluster.MEMORY],
    )
    for g in range(s.trial_gpu.shape[1]):
        s.trial_gpu[node, g] = s.nodes[node, cluster.FIRST + g]
    s.places[node].trial_room = 0


@njit(nogil=True)
def remove(s, job, victim, sign):
    """A victim leaves (1) or comes back (-1); by how much the room for the job changes."""
    tenant, node = s.jobs[victim].owner, s.jobs[victim].node
    for step in range(3):
        for r in range(2):
            s.sums[LESS, r, s.path[tenant, step]] += sign * s.asks[r, victim]
    touch(s, node)
    s.places[node].trial_cpu, s.places[node].trial_memory = give(
        s,
        s.jobs[victim].kind,
        s.places[node].trial_cpu,
        s.places[node].trial_memory,
        s.trial_gpu[node],
        s.jobs[victim].mask,
        sign,
    )
    kind = s.jobs[job].kind
    if s.places[node].usable == 0 or s.allowed[kind, s.places[node].model] == 0:
        return 0
    here = slots(s.places[node].trial_cpu, s.places[node].trial_memory, s.trial_gpu[node], s.need[kind])
    change = here - s.places[node].trial_room
    s.places[node].trial_room = here
    return change


@njit(nogil=True)
def forget(s):
    """End a trial."""
    for at in range(s.count[TOUCHED]):
        s.places[s.places[at].touched].is_touched = 0
    s.count[TOUCHED] = 0
    s.sums[LESS] = 0


# Candidates ------------------------------------------------------------------------------------------------


@njit(nogil=True)
def candidate(s, job, owner, begun, priority):
    """Whether a movable job of ``owner`` that runs may leave for ``job``; ``legal`` holds whose jobs may."""
    now = s.clock[NOW]
    if begun >= now or begun + s.amount[MIN_RUN] > now:
        return False
    low = priority < s.jobs[job].priority
    if owner == s.jobs[job].owner:
        return low and s.rule[PREEMPT] != 0
    return s.tenants[owner].legal != 0 and (s.rule[RECLAIM] == ANY or low)


@njit(nogil=True)
def runs_of(s, tenant):
    """From where to where the movable jobs of a tenant stand among ``runs``."""
    first = s.tenants[tenant].first_run
    return first, first + s.tenants[tenant].some_runs


@njit(nogil=True)
def goes_first(s, job, a, b):
    """Whether candidate ``a`` leaves before ``b``: lowest priority, others, latest start, lowest number."""
    if s.jobs[a].priority != s.jobs[b].priority:
        return s.jobs[a].priority < s.jobs[b].priority
    own_a, own_b = s.jobs[a].owner == s.jobs[job].owner, s.jobs[b].owner == s.jobs[job].owner
    if own_a != own_b:
        return own_b
    if s.jobs[a].begun != s.jobs[b].begun:
        return s.jobs[a].begun > s.jobs[b].begun
    return a < b


@njit(nogil=True)
def comes_next(s, job, after, one, best):
    """Whether ``one`` is a candidate that leaves after ``after`` and before ``best``, if these are jobs."""
    return (
        (best == NOBODY or goes_first(s, job, one, best))
        and (after == NOBODY or goes_first(s, job, after, one))
        and candidate(s, job, s.jobs[one].owner, s.jobs[one].begun, s.jobs[one].priority)
    )


@njit(nogil=True)
def next_candidate(s, job, after, node, lawful):
    """The first candidate after ``after`` (NOBODY for the first of all) of those that are asked for.

    ``node`` names a node on which it runs; with NOBODY it runs for one of the tenants with ``lawful`` set.
    """
    best = NOBODY
    if node != NOBODY:
        one = s.places[node].on_node
        while one != NOBODY:
            if s.jobs[one].movable and comes_next(s, job, after, one, best):
                best = one
            one = s.jobs[one].by_node_0
        return best
    for tenant in range(s.rule[TENANTS]):
        if lawful[tenant] != 0:
            start, end = runs_of(s, tenant)
            for at in range(start, end):
                if comes_next(s, job, after, s.runs[at].job, best):
                    best = s.runs[at].job
    return best


@njit(nogil=True)
def set_legal(s, job):
    """Note whose jobs may leave; whether there are any candidates."""
    owner = s.jobs[job].owner
    for tenant in range(s.rule[TENANTS]):
        s.tenants[tenant].legal = s.rule[RECLAIM] != NEVER and borrows(s, job, tenant)
    for tenant in range(s.rule[TENANTS]):
        if s.tenants[tenant].legal == 0 and tenant != owner:
            continue
        start, end = runs_of(s, tenant)
        for at in range(start, end):
            if candidate(s, job, tenant, s.runs[at].begun, s.runs[at].priority):
                return True
    return False


# The search ------------------------------------------------------------------------------------------------


@njit(nogil=True)
def solve(s, job, node, lawful):
    """Victims on a node (NOBODY where there is room) and for the quotas, into ``chosen``; -1 if too few."""
    owner, number = s.jobs[job].owner, 0
    total = 1 if node == NOBODY else 0
    one = NOBODY
    while total < 1:
        one = next_candidate(s, job, one, node, lawful)
        if one == NOBODY:
            return -1
        if s.jobs[one].owner == owner or borrows(s, job, s.jobs[one].owner):
            total += remove(s, job, one, 1)
            s.jobs[number].chosen = one
            number += 1
    one = NOBODY
    while True:
        at = blocked(s, job)
        if at == NOBODY:
            break
        for tenant in range(s.rule[TENANTS]):
            lawful[tenant] = counts_at(s, tenant, at) and (tenant == owner or borrows(s, job, tenant))
        one = next_candidate(s, job, one, NOBODY, lawful)
        if one == NOBODY:
            return -1
        taken = False
        for place in range(number):
            taken = taken or s.jobs[place].chosen == one
        if not taken:
            total += remove(s, job, one, 1)
            s.jobs[number].chosen = one
            number += 1
    own = False
    for place in range(number - 1, -1, -1):
        one = s.jobs[place].chosen
        total += remove(s, job, one, -1)
        if total >= 1 and blocked(s, job) == NOBODY:
            s.jobs[place].chosen = NOBODY
        else:
            total += remove(s, job, one, 1)
            own = own or s.jobs[one].owner == owner
    kept = 0
    for place in range(number):
        if s.jobs[place].chosen != NOBODY:
            s.jobs[kept].chosen = s.jobs[place].chosen
            kept += 1
    return -1 if own and borrows_more(s, job) else kept


@njit(nogil=True)
def clear(s, job):
    """Let all candidates leave, on trial: ``bare`` holds their nodes, ``bared`` which; how many nodes.

    What is read for each of them is taken out of ``s`` once: this is where a search spends its time.
    """
    runs, tenants, bare, bared, nodes, needs = s.runs, s.tenants, s.bare, s.bared, s.nodes, s.need
    allowed, now, min_run, priority = (
        s.allowed[s.jobs[job].kind],
        s.clock[NOW],
        s.amount[MIN_RUN],
        s.jobs[job].priority,
    )
    gpus, number = s.trial_gpu.shape[1], 0
    s.count[SEARCHES] += 1
    search = s.count[SEARCHES]
    for tenant in range(s.rule[TENANTS]):
        own = tenant == s.jobs[job].owner
        if (own and s.rule[PREEMPT] == 0) or (not own and tenants[tenant].legal == 0):
            continue
        low = own or s.rule[RECLAIM] != ANY
        start, end = runs_of(s, tenant)
        for at in range(start, end):
            begun = runs[at].begun
            if begun >= now or begun + min_run > now or (low and runs[at].priority >= priority):
                continue
            here = bare[runs[at].node]
            model = here[BARE_MODEL]
            if model == NOBODY or allowed[model] == 0:
                continue
            if here[BARE_SEARCH] != search:
                node = runs[at].node
                here[BARE_SEARCH], here[BARE_HELD] = search, 0
                here[BARE_CPU], here[BARE_MEMORY] = nodes[node, cluster.CPU], nodes[node, cluster.MEMORY]
                for g in range(gpus):
                    here[BARE_GPU + g] = nodes[node, cluster.FIRST + g]
                bared[number] = node
                number += 1
            need, mask, g = needs[runs[at].kind], runs[at].mask, BARE_GPU
            here[BARE_CPU] += need[0]
            here[BARE_MEMORY] += need[1]
            here[BARE_HELD] += need[2] * need[3] + need[0]
            while mask != 0:
                if mask & 1:
                    here[g] += need[3]
                mask >>= 1
                g += 1
    return number


@njit(nogil=True)
def cheapest(s, job, nodes):
    """Nodes on which the job fits once all candidates there have left, the cheapest first; how many.

    Cheap is what holds least, in thousandths of GPUs and of cores, for each task that would fit.
    """
    found, bare, bared = 0, s.bare, s.bared
    need = s.need[s.jobs[job].kind]
    ratios = np.empty(TRIED)
    for at in range(clear(s, job)):
        node = bared[at]
        here = bare[node]
        if here[BARE_CPU] < need[0] or here[BARE_MEMORY] < need[1]:
            continue
        room = slots(here[BARE_CPU], here[BARE_MEMORY], here[BARE_GPU:], need)
        if room == 0:
            continue
        ratio = here[BARE_HELD] / room
        last = TRIED - 1
        if found == TRIED and (ratio > ratios[last] or (ratio == ratios[last] and node > nodes[last])):
            continue
        place = min(found, last)
        while place > 0 and (
            ratios[place - 1] > ratio or (ratios[place - 1] == ratio and nodes[place - 1] > node)
        ):
            ratios[place], nodes[place] = ratios[place - 1], nodes[place - 1]
            place -= 1
        ratios[place], nodes[place] = ratio, node
        found = min(found + 1, TRIED)
    return found


@njit(nogil=True)
def has_room(s, job):
    """Whether the job fits anywhere now."""
    kind = s.jobs[job].kind
    row = s.sorts[kind].row
    cluster.refresh(
        s.rule[POLICY], s.sorts[kind].number, row, s.nodes, s.kinds, s.target, s.shares, s.table, s.weights,
        s.scores, s.bests, s.log, s.last, s.seen, s.tick,
    )  # fmt: skip
    none = 0.0 if s.rule[POLICY] == cluster.RANDOM else cluster.NO
    for group in range(cluster.blocks_of(s.places.size), s.bests.shape[0]):
        if s.bests[group, row] > none:
            return True
    return False


@njit(nogil=True)
def find(s, job):
    """The jobs that make room for ``job`` into ``best``; how many, 0 if the rules leave too few."""
    lawful = np.zeros(s.rule[TENANTS], dtype=np.int64)
    if not set_legal(s, job):
        return 0
    if has_room(s, job):
        number = max(0, solve(s, job, NOBODY, lawful))
        for place in range(number):
            s.jobs[place].best = s.jobs[place].chosen
        forget(s)
        return number
    nodes = np.empty(TRIED, dtype=np.int64)
    best, best_top, best_lost = 0, 0, 0.0
    for at in range(cheapest(s, job, nodes)):
        number = solve(s, job, nodes[at], lawful)
        forget(s)
        if number <= 0:
            continue
        top, lost = s.jobs[s.jobs[0].chosen].priority, 0.0
        for place in range(number):
            one = s.jobs[place].chosen
            top = max(top, s.jobs[one].priority)
            lost += (s.asks[GPU, one] + s.asks[CPU, one]) * (s.clock[NOW] - s.jobs[one].begun)
        if (
            best == 0
            or top < best_top
            or (top == best_top and (lost < best_lost or (lost == best_lost and number < best)))
        ):
            best, best_top, best_lost = number, top, lost
            for place in range(number):
                s.jobs[place].best = s.jobs[place].chosen
    return best
