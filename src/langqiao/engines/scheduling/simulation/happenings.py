"""What happens at a moment: one handler for each kind of event. True if it was more than a void notice."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import WHOLE

from .closures import NOBODY, Closure, Kind
from .dispatch import place
from .kernels import JOB, NODE
from .types import Job, Maintenance, Reason, Reservation, Sample

if TYPE_CHECKING:
    from .simulator import Simulation


class What(IntEnum):
    """Events in the order in which they happen at the same moment.

    Those before ARRIVE can let a waiting job start.
    """

    END = 0
    EVICT = 1
    REPAIR = 2
    DELIVER = 3
    REOPEN = 4
    CLOSE = 5
    FAIL = 6
    ARRIVE = 7
    PROMISE = 8
    RETRY = 9
    SAMPLE = 10


def prepare(sim: Simulation) -> None:
    """Put everything that is known at the start into the heap."""
    options, floor = sim.options, sim.floor
    for node in floor.nodes:
        _named_once(sim, node.name)
    _enlist(sim, 0)
    for number, delivery in enumerate(options.deliveries):
        for node in delivery.nodes:
            _named_once(sim, node.name)
        sim.push(delivery.at, What.DELIVER, number)
    tenants = {tenant.name: number for number, tenant in enumerate(sim.tenants)}
    windows: tuple[Maintenance | Reservation, ...] = (*options.maintenance, *options.reservations)
    for number, window in enumerate(windows):
        unknown = [name for name in window.nodes if name not in floor.numbers]
        if unknown:
            raise SchedulingError(
                f"window {number + 1}: unknown node {unknown[0]}", kind="node", subjects=tuple(unknown)
            )
        tenant = NOBODY
        if number >= len(options.maintenance):
            name = options.reservations[number - len(options.maintenance)].tenant
            if name not in tenants:
                raise SchedulingError(
                    f"reservation for unknown tenant {name!r}", kind="tenant", subjects=(name,)
                )
            tenant = tenants[name]
            sim.owners.add(tenant)
        nodes = tuple(floor.numbers[name] for name in window.nodes)
        what: Kind = "maintenance" if tenant == NOBODY else "reservation"
        closure = Closure(what, nodes, window.start, window.end, tenant=tenant)
        floor.close(closure)
        sim.windows.append(closure)
        sim.push(window.start, What.CLOSE, number)
        sim.push(window.end, What.REOPEN, number)
    if options.sample_every:
        sim.push(0.0, What.SAMPLE, 0)


def _named_once(sim: Simulation, name: str) -> None:
    if name in sim.names:
        raise SchedulingError(f"two nodes bear the name {name}", kind="node", subjects=(name,))
    sim.names.add(name)


def _enlist(sim: Simulation, first: int) -> None:
    """Nodes from ``first`` on stand: they count, draw power and may fail."""
    nodes = sim.floor.nodes
    sim.meter.advance(sim.now)
    for tenant in range(len(sim.tenants)):
        sim.meter.settle(tenant, sim.now)
    sim.meter.enlist(nodes[first:])
    sim.meter.standing = sum(node.gpus for node in nodes) * WHOLE
    sim.shares.resize(sim.meter.standing, sum(node.cpu_milli for node in nodes))
    if sim.options.failures is not None:
        for node in range(first, len(nodes)):
            sim.push(sim.now + sim.random.exponential(sim.options.failures.mtbf), What.FAIL, node)


def arrive(sim: Simulation, job: int) -> None:
    """A job is submitted: it waits, or is rejected because it can never run."""
    book, quotas, floor = sim.book, sim.quotas, sim.floor
    asked = book.jobs[job]
    group = book.group[job] = floor.group_of(asked.task, asked.count)
    if group not in sim.possible:
        later = [
            node
            for delivery in sim.options.deliveries
            for node in delivery.nodes
            if node.name not in floor.numbers
        ]
        sim.possible[group] = floor.possible(group, later)
    if not sim.possible[group]:
        book.reject(job, sim.now, never(asked))
        return
    above = quotas.above(book.tenant[job], book.gpu[job], book.cpu[job])
    if above is not None:
        book.reject(job, sim.now, Reason("above", quota_figures(sim, job, *above)))
        return
    sim.queue(job)


def never(job: Job) -> Reason:
    """That no node can ever hold a job."""
    task = job.task
    figures: dict[str, float | int | str | bool] = {
        "gpus": task.gpus, "gpu_milli": task.gpu_milli, "cpu_milli": task.cpu_milli,
        "memory_mib": task.memory_mib, "parts": job.count, "models": ", ".join(task.models),
    }  # fmt: skip
    return Reason("never", figures)


def quota_figures(sim: Simulation, job: int, node: int, resource: int) -> dict[str, float | int | str | bool]:
    """A quota node, as the figures of a reason."""
    quotas, book = sim.quotas, sim.book
    return {
        "level": quotas.level(node),
        "name": quotas.name(node),
        "resource": ("gpu", "cpu")[resource],
        "used": quotas.use[resource][node],
        "kept": quotas.kept[resource][node],
        "limit": quotas.limit[resource][node],
        "asked": (book.gpu[job], book.cpu[job])[resource],
        "borrowing": not quotas.within(book.tenant[job], book.gpu[job], book.cpu[job]),
    }


def _end(sim: Simulation, job: int, epoch: int) -> bool:
    if sim.book.epoch[job] != epoch:
        return False
    sim.leave(job)
    sim.book.finish(job, sim.now)
    sim.changes += 1
    return True


def _evict(sim: Simulation, number: int, _: int) -> bool:
    """A grace time ends: who is still there is stopped, and the job they made room for starts."""
    nomination = sim.nominations[number]
    for victim in nomination.victims:
        if sim.leaving.get(victim) == number:
            sim.interrupt(victim, failure=False)
    del sim.nominations[number]
    for node in nomination.nodes:
        sim.held[node] -= 1
        if not sim.held[node]:
            del sim.held[node]
        sim.floor.let_go(node, everybody=True)
    job = nomination.job
    book, quotas = sim.book, sim.quotas
    quotas.keep(nomination.kept, back=True)
    quotas.pledge(book.tenant[job], -book.gpu[job], -book.cpu[job])
    book.state[job] = "waiting"
    sim.floor.clear(book.group[job])
    fits = quotas.blocks(book.tenant[job], book.gpu[job], book.cpu[job])[0] < 0
    if not (fits and _place_on_held(sim, job, nomination.nodes)):
        sim.queue(job)
    sim.lanes.wake_quota([node for node, _, _ in nomination.kept])
    return True


def _place_on_held(sim: Simulation, job: int, nodes: tuple[int, ...]) -> bool:
    """Start a job where it was promised room, though others wait for room on the same nodes."""
    others = [node for node in nodes for _ in range(sim.held.get(node, 0))]
    for node in others:
        sim.floor.let_go(node, everybody=True)
    placed = place(sim, job)
    for node in others:
        sim.floor.hold(node, everybody=True)
    return placed


def _fail(sim: Simulation, node: int, _: int) -> bool:
    failures = sim.options.failures
    assert failures is not None  # only then is a failure in the heap
    lost = frozenset(sim.floor.fail(node))
    for job in _jobs_on(sim, (node,)):
        sim.interrupt(job, failure=True, lost=lost)
    sim.meter.switch(node, sim.now, on=False)
    sim.down_times += 1
    sim.push(sim.now + sim.random.exponential(failures.mttr), What.REPAIR, node)
    return True


def _repair(sim: Simulation, node: int, _: int) -> bool:
    failures = sim.options.failures
    assert failures is not None
    sim.floor.repair(node)
    sim.meter.switch(node, sim.now, on=True)
    sim.push(sim.now + sim.random.exponential(failures.mtbf), What.FAIL, node)
    return True


def _jobs_on(sim: Simulation, nodes: tuple[int, ...]) -> list[int]:
    table = sim.parts.table
    there = np.isin(table[:, NODE], nodes) & (table[:, JOB] >= 0)
    return sorted({int(job) for job in table[there, JOB]})


def _deliver(sim: Simulation, number: int, _: int) -> bool:
    first = len(sim.floor.nodes)
    sim.floor.add(sim.options.deliveries[number].nodes)
    _enlist(sim, first)
    return True


def _close(sim: Simulation, number: int, _: int) -> bool:
    """A window begins: nobody (or nobody else) may be there any more."""
    closure = sim.windows[number]
    if closure.what == "maintenance":
        for node in closure.nodes:
            sim.floor.hold(node, everybody=True)
        stay = not sim.options.maintenance[number].stop
    else:
        stay = False
    if not stay:
        for job in _jobs_on(sim, closure.nodes):
            kept = closure.what == "reservation" and not sim.book.jobs[job].preemptible
            if sim.book.tenant[job] != closure.tenant and not kept:
                sim.interrupt(job, failure=False)
    return True


def _reopen(sim: Simulation, number: int, _: int) -> bool:
    closure = sim.windows[number]
    sim.floor.reopen(closure)
    if closure.what == "maintenance":
        for node in closure.nodes:
            sim.floor.let_go(node, everybody=True)
    return True


def _promise(sim: Simulation, job: int, _: int) -> bool:
    """A promise falls due; the pass that follows looks at it."""
    return job in sim.promises and sim.promises[job].start == sim.now


def _retry(sim: Simulation, _: int, __: int) -> bool:
    sim.asking = False
    wanting, sim.lanes.wanting = sim.lanes.wanting, {}
    for lane in wanting:
        if sim.lanes.queue[lane]:
            sim.lanes.ready[lane] = None
            if sim.now < sim.book.patience[sim.lanes.queue[lane][0][2]]:
                sim.lanes.wanting[lane] = None
    if sim.lanes.wanting:
        sim.ask_again()
    return True


def gap(sim: Simulation) -> float:
    """Largest less smallest dominant share, over weights, of the tenants that have jobs waiting (DRF gap)."""
    shares = [sim.shares.present(tenant) for tenant, waits in enumerate(sim.lanes.backlog) if waits]
    return max(shares) - min(shares) if len(shares) > 1 else 0.0


def _sample(sim: Simulation, _: int, __: int) -> bool:
    held, stands = sim.quotas.use[0][sim.quotas.root], sim.meter.standing
    sim.samples.append(
        Sample(
            at=sim.now,
            allocation_pct=100.0 * held / stands if stands else math.nan,
            fragment_pct=sim.floor.cluster.fragment_pct() if stands else math.nan,
            waiting=sim.lanes.waiting + len(sim.promises) + len(sim.nominations),
            running=len(sim.parts.live()),
            gap=gap(sim),
        )
    )
    sim.push(sim.now + sim.options.sample_every, What.SAMPLE, 0)
    return True


HANDLERS: dict[int, Callable[[Simulation, int, int], bool]] = {
    What.END: _end,
    What.EVICT: _evict,
    What.REPAIR: _repair,
    What.DELIVER: _deliver,
    What.REOPEN: _reopen,
    What.CLOSE: _close,
    What.FAIL: _fail,
    What.PROMISE: _promise,
    What.RETRY: _retry,
    What.SAMPLE: _sample,
}
