"""Who runs the compiled loop: the simulation's objects into arrays, and back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from langqiao.engines.scheduling.simulation.happenings import never, quota_figures
from langqiao.engines.scheduling.simulation.lanes import NOWHERE
from langqiao.engines.scheduling.simulation.parts import Parts
from langqiao.engines.scheduling.simulation.types import Progress, Reason, Report, Sample

from . import entry, loop
from . import state as names
from .fill import arrays
from .state import NOBODY, STATES, Arrays, Rows

if TYPE_CHECKING:
    from langqiao.engines.scheduling.simulation.simulator import Simulation

BEAT = 2000  # events between looks at the clock, for progress and checkpoints
MOST_LEVELS = 1 << 20  # tenants times different priorities


def carries(sim: Simulation) -> bool:
    """Whether the compiled loop can do all that these rules ask for.

    It knows arrivals, ends, quotas, shares, displacement at once and samples; it does not know gangs, grace
    times, promises to waiting jobs, failures, windows and deliveries.
    """
    options, floor, book = sim.options, sim.floor, sim.book
    return bool(
        options.backfill in {"greedy", "none"}
        and options.grace == 0.0
        and options.failures is None
        and not (options.maintenance or options.reservations or options.deliveries)
        and floor.nodes
        and all(job.count == 1 for job in book.jobs)
        and floor.cluster.remembers(len({id(job.task) for job in book.jobs}))
        and len(sim.tenants) * len(set(book.priority)) <= MOST_LEVELS
    )


class Carrier:
    """The state of one simulation as arrays, while the compiled loop has it."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.state = arrays(sim)

    def run(self, until: float, report: Report | None, beat: Callable[[], None] | None) -> None:
        """Let time pass; the simulation's objects are up to date afterwards, however this ends."""
        book = self.sim.book
        try:
            while True:
                state = self.state
                came = entry.run(state, until, int(state.count[names.EVENTS]) + BEAT)
                self._fetch_samples()
                if came == loop.OVER_NOW:
                    return
                if came == loop.MORE_EVENTS:
                    self.state = _with_more_events(state)
                elif came == loop.BEAT:
                    book.over = int(state.count[names.OVER])
                    if report is not None:
                        report(Progress("simulate", book.over, book.size))
                    if beat is not None:
                        beat()
        finally:
            self.bring_back()

    def _fetch_samples(self) -> None:
        state = self.state
        for row in state.samples[: state.count[names.SAMPLED]].tolist():
            at, allocation, fragment, waiting, running, gap = row
            self.sim.samples.append(Sample(at, allocation, fragment, int(waiting), int(running), gap))
        state.count[names.SAMPLED] = 0

    def bring_back(self) -> None:
        """Write everything into the simulation's objects; the arrays stay as they are."""
        self._fetch_samples()
        _bring_back_jobs(self.sim, self.state)
        _bring_back_runs(self.sim, self.state)
        _bring_back_lanes(self.sim, self.state)
        _bring_back_sums(self.sim, self.state)


def _with_more_events(state: Arrays) -> Arrays:
    return state._replace(events=np.concatenate([state.events, np.zeros_like(state.events)]))


# Back to objects -------------------------------------------------------------------------------------------


def _lists(rows: Rows, *fields: str) -> list[list[Any]]:
    return [rows[field].tolist() for field in fields]


def _bring_back_jobs(sim: Simulation, state: Arrays) -> None:
    book, jobs, count = sim.book, state.jobs, state.count
    book.left, book.overhead, book.patience = _lists(jobs, "left", "overhead", "patience")
    book.first, book.begun, book.ended = _lists(jobs, "started", "begun", "ended")
    book.epoch, book.preemptions, book.node = _lists(jobs, "epoch", "preemptions", "node")
    book.state = [STATES[one] for one in jobs["state"].tolist()]
    book.next, book.over = int(count[names.NEXT]), int(count[names.OVER])
    for job in np.flatnonzero(jobs["state"] == names.REJECTED).tolist():
        if job in book.why:
            continue
        if jobs[job]["refused"] == names.IMPOSSIBLE:
            book.why[job] = never(book.jobs[job])
            continue
        node, resource, used, borrowing = (int(jobs[job][f"refused_at_{n}"]) for n in range(4))
        figures = quota_figures(sim, job, node, resource)
        book.why[job] = Reason("above", {**figures, "used": used, "kept": 0, "borrowing": bool(borrowing)})


