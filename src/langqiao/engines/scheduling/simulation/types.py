"""What goes into a simulation of the computing centre and what comes out of it: frozen dataclasses.

Time in seconds from the start of the simulation, GPUs and cores in thousandths, power in kW.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from langqiao.engines.scheduling.types import Node, Task

State = Literal["waiting", "nominated", "running", "done", "rejected"]
"""nominated: it has been given the place of others, who are still in their grace time (宽限期)."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits on what is held at one time (配额); None for no limit."""

    gpu_milli: int | None = None
    cpu_milli: int | None = None


UNLIMITED = Quota()
NOTHING = Quota(0, 0)


@dataclass(frozen=True, slots=True)
class City:
    """A city of the corridor (城市), between its tenants and the corridor.

    Attributes:
        name: its name.
        quota: what it holds for all of its tenants, on top of their own quotas.
        borrow_limit: how much it may use above its own and its tenants' quotas, from other cities.
        weight: its part under fair share; None for the sum of its tenants' weights.
    """

    name: str
    quota: Quota = NOTHING
    borrow_limit: Quota = UNLIMITED
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who uses the centre (租户).

    Attributes:
        name: its name.
        city: its city; "" where cities do not matter.
        quota: nominal quota (名义配额); it may be reclaimed (收回) from others who borrow it.
        borrow_limit: how much it may use above its quota (借用上限).
        weight: its part under fair share.
        priority: added to the priority of each of its jobs.
    """

    name: str
    city: str = ""
    quota: Quota = UNLIMITED
    borrow_limit: Quota = UNLIMITED
    weight: float = 1.0
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job (作业): ``count`` equal tasks that start together or not at all (成组 gang).

    Attributes:
        id: a number that no other job has; it breaks ties.
        tenant: name of its tenant.
        task: what each of its parts needs; its own times and count are not looked at.
        submitted: when it arrives.
        duration: how long it really runs.
        count: number of parts.
        estimate: how long its owner says it runs; None for the true duration.
        priority: a higher one goes first, and may displace a lower one of the same tenant.
        preemptible: False for a job that must never be displaced (by a failure it still is).
    """

    id: int
    tenant: str
    task: Task
    submitted: float
    duration: float
    count: int = 1
    estimate: float | None = None
    priority: int = 0
    preemptible: bool = True


@dataclass(frozen=True, slots=True)
class Failures:
    """Random failures of nodes (故障): exponential times with these means, in seconds."""

    mtbf: float
    mttr: float


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window (维护窗口) in which nodes take no work.

    No job is put there whose estimated end lies beyond the start. A job that is still there at the start
    is stopped and queued again (``stop``) or may end (then its node is free of it, just later).
    """

    nodes: tuple[str, ...]
    start: float
    end: float
    stop: bool = True


@dataclass(frozen=True, slots=True)
class Reservation:
    """Nodes kept for one tenant from ``start`` to ``end`` (预留); others' jobs must have left by then."""

    tenant: str
    nodes: tuple[str, ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Delivery:
    """Nodes that come on line at a date (交付), for instance a building."""

    at: float
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """Power of a node (功率) in kW: ``idle``, and ``full`` when all its GPUs are held; linear between."""

    idle: float
    full: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the simulation is: jobs ended or rejected, of all."""

    stage: str
    done: int
    total: int


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a job waits (等待原因), as data: faces turn ``kind`` and ``figures`` into words.

    Kinds and their figures:
        submitted: the job arrives later; at.
        running: it runs; since, expected_end.
        done, rejected: at; a rejected job has the reason it was rejected for as a second entry.
        quota: a quota is used up; level (tenant, city, corridor), name, resource (gpu, cpu), used, limit,
            asked, borrowing (whether the job would borrow).
        never: no node, now or delivered later, can ever hold it; gpus, gpu_milli, cpu_milli, memory_mib.
        above: it asks for more than its quota and borrowing limit ever allow; as for quota.
        capacity: nothing that would do is free; asked, free (thousandths of GPU on nodes of a model that
            would do), parts_fit, parts.
        fragment: as capacity, but the sum of what is free would be enough, it lies in pieces.
        closed: nodes that would do are kept for a maintenance window or reservation; nodes, until.
        order: others go first; ahead (jobs), share and lowest (dominant shares of its tenant and of the
            tenant served first, where fair share rules).
        behind: its tenant's queue is held by an earlier job that waits for quota; job.
        promised: it holds a reservation by estimates; start.
        foreseen: by the estimates of what runs it could start then, if nothing went before it; start.
        nominated: it waits for the grace time of those it displaces; start, victims.
    """

    kind: str
    figures: dict[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What became of one job; times None where it never came to that."""

    id: int
    tenant: str
    state: State
    submitted: float
    started: float | None
    ended: float | None
    preemptions: int
    failures: int
    node: int
    reason: Reason | None = None

    @property
    def wait(self) -> float | None:
        """Seconds from arrival to the first start."""
        return None if self.started is None else self.started - self.submitted

    @property
    def completion(self) -> float | None:
        """Job completion time (JCT): seconds from arrival to the end."""
        return None if self.ended is None else self.ended - self.submitted


@dataclass(frozen=True, slots=True)
class Sample:
    """The centre at one moment; percentages of the GPUs that stand, nan where there are none."""

    at: float
    allocation_pct: float
    fragment_pct: float
    waiting: int
    running: int
    gap: float


@dataclass(frozen=True, slots=True)
class TenantResult:
    """One tenant over the whole simulation; hours of a whole GPU and of a core."""

    name: str
    city: str
    jobs: int
    done: int
    gpu_hours: float
    core_hours: float
    mean_wait: float
    mean_share: float
    borrowed_gpu_hours: float
    preempted: int
