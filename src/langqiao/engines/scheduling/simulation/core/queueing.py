"""Queues, quotas, shares and meters of the compiled loop: lanes.py, quota.py, shares.py, meter.py."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import math

import numpy as np
from numba import njit

from .state import (
    BORROWS,
    CAPACITY,
    CHANGES,
    CITY,
    CPU,
    CPU_STANDS,
    END,
    ENERGY,
    FAIR,
    GPU,
    GPU_STANDS,
    HALF_LIFE,
    HEAP,
    JOB,
    LIMIT,
    LIMITED,
    LIVE,
    METER_AT,
    NOBODY,
    NOMINAL,
    NOW,
    ORDER,
    OVERRUN,
    OWN,
    PASSED,
    PAST_AT,
    POWER,
    PRIORITY,
    QUEUED,
    READY,
    SHARE,
    SHARE_AT,
    SJF,
    STANDING,
    TURN,
    USE,
    WAITING,
    WANTING,
    WEIGHT,
)

# Events ----------------------------------------------------------------------------------------------------


@njit(nogil=True)
def earlier(s, a, b):
    """Whether event ``a`` of the heap comes before ``b``."""
    if s.events[a].at != s.events[b].at:
        return s.events[a].at < s.events[b].at
    if s.events[a].what != s.events[b].what:
        return s.events[a].what < s.events[b].what
    if s.events[a].first != s.events[b].first:
        return s.events[a].first < s.events[b].first
    return s.events[a].second < s.events[b].second


@njit(nogil=True)
def swap(s, a, b):
    """Let two events change places."""
    s.events[a].at, s.events[b].at = s.events[b].at, s.events[a].at
    s.events[a].what, s.events[b].what = s.events[b].what, s.events[a].what
    s.events[a].first, s.events[b].first = s.events[b].first, s.events[a].first
    s.events[a].second, s.events[b].second = s.events[b].second, s.events[a].second


@njit(nogil=True)
def push(s, at, what, first, second):
    """Something will happen."""
    place = s.count[HEAP]
    s.count[HEAP] += 1
    s.events[place].at, s.events[place].what, s.events[place].first, s.events[place].second = (
        at,
        what,
        first,
        second,
    )
    s.count[LIVE] += what == END
    while place > 0:
        above = (place - 1) >> 1
        if not earlier(s, place, above):
            break
        swap(s, place, above)
        place = above


@njit(nogil=True)
def drop(s):
    """Take the first event out of the heap."""
    s.count[HEAP] -= 1
    size = s.count[HEAP]
    swap(s, 0, size)
    s.count[LIVE] -= s.events[size].what == END
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and earlier(s, below + 1, below):
            below += 1
        if not earlier(s, below, place):
            break
        swap(s, place, below)
        place = below


# Jobs ------------------------------------------------------------------------------------------------------


@njit(nogil=True)
def estimate(s, job):
    """Seconds that its owner thinks it still needs, a restart's cost included."""
    said = s.jobs[job].estimate
    if math.isnan(said):
        return s.jobs[job].left + s.jobs[job].overhead
    done = s.jobs[job].duration - s.jobs[job].left
    return max(said - done, s.amount[OVERRUN] if done > 0.0 else said) + s.jobs[job].overhead


@njit(nogil=True)
def before(s, a, b):
    """Whether job ``a`` stands before job ``b`` in their lane."""
    if s.jobs[a].priority != s.jobs[b].priority:
        return s.jobs[a].priority > s.jobs[b].priority
    if s.jobs[a].order != s.jobs[b].order:
        return s.jobs[a].order < s.jobs[b].order
    return a < b


@njit(nogil=True)
def meld(s, a, b):
    """One skew heap of two (Sleator & Tarjan 1986); its root."""
    if a == NOBODY:
        return b
    if b == NOBODY:
        return a
    if before(s, b, a):
        a, b = b, a
    root = a
    while True:  # ``a`` stands before ``b``: b goes into what was a's right, which becomes its left
        right = s.jobs[a].child_1
        s.jobs[a].child_1 = s.jobs[a].child_0
        if right == NOBODY:
            s.jobs[a].child_0 = b
            return root
        if before(s, b, right):
            right, b = b, right
        s.jobs[a].child_0 = right
        a = right


# Lanes -----------------------------------------------------------------------------------------------------


@njit(nogil=True)
def make_ready(s, lane):
    """The next pass looks at a lane."""
    s.lanes[lane].is_ready = 1
    if s.lanes[lane].is_listed == 0:
        s.lanes[lane].is_listed = 1
        s.lanes[s.count[READY]].ready = lane
        s.count[READY] += 1


@njit(nogil=True)
def queue(s, job):
    """A job waits (again)."""
    lane, owner = s.jobs[job].lane, s.jobs[job].owner
    s.jobs[job].order = estimate(s, job) if s.rule[SJF] else s.jobs[job].submitted
    s.jobs[job].child_0 = s.jobs[job].child_1 = NOBODY
    s.lanes[lane].head = meld(s, s.lanes[lane].head, job)
    s.count[WAITING] += 1
    s.tenants[owner].backlog += 1
    if s.lanes[lane].head == job:
        make_ready(s, lane)


