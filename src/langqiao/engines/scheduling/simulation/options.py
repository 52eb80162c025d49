"""The rules a simulation runs under, checked at the door."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from langqiao.engines.scheduling.errors import SchedulingError

from .types import City, Delivery, Failures, Maintenance, Power, Reservation

Order = Literal["fifo", "sjf", "fair"]
Backfill = Literal["none", "greedy", "easy", "conservative"]
Work = Literal["checkpoint", "restart"]
Reclaim = Literal["never", "lower", "any"]
NOT_NEGATIVE = ("half_life", "grace", "min_run", "checkpoint_every", "restart_cost", "sample_every")


@dataclass(frozen=True, slots=True)
class Options:
    """Rules of the queue, of displacement, and what happens besides the jobs.

    Attributes:
        policy: placement policy of the cluster.
        order: who goes first among equals in priority: who came first (fifo), who says to be shortest
            (sjf), or whose city and then tenant has the lowest dominant share (fair; DRF, Ghodsi et al.,
            NSDI 2011). Jobs within their quota always go before jobs that borrow.
        half_life: seconds after which past use counts half under fair share; 0 counts only what is held.
        backfill: what may start while an earlier job finds no place. none: nothing. greedy: whatever
            fits. easy: what fits and, by the estimates, does not delay the first job that waits (EASY,
            Lifka 1995). conservative: the same for the first ``depth`` jobs that wait. Under all but
            greedy a job that waits for quota holds back the later jobs of its own tenant.
        depth: number of promises under conservative.
        preempt: a job may displace lower priorities of its own tenant.
        reclaim: a job within its quota may displace jobs that borrow: never, those of lower priority, any.
        grace: seconds a displaced job may still run.
        min_run: seconds a job has run before it can be displaced.
        work: a displaced job goes on where it was (checkpoint) or begins again (restart).
        checkpoint_every: seconds between checkpoints of a job, which is what a failure costs it at most;
            0 for no loss. Only for work = checkpoint.
        restart_cost: seconds of work that each start after a displacement or failure costs.
        reclaim_every: seconds after which jobs that may displace but could not, try again.
        overrun: seconds that a job beyond its estimate is expected to take at least; it is taken to need
            as much again as it has overrun.
        cities: those that have quotas, limits or weights of their own.
        failures, maintenance, reservations, deliveries: what happens besides the jobs.
        power: power of a node by GPU model, "" for nodes without GPUs; where a node's model is missing
            no energy is reported at all.
        pue: power usage effectiveness (电能利用效率) that the energy is multiplied by.
        sample_every: seconds between samples; 0 for none.
        until: no event after this time is looked at; inf runs to the end of the last job.
    """

    policy: str = "bestfit"
    order: Order = "fifo"
    half_life: float = 0.0
    backfill: Backfill = "greedy"
    depth: int = 20
    preempt: bool = False
    reclaim: Reclaim = "never"
    grace: float = 0.0
    min_run: float = 0.0
    work: Work = "checkpoint"
    checkpoint_every: float = 0.0
    restart_cost: float = 0.0
    reclaim_every: float = 60.0
    overrun: float = 60.0
    cities: tuple[City, ...] = ()
    failures: Failures | None = None
    maintenance: tuple[Maintenance, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    power: Mapping[str, Power] = field(default_factory=dict)
    pue: float = 1.0
    sample_every: float = 3600.0
    until: float = math.inf

    def __post_init__(self) -> None:
        self._check_words()
        self._check_numbers()
        self._check_happenings()

    def _check_words(self) -> None:
        for name, allowed in (
            ("order", get_args(Order)),
            ("backfill", get_args(Backfill)),
            ("work", get_args(Work)),
            ("reclaim", get_args(Reclaim)),
        ):
            if getattr(self, name) not in allowed:
                _refuse(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}", name)

    def _check_numbers(self) -> None:
        for name in NOT_NEGATIVE:
            if not 0 <= getattr(self, name) < math.inf:
                _refuse(f"{name} is a number of seconds, 0 or more", name)
        for name in ("reclaim_every", "overrun"):
            if not 0 < getattr(self, name) < math.inf:
                _refuse(f"{name} is a positive number of seconds", name)
        if not self.until > 0:
            _refuse("until lies after the start", "until")
        if self.depth < 1:
            _refuse("depth is at least 1", "depth")
        if not 1 <= self.pue < math.inf:
            _refuse("pue is at least 1", "pue")

    def _check_happenings(self) -> None:
        if self.failures and not (0 < self.failures.mtbf < math.inf and 0 < self.failures.mttr < math.inf):
            _refuse("mtbf and mttr are positive numbers of seconds", "failures")
        windows: tuple[Maintenance | Reservation, ...] = (*self.maintenance, *self.reservations)
        for window in windows:
            if not (0 <= window.start < window.end < math.inf and window.nodes):
                _refuse("a window names nodes and ends after it starts", "windows")
        for model, power in self.power.items():
            if not 0 <= power.idle <= power.full < math.inf:
                _refuse(f"power of {model or 'nodes without GPUs'}: 0 ≤ idle ≤ full", "power")
        for delivery in self.deliveries:
            if not (0 <= delivery.at < math.inf and delivery.nodes):
                _refuse("a delivery names nodes and a time", "deliveries")


def _refuse(message: str, subject: str) -> None:
    raise SchedulingError(message, kind="option", subjects=(subject,))
