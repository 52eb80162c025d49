"""From the simulation's objects to arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from langqiao.engines.scheduling.simulation.kernels import MASK, NODE

from . import state as names
from .state import NOBODY, SAMPLES, STATES, Arrays, Floats, Ints, Rows

if TYPE_CHECKING:
    from langqiao.engines.scheduling.simulation.simulator import Simulation

RECLAIMS = ("never", "lower", "any")


def _ints(values: Sequence[Any]) -> Ints:
    return np.array(values, dtype=np.int64)


def _floats(values: Sequence[Any]) -> Floats:
    return np.array(values, dtype=np.float64)


def arrays(sim: Simulation) -> Arrays:
    """The whole state of a simulation."""
    kinds = _kinds(sim)
    lanes = _lanes(sim, kinds)
    jobs = _jobs(sim, kinds, lanes)
    parts = {
        **_numbers(sim), **_events(sim), **jobs, **_queues(sim, jobs), **_tenants(sim, jobs), **_floor(sim),
        **_running(sim, jobs),
    }  # fmt: skip
    rows: dict[str, Any] = {
        name: _packed(row, size, parts)
        for name, row, size in (
            ("jobs", names.JOB_ROW, sim.book.size),
            ("lanes", names.LANE, len(sim.lanes.queue)),
            ("tenants", names.TENANT, len(sim.tenants)),
            ("sorts", names.SORT, len(sim.floor.kind)),
            ("places", names.PLACE, len(sim.floor.nodes)),
        )
    }
    return Arrays(**rows, **parts)


def _packed(row: np.dtype[np.void], size: int, parts: dict[str, Any]) -> Rows:
    """Rows of the fields, which are taken out of ``parts``; ``name_1`` is the second row of ``name``."""
    found = np.zeros(size, dtype=row)
    several = set()
    for field in row.names or ():
        name, _, at = field.rpartition("_")
        if at.isdigit():
            found[field] = parts[name][int(at)]
            several.add(name)
        else:
            found[field] = parts.pop(field)
    for name in several:
        del parts[name]
    return found


def _kinds(sim: Simulation) -> Ints:
    """(J,) the kind of each job, which is its group, because every group has one part."""
    known: dict[int, int] = {}
    book = sim.book
    for job, asked in enumerate(book.jobs):
        kind = known.get(id(asked.task))
        if kind is None:
            kind = known[id(asked.task)] = sim.floor.group_of(asked.task, 1)
        book.group[job] = kind
    return _ints(book.group)


def _lanes(sim: Simulation, kinds: Ints) -> Ints:
    """(J,) the lane in which each job waits."""
    lanes = sim.lanes
    if sim.strict:
        return _ints([lanes.lane_of((tenant,)) for tenant in sim.book.tenant])
    pairs = zip(sim.book.tenant, kinds.tolist(), strict=True)
    return _ints([lanes.lane_of(pair) for pair in pairs])


def _numbers(sim: Simulation) -> dict[str, Any]:
    options, quotas, meter, lanes = sim.options, sim.quotas, sim.meter, sim.lanes
    running = sum(state == "running" for state in sim.book.state)
    return {
        "count": _ints([
            len(sim.heap), sim.live, sim.book.next, sim.book.over, sim.events, sim.starts, sim.changes,
            sim.again, sim.asking, sim.turn, 0, lanes.waiting, running, len(lanes.ready),
            len(sim.floor.fresh), len(lanes.wanting), 0, 0, 0,
        ]),
        "clock": _floats([sim.now, meter.at, meter.capacity, meter.power, meter.energy]),
        "rule": _ints([
            sim.floor.cluster.policy_number, sim.fair, options.order == "sjf", sim.strict,
            options.backfill != "greedy", sim.displaces, options.preempt, RECLAIMS.index(options.reclaim),
            options.work == "restart", meter.metered, quotas.limited, quotas.tenants, quotas.root,
            meter.standing,
        ]),
        "amount": _floats([
            options.half_life, options.min_run, options.restart_cost, options.reclaim_every, options.overrun,
            options.sample_every, *sim.shares.capacity,
        ]),
        "samples": np.zeros((SAMPLES, 6)),
    }  # fmt: skip


def _events(sim: Simulation) -> dict[str, Any]:
    events = np.zeros(len(sim.heap) + 2 * sim.book.size + 16, dtype=names.EVENT)
    for number, event in enumerate(sim.heap):
        events[number] = tuple(event)
    return {"events": events}


def _refused(sim: Simulation, kinds: Ints) -> tuple[Ints, Ints]:
    """Which jobs can never run, and the quotas that they are above."""
    floor, quotas, book = sim.floor, sim.quotas, sim.book
    for kind in range(len(floor.kind)):
        if kind not in sim.possible:
            sim.possible[kind] = floor.possible(kind)
    refused = _ints([0 if sim.possible[kind] else names.IMPOSSIBLE for kind in kinds.tolist()])
    at = np.zeros((4, book.size), dtype=np.int64)
    known: dict[tuple[int, int, int], tuple[int, int] | None] = {}
    for job, asked in enumerate(zip(book.tenant, book.gpu, book.cpu, strict=True)):
        if asked not in known:
            known[asked] = quotas.above(*asked)
        above = known[asked]
        if above is not None and not refused[job]:
            refused[job] = names.ABOVE
            at[:2, job] = above
    return refused, at


def _jobs(sim: Simulation, kinds: Ints, lanes: Ints) -> dict[str, Any]:
    book = sim.book
    size = book.size
    levels = {priority: level for level, priority in enumerate(sorted(set(book.priority)))}
    refused, refused_at = _refused(sim, kinds)
    said = [math.nan if job.estimate is None else job.estimate for job in book.jobs]
    links = {name: np.full((2, size), NOBODY, dtype=np.int64) for name in ("child", "by_node")}
    return {
        "submitted": _floats(book.submitted),
        "duration": _floats([job.duration for job in book.jobs]),
        "estimate": _floats(said),
        "owner": _ints(book.tenant),
        "kind": kinds,
        "asks": _ints([book.gpu, book.cpu]).reshape(2, size),
        "priority": _ints(book.priority),
        "level": _ints([levels[priority] for priority in book.priority]),
        "movable": _ints([sim.displaces and job.preemptible for job in book.jobs]),
        "refused": refused,
        "refused_at": refused_at,
        "left": _floats(book.left),
        "overhead": _floats(book.overhead),
        "patience": _floats(book.patience),
        "started": _floats(book.first),
        "begun": _floats(book.begun),
        "ends": np.zeros(size),
        "ended": _floats(book.ended),
        "epoch": _ints(book.epoch),
        "preemptions": _ints(book.preemptions),
        "state": _ints([STATES.index(state) for state in book.state]),
        "node": _ints(book.node),
        "mask": np.zeros(size, dtype=np.int64),
        "lane": lanes,
        "order": np.zeros(size),
        "chosen": np.zeros(size, dtype=np.int64),
        "best": np.zeros(size, dtype=np.int64),
        "spot": np.zeros(size, dtype=np.int64),
        **links,
    }


def _chained(of: Sequence[int], owners: int) -> tuple[Ints, Ints]:
    """The first member of each owner (owners,), and the next member of the same (members,)."""
    first = np.full(owners, NOBODY, dtype=np.int64)
    following = np.full(len(of), NOBODY, dtype=np.int64)
    for member in range(len(of) - 1, -1, -1):
        if of[member] == NOBODY:
            continue
        following[member] = first[of[member]]
        first[of[member]] = member
    return first, following


def _queues(sim: Simulation, jobs: dict[str, Any]) -> dict[str, Any]:
    lanes, size = sim.lanes, len(sim.lanes.queue)
    kind_of = [NOBODY] * size
    for key, lane in lanes.number.items():
        kind_of[lane] = key[1] if len(key) > 1 else NOBODY
    for_room = _marked(size, [lane for some in lanes.for_room.values() for lane in some])
    in_room = [kind if waiting else NOBODY for kind, waiting in zip(kind_of, for_room.tolist(), strict=True)]
    waits, kin = _chained(in_room, len(sim.floor.kind))
    eldest, sister = _chained(lanes.tenant, len(sim.tenants))
    head = np.full(size, NOBODY, dtype=np.int64)
    for lane, waiting in enumerate(lanes.queue):
        above = NOBODY
        for _, order, job in sorted(waiting):  # a heap that is one chain
            jobs["order"][job] = order
            if above == NOBODY:
                head[lane] = job
            else:
                jobs["child"][0, above] = job
            above = job
    at = _ints(lanes.waits_at).reshape(size, 3).T.copy()
    at_quota = np.full((2, size), NOBODY, dtype=np.int64)
    last: dict[tuple[int, int], int] = {}
    for lane, (node, resource, _) in enumerate(lanes.waits_at):
        if node != NOBODY:
            after = last.get((node, resource), NOBODY)
            at_quota[0, lane] = after
            if after != NOBODY:
                at_quota[1, after] = lane
            last[node, resource] = lane
    return {
        "lane_owner": _ints(lanes.tenant),
        "lane_kind": _ints(kind_of),
        "head": head,
        "kin": kin,
        "sister": sister,
        "is_ready": _marked(size, lanes.ready),
        "is_listed": _marked(size, lanes.ready),
        "ready": _listed(size, list(lanes.ready)),
        "for_room": for_room,
        "waits_at": at,
        "at_quota": at_quota,
        "is_wanting": _marked(size, lanes.wanting),
        "wanting": _listed(size, list(lanes.wanting)),
        "ranked": np.zeros(size, dtype=np.int64),
        "rank": np.zeros((size + 1, 7)),
        "rank_age": np.zeros(size, dtype=np.int64),
        "eldest": eldest,
        "waits": waits,
    }


def _marked(size: int, which: Sequence[int] | dict[int, None]) -> Ints:
    found = np.zeros(size, dtype=np.int64)
    found[list(which)] = 1
    return found


def _listed(size: int, which: Sequence[int]) -> Ints:
    found = np.zeros(size, dtype=np.int64)
    found[: len(which)] = which
    return found


def _tenants(sim: Simulation, jobs: dict[str, Any]) -> dict[str, Any]:
    quotas, meter, shares = sim.quotas, sim.meter, sim.shares
    number = len(sim.tenants)
    holder = np.full((2, number), NOBODY, dtype=np.int64)
    holder_key = np.zeros((2, number))
    for tenant, held in enumerate(sim.lanes.holder):
        if held is not None:
            lane, (priority, order, job) = held
            holder[:, tenant] = lane, job
            holder_key[:, tenant] = priority, order
    levels = np.zeros((number, int(jobs["level"].max(initial=0)) + 1), dtype=np.int64)
    for job, counted in enumerate(sim.movable):
        if counted:
            levels[sim.book.tenant[job], jobs["level"][job]] += 1
    sums = np.zeros((5, 2, quotas.root + 1), dtype=np.int64)
    sums[names.USE], sums[names.NOMINAL], sums[names.LIMIT] = quotas.use, quotas.nominal, quotas.limit
    sums[names.QUEUED] = NOBODY
    for lane, (node, resource, _) in enumerate(sim.lanes.waits_at):
        if node != NOBODY:
            sums[names.QUEUED, resource, node] = lane  # the last one leads, as in _queues
    unknown = [math.nan] * len(shares.since)
    return {
        "holder": holder,
        "holder_key": holder_key,
        "backlog": _ints(sim.lanes.backlog),
        "levels": levels,
        "path": _ints(quotas.path).reshape(number, 3),
        "held": _floats([meter.gpu, meter.cpu, meter.borrowed, meter.dominant]).reshape(4, number),
        "preempted": _ints(meter.preempted),
        "settled": _floats(meter.since),
        "sums": sums,
        "decay": _floats([*shares.mean, shares.since, shares.weights, unknown, unknown]),
        "legal": np.zeros(number, dtype=np.int64),
    }


def _floor(sim: Simulation) -> dict[str, Any]:
    floor, meter = sim.floor, sim.meter
    nodes, kinds = len(floor.nodes), len(floor.kind)
    lent = floor.cluster.lend(floor.numbered)
    cpu, memory, gpu = floor.copies()
    bare = np.zeros((nodes, names.BARE_GPU + gpu.shape[1]), dtype=np.int64)
    bare[:, names.BARE_MODEL] = np.where(floor.usable, floor.model, NOBODY)
    return {
        "need": floor.needs,
        "allowed": floor.allowed,
        "full": _listed(kinds, [int(full) for full in floor.full]),
        "fits": np.zeros(kinds, dtype=np.uint8),
        "woken": np.zeros(kinds, dtype=np.int64),
        "number": _ints(floor.numbered),
        "row": lent.rows,
        "usable": floor.usable,
        "model": floor.model,
        "is_fresh": _marked(nodes, floor.fresh),
        "fresh": _listed(nodes, list(floor.fresh)),
        "slope": _floats(meter.slope) if meter.metered else np.zeros(nodes),
        "gpus": _ints([node.gpus for node in floor.nodes]),
        "trial_cpu": cpu,
        "trial_memory": memory,
        "trial_gpu": gpu,
        "bare": bare,
        "bared": np.zeros(nodes, dtype=np.int64),
        "trial_room": np.zeros(nodes, dtype=np.int64),
        "is_touched": np.zeros(nodes, dtype=np.int64),
        "touched": np.zeros(nodes, dtype=np.int64),
        **{name: value for name, value in lent._asdict().items() if name != "rows"},
    }


def _running(sim: Simulation, jobs: dict[str, Any]) -> dict[str, Any]:
    """Where the jobs that run are: in lists by node, and side by side for each tenant."""
    book, parts = sim.book, sim.parts
    on_node = np.full(len(sim.floor.nodes), NOBODY, dtype=np.int64)
    first_run = np.zeros(len(sim.tenants), dtype=np.int64)
    first_run[1:] = np.cumsum(np.bincount(jobs["owner"], minlength=len(sim.tenants)))[:-1]
    some_runs = np.zeros(len(sim.tenants), dtype=np.int64)
    runs = np.zeros(book.size, dtype=names.RUN)
    for job, rows in enumerate(book.rows):
        if not rows:
            continue
        node, mask = parts.table[rows[0], [NODE, MASK]]
        jobs["mask"][job] = mask
        jobs["ends"][job] = parts.ends[rows[0]]
        jobs["by_node"][0, job] = on_node[node]
        if on_node[node] != NOBODY:
            jobs["by_node"][1, on_node[node]] = job
        on_node[node] = job
        if jobs["movable"][job]:
            tenant = book.tenant[job]
            spot = jobs["spot"][job] = first_run[tenant] + some_runs[tenant]
            some_runs[tenant] += 1
            runs[spot] = (book.begun[job], job, book.priority[job], node, jobs["kind"][job], mask)
    return {"on_node": on_node, "first_run": first_run, "some_runs": some_runs, "runs": runs}