@njit(nogil=True)
def serve(s, lane):
    """The head of a lane has been served."""
    job = s.lanes[lane].head
    s.lanes[lane].head = meld(s, s.jobs[job].child_0, s.jobs[job].child_1)
    s.count[WAITING] -= 1
    s.tenants[s.lanes[lane].lane_owner].backlog -= 1


@njit(nogil=True)
def release(s, tenant):
    """Nobody of this tenant is held back any more."""
    s.tenants[tenant].holder_0 = s.tenants[tenant].holder_1 = NOBODY
    lane = s.tenants[tenant].eldest
    while lane != NOBODY:
        if s.lanes[lane].head != NOBODY:
            make_ready(s, lane)
        lane = s.lanes[lane].sister


@njit(nogil=True)
def leave_quota(s, lane):
    """A lane no longer waits for a quota."""
    node, resource = s.lanes[lane].waits_at_0, s.lanes[lane].waits_at_1
    if node == NOBODY:
        return
    after, prior = s.lanes[lane].at_quota_0, s.lanes[lane].at_quota_1
    if prior == NOBODY:
        s.sums[QUEUED, resource, node] = after
    else:
        s.lanes[prior].at_quota_0 = after
    if after != NOBODY:
        s.lanes[after].at_quota_1 = prior
    s.lanes[lane].waits_at_0, s.lanes[lane].waits_at_1, s.lanes[lane].waits_at_2 = NOBODY, 0, 0


@njit(nogil=True)
def wait_for_quota(s, lane, node, resource, amount):
    """The head does not fit into a quota: it waits until ``amount`` is left there."""
    leave_quota(s, lane)
    s.lanes[lane].waits_at_0, s.lanes[lane].waits_at_1, s.lanes[lane].waits_at_2 = node, resource, amount
    after = s.sums[QUEUED, resource, node]
    s.lanes[lane].at_quota_0, s.lanes[lane].at_quota_1 = after, NOBODY
    if after != NOBODY:
        s.lanes[after].at_quota_1 = lane
    s.sums[QUEUED, resource, node] = lane


@njit(nogil=True)
def wake_quota(s, tenant):
    """Less is used on the path of a tenant: whoever waits there and fits now."""
    for resource in range(2):
        for step in range(3):
            node = s.path[tenant, step]
            lane = s.sums[QUEUED, resource, node]
            free = s.sums[LIMIT, resource, node] - s.sums[USE, resource, node]
            while lane != NOBODY:
                after = s.lanes[lane].at_quota_0
                if s.lanes[lane].waits_at_2 <= free:
                    leave_quota(s, lane)
                    make_ready(s, lane)
                    owner = s.lanes[lane].lane_owner
                    if s.tenants[owner].holder_0 == lane:
                        release(s, owner)
                lane = after


@njit(nogil=True)
def want(s, lane):
    """The head of a lane may displace others but could not: it tries again later."""
    if s.lanes[lane].is_wanting == 0:
        s.lanes[lane].is_wanting = 1
        s.lanes[s.count[WANTING]].wanting = lane
        s.count[WANTING] += 1


# Quotas ----------------------------------------------------------------------------------------------------


@njit(nogil=True)
def blocks(s, job):
    """The first (quota node, resource) at which a job does not fit, from the tenant up; (NOBODY, 0)."""
    owner = s.jobs[job].owner
    for step in range(3):
        node = s.path[owner, step]
        for resource in range(2):
            asked = s.asks[resource, job]
            if asked > 0 and s.sums[USE, resource, node] + asked > s.sums[LIMIT, resource, node]:
                return node, resource
    return NOBODY, 0


@njit(nogil=True)
def within(s, node, job):
    """Whether a job stays inside the nominal quota of a quota node."""
    for resource in range(2):
        asked = s.asks[resource, job]
        if asked > 0 and s.sums[USE, resource, node] + asked > s.sums[NOMINAL, resource, node]:
            return False
    return True


@njit(nogil=True)
def charge(s, job, sign):
    """A job starts (1) or leaves (-1)."""
    owner = s.jobs[job].owner
    for step in range(3):
        if step < 2:  # the root has no share
            s.decay[SHARE_AT, s.path[owner, step]] = math.nan
        for resource in range(2):
            s.sums[USE, resource, s.path[owner, step]] += sign * s.asks[resource, job]


# Shares and meters -----------------------------------------------------------------------------------------