def _bring_back_runs(sim: Simulation, state: Arrays) -> None:
    book, floor = sim.book, sim.floor
    runs = np.flatnonzero(state.jobs["state"] == names.RUNS)
    sim.movable = [False] * book.size
    sim.levels = [{} for _ in sim.tenants]
    sim.parts = Parts()
    book.rows = [[] for _ in range(book.size)]
    book.handles = [[] for _ in range(book.size)]
    running = state.jobs[runs]
    where, which, kinds, movable, begun, ends = _lists(
        running, "node", "mask", "kind", "movable", "begun", "ends"
    )
    handles = floor.cluster.take_back(
        (node, floor.numbered[kind], mask) for node, kind, mask in zip(where, kinds, which, strict=True)
    )
    for at, job in enumerate(runs.tolist()):
        task = floor.tasks[kinds[at]]
        row = (
            where[at], which[at], task.gpu_milli, task.cpu_milli, task.memory_mib, job, book.tenant[job],
            book.priority[job], movable[at],
        )  # fmt: skip
        book.rows[job] = [sim.parts.add(row, begun[at], ends[at])]
        book.handles[job] = [handles[at]]
        if movable[at]:
            sim.count_movable(job, 1)
    floor.full = [bool(full) for full in state.sorts["full"].tolist()]
    floor.tight = {group: None for group, full in enumerate(floor.full) if full}
    floor.fresh = dict.fromkeys(state.places["fresh"][: state.count[names.FRESH]].tolist())
    floor.woken = []


def _bring_back_lanes(sim: Simulation, state: Arrays) -> None:
    lanes, book, rows, count = sim.lanes, sim.book, state.lanes, state.count
    for queue in lanes.queue:
        queue.clear()
    arrived = np.arange(book.size) < count[names.NEXT]
    orders, lane_of = _lists(state.jobs, "order", "lane")
    for job in np.flatnonzero((state.jobs["state"] == names.WAITS) & arrived).tolist():
        lanes.queue[lane_of[job]].append((-book.priority[job], orders[job], job))
    for queue in lanes.queue:
        queue.sort()  # what is sorted is a heap
    lanes.waiting, lanes.backlog = int(count[names.WAITING]), state.tenants["backlog"].tolist()
    lanes.ready = dict.fromkeys(np.flatnonzero(rows["is_ready"]).tolist())
    lanes.wanting = dict.fromkeys(rows["wanting"][: count[names.WANTING]].tolist())
    lanes.for_room = {}
    for lane in np.flatnonzero(rows["for_room"]).tolist():
        lanes.wait_for_room(lane, int(rows[lane]["lane_kind"]))
    for heaps in lanes.for_quota:
        for heap in heaps:
            heap.clear()
    lanes.waits_at = [NOWHERE] * len(lanes.queue)
    waits = zip(*_lists(rows, "waits_at_0", "waits_at_1", "waits_at_2"), strict=True)
    for lane, (node, resource, amount) in enumerate(waits):
        if node != NOBODY:
            lanes.wait_for_quota(lane, node, resource, amount)
    held = _lists(state.tenants, "holder_0", "holder_key_0", "holder_key_1", "holder_1")
    lanes.holder = [
        None if lane == NOBODY else (lane, (priority, order, job))
        for lane, priority, order, job in zip(*held, strict=True)
    ]


def _bring_back_sums(sim: Simulation, state: Arrays) -> None:
    count, meter, clock = state.count, sim.meter, state.clock.tolist()
    sim.now = clock[names.NOW]
    sim.events, sim.starts = int(count[names.EVENTS]), int(count[names.STARTS])
    sim.changes, sim.live, sim.turn = (int(count[at]) for at in (names.CHANGES, names.LIVE, names.TURN))
    sim.again, sim.asking = bool(count[names.AGAIN]), bool(count[names.ASKING])
    sim.heap = state.events[: count[names.HEAP]].tolist()  # in the same order, so a heap
    meter.gpu, meter.cpu, meter.borrowed, meter.dominant = _lists(
        state.tenants, "held_0", "held_1", "held_2", "held_3"
    )
    meter.preempted, meter.since = _lists(state.tenants, "preempted", "settled")
    meter.at, meter.capacity = clock[names.METER_AT], clock[names.CAPACITY]
    meter.power, meter.energy = clock[names.POWER], clock[names.ENERGY]
    sim.quotas.use[:] = state.sums[names.USE].tolist()
    sim.shares.mean[:] = state.decay[: names.PAST_AT].tolist()
    sim.shares.since = state.decay[names.PAST_AT].tolist()
