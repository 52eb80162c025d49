"""The compiled loop: what simulator.py and dispatch.py say, for arrivals, starts, ends and samples."""

# numba infers the types of arguments and fixes their order, so annotations and keywords would be decoration
# ruff: noqa: ANN001, ANN201, C901, SIM110
# mypy: disable-error-code="no-untyped-def, misc"

from __future__ import annotations

import math

from numba import njit

from langqiao.engines.scheduling import kernels as cluster
from langqiao.engines.scheduling.simulation.kernels import slots

from .queueing import (
    ahead,
    blocks,
    charge,
    drop,
    estimate,
    make_ready,
    present,
    push,
    put_ranked,
    queue,
    release,
    serve,
    set_rank,
    settle,
    take_ranked,
    wait_for_quota,
    wake_quota,
    want,
    within,
    work,
)
from .state import (
    ABOVE,
    AGAIN,
    ARRIVE,
    ASKING,
    CHANGES,
    DISPLACES,
    DONE,
    END,
    EVENTS,
    FAIR,
    FRESH,
    GPU,
    HEAP,
    HOLDS,
    LIMITED,
    LIVE,
    METERED,
    NEXT,
    NOBODY,
    NOW,
    OVER,
    POLICY,
    READY,
    RECLAIM_EVERY,
    REJECTED,
    RESTART,
    RESTART_COST,
    RETRY,
    RUNNING,
    RUNS,
    SAMPLE,
    SAMPLE_EVERY,
    SAMPLED,
    SAMPLES,
    STANDING,
    STARTS,
    STRICT,
    TENANTS,
    TURN,
    USE,
    WAITING,
    WAITS,
    WANTING,
)
from .victims import find, may_displace

OVER_NOW, BEAT, MORE_EVENTS, MORE_SAMPLES = range(4)  # why the loop stands still
GONE, QUOTA, ROOM = range(3)


# Room ------------------------------------------------------------------------------------------------------


@njit(nogil=True)
def openings(s):
    """Mark in ``fits`` the kinds of which one fits on a node that has more room."""
    for kind in range(s.sorts.size):
        s.sorts[kind].fits = 0
    for at in range(s.count[FRESH]):
        node = s.places[at].fresh
        if s.places[node].usable == 0:
            continue
        gpu = s.nodes[node, cluster.FIRST : cluster.FIRST + s.trial_gpu.shape[1]]
        for kind in range(s.sorts.size):
            if (
                s.sorts[kind].fits == 0
                and (s.sorts[kind].full != 0 or s.sorts[kind].waits != NOBODY or s.sorts[kind].woken != 0)
                and s.allowed[kind, s.places[node].model] != 0
                and slots(s.nodes[node, cluster.CPU], s.nodes[node, cluster.MEMORY], gpu, s.need[kind]) > 0
            ):
                s.sorts[kind].fits = 1


@njit(nogil=True)
def wake(s):
    """Lanes that wait for room are ready, and full kinds are not, where one now fits on a node."""
    if s.count[FRESH] == 0:
        return
    openings(s)
    for kind in range(s.sorts.size):
        s.sorts[kind].woken = s.sorts[kind].full != 0 and s.sorts[kind].fits != 0
        if s.sorts[kind].fits == 0:
            continue
        s.sorts[kind].full = 0
        lane = s.sorts[kind].waits
        s.sorts[kind].waits = NOBODY
        while lane != NOBODY:
            s.lanes[lane].for_room = 0
            make_ready(s, lane)
            lane = s.lanes[lane].kin


@njit(nogil=True)
def recheck(s, node):
    """Room on a node has gone to a job: woken kinds that no longer fit are full again."""
    if s.places[node].is_fresh == 0:
        return
    asked = False
    for kind in range(s.sorts.size):
        if s.sorts[kind].woken:
            if not asked:
                asked = True
                openings(s)
            if s.sorts[kind].fits == 0:
                s.sorts[kind].full = 1


# Jobs ------------------------------------------------------------------------------------------------------


@njit(nogil=True)
def enlist(s, job):
    """A job that may be displaced runs: it stands among ``runs``."""
    owner = s.jobs[job].owner
    spot = s.tenants[owner].first_run + s.tenants[owner].some_runs
    s.tenants[owner].some_runs += 1
    s.jobs[job].spot = spot
    s.runs[spot].job, s.runs[spot].begun, s.runs[spot].priority = job, s.jobs[job].begun, s.jobs[job].priority
    s.runs[spot].node, s.runs[spot].kind, s.runs[spot].mask = (
        s.jobs[job].node, s.jobs[job].kind, s.jobs[job].mask,
    )  # fmt: skip