@njit(nogil=True)
def share(s, node):
    """Dominant share of a tenant or city over its weight; kept until its use changes or time passes."""
    if s.decay[SHARE_AT, node] == s.clock[NOW]:
        return s.decay[SHARE, node]
    gpu, cpu = float(s.sums[USE, GPU, node]), float(s.sums[USE, CPU, node])
    if s.amount[HALF_LIFE] != 0.0:
        half = 0.5 * np.exp2((s.decay[PAST_AT, node] - s.clock[NOW]) / s.amount[HALF_LIFE])
        gpu = half * s.decay[GPU, node] + (1.0 - half) * gpu
        cpu = half * s.decay[CPU, node] + (1.0 - half) * cpu
    found = max(cpu / s.amount[CPU_STANDS], gpu / s.amount[GPU_STANDS]) / s.decay[WEIGHT, node]
    s.decay[SHARE, node], s.decay[SHARE_AT, node] = found, s.clock[NOW]
    return found


@njit(nogil=True)
def present(s, tenant):
    """Dominant share of what is held now over the weight, whatever the past."""
    gpu = s.sums[USE, GPU, tenant] / s.amount[GPU_STANDS]
    return max(gpu, s.sums[USE, CPU, tenant] / s.amount[CPU_STANDS]) / s.decay[WEIGHT, tenant]


@njit(nogil=True)
def settle(s, tenant):
    """Integrate the use of a tenant, and let the past decay, before its use changes."""
    now = s.clock[NOW]
    elapsed = now - s.tenants[tenant].settled
    if elapsed > 0.0:
        s.tenants[tenant].settled = now
        gpu, cpu = s.sums[USE, GPU, tenant], s.sums[USE, CPU, tenant]
        if gpu != 0 or cpu != 0:
            s.tenants[tenant].held_0 += gpu * elapsed
            s.tenants[tenant].held_1 += cpu * elapsed
            over = gpu - s.sums[NOMINAL, GPU, tenant]
            if over > 0:
                s.tenants[tenant].held_2 += over * elapsed
            s.tenants[tenant].held_3 += max(gpu / s.amount[GPU_STANDS], cpu / s.amount[CPU_STANDS]) * elapsed
    if s.amount[HALF_LIFE] == 0.0:
        return
    for step in range(2):
        node = s.path[tenant, step]
        elapsed = now - s.decay[PAST_AT, node]
        if elapsed > 0.0:
            keep = np.exp2(-elapsed / s.amount[HALF_LIFE])
            for resource in range(2):
                past = s.decay[resource, node]
                s.decay[resource, node] = past * keep + s.sums[USE, resource, node] * (1.0 - keep)
            s.decay[PAST_AT, node] = now


@njit(nogil=True)
def work(s, job, sign):
    """A job starts (1) or stops (-1) to draw power."""
    node = s.jobs[job].node
    elapsed = s.clock[NOW] - s.clock[METER_AT]
    s.clock[CAPACITY] += s.rule[STANDING] * elapsed
    s.clock[ENERGY] += s.clock[POWER] * elapsed
    s.clock[METER_AT] = s.clock[NOW]
    units = s.asks[GPU, job] if s.places[node].gpus > 0 else s.asks[CPU, job]
    s.clock[POWER] += sign * s.places[node].slope * units


# Ranks -----------------------------------------------------------------------------------------------------


@njit(nogil=True)
def set_rank(s, lane):
    """Where the head of a lane stands: within quota first, then priority, then the order of the rules."""
    job, tenant = s.lanes[lane].head, s.lanes[lane].lane_owner
    borrowed = s.rule[LIMITED] != 0 and not within(s, tenant, job)
    s.rank[lane, BORROWS] = 1.0 if borrowed else 0.0
    s.rank[lane, PRIORITY] = float(-s.jobs[job].priority)
    if s.rule[FAIR]:
        s.rank[lane, CITY] = share(s, s.path[tenant, 1])
        s.rank[lane, OWN] = share(s, tenant)
        s.rank[lane, PASSED] = 1.0 if job != s.count[TURN] else 0.0
    s.rank[lane, ORDER] = s.jobs[job].order
    s.rank[lane, JOB] = float(job)
    s.lanes[lane].rank_age = s.count[CHANGES]


@njit(nogil=True)
def ahead(rank, a, b):
    """Whether lane ``a`` ranks before lane ``b``."""
    for part in range(rank.shape[1]):
        if rank[a, part] != rank[b, part]:
            return rank[a, part] < rank[b, part]
    return False


@njit(nogil=True)
def put_ranked(s, size, lane):
    """Put a lane into the heap of a pass, which has ``size``; its new size."""
    rank, ranked, place = s.rank, s.ranked, size
    while place > 0:
        above = (place - 1) >> 1
        if not ahead(rank, lane, ranked[above]):
            break
        ranked[place] = ranked[above]
        place = above
    ranked[place] = lane
    return size + 1


@njit(nogil=True)
def take_ranked(s, size):
    """Take the first lane out of the heap of a pass: (lane, new size)."""
    rank, ranked, place = s.rank, s.ranked, 0
    first, size = ranked[0], size - 1
    lane = ranked[size]
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and ahead(rank, ranked[below + 1], ranked[below]):
            below += 1
        if not ahead(rank, ranked[below], lane):
            break
        ranked[place] = ranked[below]
        place = below
    ranked[place] = lane
    return first, size
