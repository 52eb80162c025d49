"""Why a job waits (为何等待), as data; see ``types.Reason`` for the kinds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .happenings import quota_figures
from .kernels import room
from .promises import foresee
from .types import Reason

if TYPE_CHECKING:
    from .simulator import Simulation


def why(sim: Simulation, number: int) -> tuple[Reason, ...]:
    """Everything that keeps the job with this id from running, the most binding first.

    Raises:
        KeyError: there is no such job.
    """
    job = next((at for at, one in enumerate(sim.book.jobs) if one.id == number), None)
    if job is None:
        raise KeyError(number)
    book = sim.book
    if job >= book.next:
        return (Reason("submitted", {"at": book.submitted[job]}),)
    state = book.state[job]
    if state == "running":
        until = book.begun[job] + book.estimate(job)
        return (Reason("running", {"since": book.begun[job], "expected_end": until}),)
    if state in {"done", "rejected"}:
        told = Reason(state, {"at": book.ended[job]})
        return (told, book.why[job]) if job in book.why else (told,)
    if state == "nominated":
        mine = next(one for one in sim.nominations.values() if one.job == job)
        return (Reason("nominated", {"start": mine.at, "victims": len(mine.victims)}),)
    return tuple(_waiting(sim, job))


def _waiting(sim: Simulation, job: int) -> list[Reason]:
    book, quotas = sim.book, sim.quotas
    tenant = book.tenant[job]
    reasons = []
    if job in sim.promises:
        reasons.append(Reason("promised", {"start": sim.promises[job].start}))
    gpu, cpu = book.gpu[job], book.cpu[job]
    for node in quotas.path[tenant]:
        for resource, amount in enumerate((gpu, cpu)):
            used = quotas.use[resource][node] + quotas.kept[resource][node]
            if amount and used + amount > quotas.limit[resource][node]:
                reasons.append(Reason("quota", quota_figures(sim, job, node, resource)))
    holder = sim.lanes.holder[tenant]
    if holder is not None and holder[1] < book.key(job):
        reasons.append(Reason("behind", {"job": book.jobs[holder[1][2]].id}))
    reasons += _room(sim, job)
    if not reasons or not any(one.kind in {"quota", "capacity", "fragment", "closed"} for one in reasons):
        reasons.append(_order(sim, job))
    if job not in sim.promises:
        start, _ = foresee(sim, job)
        if start < math.inf:
            reasons.append(Reason("foreseen", {"start": start}))
    return reasons


def _room(sim: Simulation, job: int) -> list[Reason]:
    """Whether there is room now, and if not, whether it is missing, in pieces, or closed."""
    book, floor = sim.book, sim.floor
    group = book.group[job]
    kind, parts = floor.kind[group], floor.count[group]
    need, allowed = floor.needs[kind], floor.allowed[kind]
    usable = floor.usable.copy()
    until = sim.now + book.estimate(job)
    closed: dict[int, float] = {}
    for closure in floor.closures:
        if closure.concerns(job, book.tenant[job], until):
            for node in closure.nodes:
                closed[node] = max(closed.get(node, 0.0), closure.end)
                usable[node] = 0
    fits = int(room(usable, *floor.free(), floor.model, need, allowed).sum())
    if fits >= parts:
        return []
    would = int(room(floor.usable, *floor.free(), floor.model, need, allowed).sum())
    if would >= parts:
        return [Reason("closed", {"nodes": len(closed), "until": min(closed.values(), default=math.nan)})]
    fitting = (usable != 0) & (allowed[floor.model] != 0)
    resource = "gpu" if book.gpu[job] else "cpu"
    free = floor.free()[2].clip(min=0).sum(axis=1) if resource == "gpu" else floor.free()[0]
    left = int(np.asarray(free)[fitting].sum())
    asked = book.gpu[job] or book.cpu[job]
    return [
        Reason(
            "fragment" if left >= asked else "capacity",
            {"resource": resource, "asked": asked, "free": left, "parts_fit": fits, "parts": parts},
        )
    ]


def _order(sim: Simulation, job: int) -> Reason:
    """Jobs that go first by the rules: higher priority, a lower share, or earlier."""
    book = sim.book
    mine = book.key(job)
    waiting = [entry for queue in sim.lanes.queue for entry in queue]
    figures: dict[str, float | int | str | bool] = {"ahead": sum(entry < mine for entry in waiting)}
    if sim.fair:
        shares = [sim.shares.share(t, sim.now) for t, many in enumerate(sim.lanes.backlog) if many]
        figures["share"] = sim.shares.share(book.tenant[job], sim.now)
        figures["lowest"] = min(shares, default=0.0)
    return Reason("order", figures)