@njit(nogil=True)
def strike(s, job):
    """It no longer does; the last of its tenant takes its spot."""
    owner, spot = s.jobs[job].owner, s.jobs[job].spot
    s.tenants[owner].some_runs -= 1
    last = s.tenants[owner].first_run + s.tenants[owner].some_runs
    if last != spot:
        other = s.runs[last].job
        s.jobs[other].spot = spot
        s.runs[spot].job, s.runs[spot].begun, s.runs[spot].priority = (
            other, s.runs[last].begun, s.runs[last].priority,
        )  # fmt: skip
        s.runs[spot].node, s.runs[spot].kind, s.runs[spot].mask = (
            s.runs[last].node, s.runs[last].kind, s.runs[last].mask,
        )  # fmt: skip


@njit(nogil=True)
def start(s, job, node, mask):
    """A job has been placed: it runs."""
    owner, now = s.jobs[job].owner, s.clock[NOW]
    settle(s, owner)
    charge(s, job, 1)
    s.jobs[job].ends = now + estimate(s, job)
    s.jobs[job].state = RUNS
    s.jobs[job].epoch += 1
    s.jobs[job].begun = now
    if math.isnan(s.jobs[job].started):
        s.jobs[job].started = now
    s.jobs[job].node, s.jobs[job].mask = node, mask
    first = s.places[node].on_node
    s.jobs[job].by_node_0, s.jobs[job].by_node_1 = first, NOBODY
    if first != NOBODY:
        s.jobs[first].by_node_1 = job
    s.places[node].on_node = job
    if s.jobs[job].movable:
        enlist(s, job)
    recheck(s, node)
    if s.rule[METERED]:
        work(s, job, 1)
    s.levels[owner, s.jobs[job].level] += s.jobs[job].movable
    s.count[RUNNING] += 1
    s.count[STARTS] += 1
    s.count[CHANGES] += 1
    push(s, now + s.jobs[job].overhead + s.jobs[job].left, END, job, s.jobs[job].epoch)


@njit(nogil=True)
def leave(s, job):
    """A job gives back what it holds."""
    owner, node = s.jobs[job].owner, s.jobs[job].node
    settle(s, owner)
    charge(s, job, -1)
    cluster.release(
        node, s.sorts[s.jobs[job].kind].number, s.jobs[job].mask, s.nodes, s.kinds, s.log, s.last, s.tick
    )
    if s.places[node].is_fresh == 0:
        s.places[node].is_fresh = 1
        s.places[s.count[FRESH]].fresh = node
        s.count[FRESH] += 1
    after, prior = s.jobs[job].by_node_0, s.jobs[job].by_node_1
    if prior == NOBODY:
        s.places[node].on_node = after
    else:
        s.jobs[prior].by_node_0 = after
    if after != NOBODY:
        s.jobs[after].by_node_1 = prior
    if s.jobs[job].movable:
        strike(s, job)
    if s.rule[METERED]:
        work(s, job, -1)
    s.levels[owner, s.jobs[job].level] -= s.jobs[job].movable
    s.count[RUNNING] -= 1
    if s.rule[LIMITED]:
        wake_quota(s, owner)


@njit(nogil=True)
def displace(s, job):
    """A job makes room for another, at once, and waits again."""
    leave(s, job)
    s.jobs[job].epoch += 1
    s.jobs[job].state = WAITS
    if s.rule[RESTART]:
        s.jobs[job].left = s.jobs[job].duration
    else:
        kept = max(0.0, s.clock[NOW] - s.jobs[job].begun - s.jobs[job].overhead)
        s.jobs[job].left = max(0.0, s.jobs[job].left - kept)
    s.jobs[job].overhead = s.amount[RESTART_COST]
    s.jobs[job].preemptions += 1
    s.tenants[s.jobs[job].owner].preempted += 1
    s.count[CHANGES] += 1
    queue(s, job)


@njit(nogil=True)
def arrive(s, job):
    """A job is submitted: it waits, or is rejected because it can never run."""
    if s.jobs[job].refused == 0:
        queue(s, job)
        return
    if s.jobs[job].refused == ABOVE:
        s.jobs[job].refused_at_2 = s.sums[USE, s.jobs[job].refused_at_1, s.jobs[job].refused_at_0]
        s.jobs[job].refused_at_3 = not within(s, s.jobs[job].owner, job)
    s.jobs[job].state = REJECTED
    s.jobs[job].ended = s.clock[NOW]
    s.count[OVER] += 1


# A pass ----------------------------------------------------------------------------------------------------


@njit(nogil=True)
def place(s, job):
    """Start a job if there is room for it; remember if there is none."""
    kind = s.jobs[job].kind
    if s.sorts[kind].full:
        return False
    node, mask = cluster.place(
        s.rule[POLICY], s.sorts[kind].number, s.sorts[kind].row, s.nodes, s.kinds, s.target, s.shares,
        s.table, s.weights, s.scores, s.bests, s.log, s.last, s.seen, s.tick, s.random,
    )  # fmt: skip
    if node < 0:
        s.sorts[kind].full = 1
        return False
    start(s, job, node, mask)
    return True


