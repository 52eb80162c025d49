"""One pass over the lanes that may have something to start (调度)."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

from .displace import find, may_displace
from .promises import promise

if TYPE_CHECKING:
    from .closures import Closure
    from .simulator import Simulation

GONE, QUOTA, ROOM = range(3)


def dispatch(sim: Simulation) -> None:
    """Start whatever may start now, in the order of the rules, until nothing more can."""
    lanes, floor = sim.lanes, sim.floor
    while True:
        if lanes.for_room or floor.tight or sim.promises:
            for group in floor.wake(lanes.for_room):
                lanes.wake_group(group)
        if sim.promises:
            _keep_promises(sim)
        stopped = _serve(sim)
        if not sim.again and (stopped or not lanes.ready):
            break
        sim.again = False
    floor.settle()


def _rank(sim: Simulation, lane: int) -> tuple[Any, ...]:
    """Where the head of a lane stands: within quota first, then priority, then the order of the rules."""
    entry = sim.lanes.queue[lane][0]
    tenant = sim.lanes.tenant[lane]
    quotas = sim.quotas
    borrows = quotas.limited and not quotas.within(tenant, sim.book.gpu[entry[2]], sim.book.cpu[entry[2]])
    if sim.fair:
        # Of equal shares (as when all have stopped) the job for which room was emptied goes first.
        passed = entry[2] != sim.turn
        return (borrows, entry[0], *sim.shares.rank(tenant, sim.now), passed, entry[1], entry[2])
    return (borrows, *entry)


def _serve(sim: Simulation) -> bool:
    """Try the heads of all ready lanes; True if the rules forbid to look further."""
    lanes = sim.lanes
    ready = [lane for lane in lanes.ready if lanes.queue[lane]]
    lanes.ready = dict.fromkeys(ready)
    if len(ready) == 1:
        heap: list[tuple[tuple[Any, ...], int, int]] = [((), sim.changes, ready[0])]
    else:
        heap = [(_rank(sim, lane), sim.changes, lane) for lane in ready]
        heapify(heap)
    while heap:
        rank, changes, lane = heappop(heap)
        queue = lanes.queue[lane]
        if heap and changes != sim.changes:  # ranks only fall behind, so a stale one is never too late
            fresh = _rank(sim, lane)
            if fresh > rank:
                heappush(heap, (fresh, sim.changes, lane))
                continue
        lanes.ready.pop(lane, None)
        entry = queue[0]
        tenant = lanes.tenant[lane]
        holder = lanes.holder[tenant]
        if holder is not None and holder[1] < entry:
            continue  # it is made ready again when the holder no longer holds it back
        came = _attempt(sim, entry[2], lane)
        if came == GONE:
            lanes.pop(lane)
            if holder is not None and holder[1] == entry:
                lanes.release(tenant)
            if queue:
                lanes.ready[lane] = None
                heappush(heap, (_rank(sim, lane), sim.changes, lane))
        elif _stays(sim, lane, came):
            return True
    return False


def _stays(sim: Simulation, lane: int, came: int) -> bool:
    """The head of a lane waits on; True if nobody may pass it."""
    lanes = sim.lanes
    entry = lanes.queue[lane][0]
    if came == QUOTA:
        if sim.options.backfill != "greedy":
            lanes.hold_back(lane, entry)
        return False
    if sim.strict:
        lanes.ready[lane] = None
        if sim.fair:
            sim.turn = entry[2]
        return True
    lanes.wait_for_room(lane, sim.book.group[entry[2]])
    return False


def _attempt(sim: Simulation, job: int, lane: int) -> int:
    """Start a job, or promise it a start, or say what it waits for."""
    book, quotas = sim.book, sim.quotas
    if quotas.limited:
        node, resource = quotas.blocks(book.tenant[job], book.gpu[job], book.cpu[job])
        if node >= 0:
            if sim.displaces and _displace(sim, job, lane):
                return GONE
            asked = book.gpu[job] if resource == 0 else book.cpu[job]
            sim.lanes.wait_for_quota(lane, node, resource, asked)
            return QUOTA
    if place(sim, job):
        return GONE
    if sim.displaces and _displace(sim, job, lane):
        return GONE
    if sim.depth and _promise(sim, job):
        return GONE
    return ROOM


def place(sim: Simulation, job: int) -> bool:
    """Start a job if there is room for it beside the closures; remember if there is none."""
    floor = sim.floor
    group = sim.book.group[job]
    if floor.full[group]:
        return False
    closed = False
    until = 0.0
    if floor.closures:
        tenant = sim.book.tenant[job]
        until = sim.now + sim.book.estimate(job)
        if until >= floor.short.get(group, until + 1.0) and not (tenant in sim.owners or job in sim.promises):
            return False
        closed = floor.steer(job, tenant, until)
    handles = floor.place(group)
    if handles:
        sim.start(job, handles)
        return True
    if not closed:
        floor.fill(group)
    elif job not in sim.promises:
        floor.short[group] = min(until, floor.short.get(group, until))
    return False


def _displace(sim: Simulation, job: int, lane: int) -> bool:
    """Let others make room for a job, if the rules allow it."""
    if sim.now < sim.book.patience[job] or not may_displace(sim, job):
        return False
    plan = find(sim, job)
    if plan is None or not plan.victims:
        sim.lanes.wanting[lane] = None
        sim.book.patience[job] = sim.now + sim.options.reclaim_every
        sim.ask_again()
        return False
    if sim.options.grace > 0.0:
        sim.nominate(job, plan)
        return True
    for victim in plan.victims:
        sim.displace(victim)
    sim.again = True
    sim.floor.clear(sim.book.group[job])
    return place(sim, job)


def _promise(sim: Simulation, job: int) -> bool:
    """Promise a start to one of the first jobs that wait; a higher priority takes a lower one's promise."""
    priority = sim.book.priority
    if len(sim.promises) >= sim.depth:
        last = min(sim.promises, key=lambda one: (priority[one], -one))
        if priority[last] >= priority[job]:
            return False
        withdraw(sim, last)
    closure = promise(sim, job)
    if closure is None:
        return False
    sim.expect(closure)
    return True


def withdraw(sim: Simulation, job: int) -> None:
    """A promise ends without a start: the job waits in its lane again."""
    sim.floor.reopen(sim.promises.pop(job))
    sim.queue(job)


def _keep_promises(sim: Simulation) -> None:
    """Start those whose time has come or who fit earlier; foresee anew where estimates were wrong."""
    floor, book, quotas = sim.floor, sim.book, sim.quotas
    for job, closure in list(sim.promises.items()):
        due = closure.start <= sim.now
        if not due and not (floor.fresh and floor.fits[floor.kind[book.group[job]]]):
            continue
        if quotas.limited and quotas.blocks(book.tenant[job], book.gpu[job], book.cpu[job])[0] >= 0:
            withdraw(sim, job)
            continue
        floor.clear(book.group[job])
        if place(sim, job):
            _fulfil(sim, job, closure)
        elif due:
            floor.reopen(sim.promises.pop(job))
            renewed = promise(sim, job)
            if renewed is None:
                sim.queue(job)
            else:
                sim.expect(renewed)


def _fulfil(sim: Simulation, job: int, closure: Closure) -> None:
    del sim.promises[job]
    sim.floor.reopen(closure)
    for lane in sim.waiting_for_turn():
        sim.lanes.ready[lane] = None
