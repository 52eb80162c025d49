"""Nodes that are closed to some jobs from a time on: maintenance, reservations, promises to waiting jobs.

All three are one thing: a set of nodes, from when to when, and who may still use them. A job is kept off a
node if by its estimate it would still run there when a closure begins that is not its own. The cluster only
knows open and drained nodes, so the closures that concern the job at hand are put into force before it is
placed; the next job usually needs the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NOBODY = -1
Kind = Literal["maintenance", "reservation", "promise"]


@dataclass(slots=True)
class Closure:
    """``tenant`` or ``job`` may still use the nodes; NOBODY where none may."""

    what: Kind
    nodes: tuple[int, ...]
    start: float
    end: float
    tenant: int = NOBODY
    job: int = NOBODY
    applied: bool = False

    def concerns(self, job: int, tenant: int, until: float) -> bool:
        """Whether a job that is placed now and says to end at ``until`` must keep off the nodes."""
        return self.start < until and job != self.job and (tenant != self.tenant or self.tenant == NOBODY)