@njit(nogil=True)
def ask_again(s):
    """Jobs that may displace others but found too few try again after a while."""
    if s.count[ASKING] == 0:
        s.count[ASKING] = 1
        push(s, s.clock[NOW] + s.amount[RECLAIM_EVERY], RETRY, 0, 0)


@njit(nogil=True)
def make_room(s, job, lane):
    """Let others make room for a job, if the rules allow it; whether it started."""
    if s.clock[NOW] < s.jobs[job].patience or not may_displace(s, job):
        return False
    number = find(s, job)
    if number == 0:
        want(s, lane)
        s.jobs[job].patience = s.clock[NOW] + s.amount[RECLAIM_EVERY]
        ask_again(s)
        return False
    for at in range(number):
        displace(s, s.jobs[at].best)
    s.count[AGAIN] = 1
    s.sorts[s.jobs[job].kind].full = 0
    return place(s, job)


@njit(nogil=True)
def attempt(s, job, lane):
    """Start a job, or say what it waits for."""
    if s.rule[LIMITED]:
        node, resource = blocks(s, job)
        if node != NOBODY:
            if s.rule[DISPLACES] and make_room(s, job, lane):
                return GONE
            wait_for_quota(s, lane, node, resource, s.asks[resource, job])
            return QUOTA
    if place(s, job):
        return GONE
    if s.rule[DISPLACES] and make_room(s, job, lane):
        return GONE
    return ROOM


@njit(nogil=True)
def held_back(s, lane):
    """Whether another job of its tenant, which waits for quota, goes before the head of a lane."""
    tenant, job = s.lanes[lane].lane_owner, s.lanes[lane].head
    other = s.tenants[tenant].holder_1
    if other == NOBODY:
        return False
    if s.tenants[tenant].holder_key_0 != -s.jobs[job].priority:
        return s.tenants[tenant].holder_key_0 < -s.jobs[job].priority
    if s.tenants[tenant].holder_key_1 != s.jobs[job].order:
        return s.tenants[tenant].holder_key_1 < s.jobs[job].order
    return other < job


@njit(nogil=True)
def stays(s, lane, came):
    """The head of a lane waits on; whether nobody may pass it."""
    job, tenant = s.lanes[lane].head, s.lanes[lane].lane_owner
    if came == QUOTA:
        if s.rule[HOLDS]:
            s.tenants[tenant].holder_0, s.tenants[tenant].holder_1 = lane, job
            s.tenants[tenant].holder_key_0, s.tenants[tenant].holder_key_1 = (
                -s.jobs[job].priority,
                s.jobs[job].order,
            )
        return False
    if s.rule[STRICT]:
        make_ready(s, lane)
        if s.rule[FAIR]:
            s.count[TURN] = job
        return True
    kind = s.lanes[lane].lane_kind
    if s.lanes[lane].for_room == 0:
        s.lanes[lane].for_room = 1
        s.lanes[lane].kin = s.sorts[kind].waits
        s.sorts[kind].waits = lane
    return False


@njit(nogil=True)
def stale(s, lane):
    """Whether others come before a lane now that shares have changed; it is ranked anew."""
    rank, old = s.rank, s.rank.shape[0] - 1
    rank[old] = rank[lane]
    set_rank(s, lane)
    return ahead(rank, old, lane)


@njit(nogil=True)
def serve_all(s):
    """Try the heads of all ready lanes; whether the rules forbid to look further."""
    size = 0
    ready = s.count[READY]
    s.count[READY] = 0
    for at in range(ready):
        lane = s.lanes[at].ready
        s.lanes[lane].is_listed = 0
        if s.lanes[lane].head == NOBODY:
            s.lanes[lane].is_ready = 0
        if s.lanes[lane].is_ready == 0:
            continue
        set_rank(s, lane)
        size = put_ranked(s, size, lane)
    while size > 0:
        lane, size = take_ranked(s, size)
        if size > 0 and s.lanes[lane].rank_age != s.count[CHANGES] and stale(s, lane):
            size = put_ranked(s, size, lane)
            continue
        s.lanes[lane].is_ready = 0
        if held_back(s, lane):
            continue
        job, tenant = s.lanes[lane].head, s.lanes[lane].lane_owner
        holder = s.tenants[tenant].holder_1
        came = attempt(s, job, lane)
        if came == GONE:
            serve(s, lane)
            if holder == job:
                release(s, tenant)
            if s.lanes[lane].head != NOBODY:
                s.lanes[lane].is_ready = 1
                set_rank(s, lane)
                size = put_ranked(s, size, lane)
        elif stays(s, lane, came):
            for at in range(size):
                make_ready(s, s.ranked[at])
            return True
    return False


