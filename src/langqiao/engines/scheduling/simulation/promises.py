"""When a waiting job will start by the estimates of those that run, and the nodes kept for it until then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from . import kernels
from .closures import Closure

if TYPE_CHECKING:
    from .simulator import Simulation


def foresee(sim: Simulation, job: int) -> tuple[float, tuple[int, ...]]:
    """Time and nodes at which a job finds room if nothing new starts before it; (inf, ()) if never.

    A job beyond its estimate is taken to need as much again as it has overrun, at least ``overrun``
    seconds: the correction of predictions that turned out wrong (Tsafrir et al., TPDS 2007), in its
    geometric form.
    """
    floor, parts, book, now = sim.floor, sim.parts, sim.book, sim.now
    group = book.group[job]
    kind = floor.kind[group]
    lasts = book.estimate(job)
    rows = parts.live()
    ends = parts.ends[rows]
    ends = np.where(ends > now, ends, now + np.maximum(sim.options.overrun, now - ends))
    closed_from, closed_to = floor.windows(job, book.tenant[job], now)
    closing = np.flatnonzero((closed_to > now) & (closed_to < math.inf))
    times = np.concatenate([ends, closed_to[closing]])
    what = np.concatenate([rows, -1 - closing])
    order = np.argsort(times, kind="stable")
    usable = np.array([not down for down in floor.down], dtype=np.uint8)
    for node, holds in sim.held.items():
        usable[node] = usable[node] and not holds
    at, taken = kernels.shadow(
        times[order],
        what[order],
        parts.table,
        usable,
        closed_from,
        closed_to,
        *floor.copies(),
        floor.model,
        floor.needs[kind],
        floor.allowed[kind],
        floor.count[group],
        lasts,
    )
    return float(at), tuple(np.flatnonzero(taken).tolist())


def promise(sim: Simulation, job: int) -> Closure | None:
    """Keep nodes for a job from the time at which it is foreseen to start; None if it is not foreseen."""
    start, nodes = foresee(sim, job)
    if start == math.inf:
        return None
    closure = Closure("promise", nodes, start, start + sim.book.estimate(job), job=job)
    sim.floor.close(closure)
    sim.promises[job] = closure
    return closure