@njit(nogil=True)
def some_ready(s):
    """Whether a lane is ready."""
    for at in range(s.count[READY]):
        if s.lanes[s.lanes[at].ready].is_ready:
            return True
    return False


@njit(nogil=True)
def dispatch(s):
    """Start whatever may start now, in the order of the rules, until nothing more can."""
    while True:
        wake(s)
        stopped = serve_all(s)
        if s.count[AGAIN] == 0 and (stopped or not some_ready(s)):
            break
        s.count[AGAIN] = 0
    for at in range(s.count[FRESH]):
        s.places[s.places[at].fresh].is_fresh = 0
    s.count[FRESH] = 0
    for kind in range(s.sorts.size):
        s.sorts[kind].woken = 0


# Moments ---------------------------------------------------------------------------------------------------


@njit(nogil=True)
def retry(s):
    """Lanes whose head found nobody to displace are ready again."""
    s.count[ASKING] = 0
    wanting = s.count[WANTING]
    s.count[WANTING] = 0
    for at in range(wanting):
        s.lanes[s.lanes[at].wanting].is_wanting = 0
    for at in range(wanting):
        lane = s.lanes[at].wanting
        if s.lanes[lane].head != NOBODY:
            make_ready(s, lane)
            if s.clock[NOW] < s.jobs[s.lanes[lane].head].patience:
                want(s, lane)
    if s.count[WANTING] > 0:
        ask_again(s)


@njit(nogil=True)
def sample(s):
    """Write down how the centre stands: time, allocation, fragment, waiting, running, gap."""
    row = s.samples[s.count[SAMPLED]]
    s.count[SAMPLED] += 1
    stands = s.rule[STANDING]
    row[0], row[1], row[2] = s.clock[NOW], math.nan, math.nan
    if stands > 0:
        wasted = 0.0
        for node in range(s.places.size):
            if s.nodes[node, cluster.OPEN] != 0:
                wasted += cluster.fragment(s.nodes, node, s.target, s.shares)
        row[1] = 100.0 * s.sums[USE, GPU, s.sums.shape[2] - 1] / stands
        row[2] = 100.0 * wasted / stands
    row[3], row[4] = float(s.count[WAITING]), float(s.count[RUNNING])
    least, most, number = 0.0, 0.0, 0
    for tenant in range(s.rule[TENANTS]):
        if s.tenants[tenant].backlog > 0:
            value = present(s, tenant)
            least = value if number == 0 else min(least, value)
            most = value if number == 0 else max(most, value)
            number += 1
    row[5] = most - least if number > 1 else 0.0
    push(s, s.clock[NOW] + s.amount[SAMPLE_EVERY], SAMPLE, 0, 0)


@njit(nogil=True)
def happen(s, limit):
    """Everything in the heap that is of this moment and of a kind before the one given."""
    while s.count[HEAP] > 0 and s.events[0].at == s.clock[NOW] and s.events[0].what < limit:
        what, job, epoch = s.events[0].what, s.events[0].first, s.events[0].second
        drop(s)
        if what == END:
            if s.jobs[job].epoch != epoch:
                continue
            leave(s, job)
            s.jobs[job].state = DONE
            s.jobs[job].left = 0.0
            s.jobs[job].ended = s.clock[NOW]
            s.count[OVER] += 1
            s.count[CHANGES] += 1
        elif what == RETRY:
            retry(s)
        else:
            sample(s)
        s.count[EVENTS] += 1


@njit(nogil=True)
def go_on(s, until, beat):
    """Let time pass up to ``until``, or until ``beat`` events have been; why it stands still."""
    size = s.jobs.size
    while s.count[OVER] < size:
        if s.count[EVENTS] >= beat:
            return BEAT
        if s.count[HEAP] + size + 2 > s.events.size:  # no more than all jobs start at one moment
            return MORE_EVENTS
        if s.count[SAMPLED] == SAMPLES:
            return MORE_SAMPLES
        arrival = s.jobs[s.count[NEXT]].submitted if s.count[NEXT] < size else math.inf
        moment = min(arrival, s.events[0].at) if s.count[HEAP] > 0 else arrival
        if moment > until or moment == math.inf or (s.count[LIVE] == 0 and arrival == math.inf):
            break
        s.clock[NOW] = moment
        happen(s, ARRIVE)
        while s.count[NEXT] < size and s.jobs[s.count[NEXT]].submitted == moment:
            arrive(s, s.count[NEXT])
            s.count[NEXT] += 1
            s.count[EVENTS] += 1
        happen(s, SAMPLE + 1)
        if s.count[FRESH] > 0 or some_ready(s):
            dispatch(s)
    return OVER_NOW
