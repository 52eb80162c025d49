"""The event-driven simulation (离散事件仿真) of jobs, quotas and nodes over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import Node

from . import happenings
from .book import Book
from .closures import Closure
from .core import Carrier, carries
from .dispatch import dispatch
from .displace import Plan
from .floor import Floor
from .happenings import What
from .kernels import NODE
from .lanes import Lanes
from .meter import Meter
from .options import Options
from .parts import Parts
from .quota import QuotaTree
from .shares import FairShare
from .types import Job, Progress, Report, Sample, Tenant

BEAT = 2000  # events between looks at the clock, for progress and checkpoints
LEAST = 1000  # jobs for which the compiled loop is worth its loading


@dataclass(slots=True)
class Nomination:
    """A job that will have the place of ``victims`` when their grace time ends."""

    job: int
    victims: list[int]
    nodes: tuple[int, ...]
    kept: list[tuple[int, int, int]]
    at: float


class Simulation:
    """The state of the centre at ``now``; ``run`` goes on from there.

    Two simulations of the same nodes, jobs, tenants, options and seed are equal at every time, whatever the
    order in which the jobs were handed in, and also if one was stopped, written to a file and read again.
    Complexity: a few microseconds and one placement for each start, independent of the number of waiting
    jobs; a displacement or a promise looks at all running jobs.

    ``compiled`` says whether the loop is the compiled one where it knows the rules (``core.carries``), or the
    plain one; both come to the same. None leaves it to the number of jobs, because compiling takes a minute,
    once on a machine.

    Raises:
        SchedulingError: a job, tenant, node name or option that cannot be used.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        jobs: Sequence[Job],
        tenants: Sequence[Tenant],
        *,
        options: Options | None = None,
        seed: int = 0,
        compiled: bool | None = None,
    ) -> None:
        self.options = options = options or Options()
        for tenant in tenants:
            if not 0 < tenant.weight < math.inf:
                raise SchedulingError(
                    f"{tenant.name}: a weight is positive", kind="tenant", subjects=(tenant.name,)
                )
        self.tenants = tuple(tenants)
        self.compiled = compiled
        self.carrier: Carrier | None = None  # while the compiled loop has the state
        self.now = 0.0
        self.events = 0
        self.starts = 0
        self.heap: list[tuple[float, int, int, int]] = []
        self.live = 0  # events in the heap that can let a waiting job start
        self.random = np.random.default_rng(seed)
        self.quotas = QuotaTree(tenants, options.cities)
        self.shares = FairShare(tenants, options.cities, self.quotas, options.half_life)
        self.book = Book(jobs, tenants, options)
        self.floor = Floor(
            nodes, policy=options.policy, workload=[job.task for job in self.book.jobs], seed=seed
        )
        self.parts = Parts()
        self.lanes = Lanes(len(tenants), self.quotas)
        self.meter = Meter(len(tenants), self.quotas, self.shares, options)
        self.levels: list[dict[int, int]] = [{} for _ in tenants]  # movable running jobs by priority
        self.movable = [False] * self.book.size
        self.promises: dict[int, Closure] = {}
        self.nominations: dict[int, Nomination] = {}
        self.notices = 0
        self.leaving: dict[int, int] = {}  # job in its grace time -> nomination
        self.held: dict[int, int] = {}  # node -> nominations that keep it
        self.possible: dict[int, bool] = {}
        self.samples: list[Sample] = []
        self.asking = False
        self.again = False
        self.changes = 0
        self.fair = options.order == "fair"
        self.strict = options.backfill == "none"
        self.turn = -1  # under strict order the job that the others are waiting for
        self.depth = {"easy": 1, "conservative": options.depth}.get(options.backfill, 0)
        self.displaces = options.preempt or options.reclaim != "never"
        self.owners: set[int] = set()
        self.names: set[str] = set()
        self.windows: list[Closure] = []  # maintenance, then reservations
        self.down_times = 0
        happenings.prepare(self)

    # The loop ----------------------------------------------------------------------------------------------

    def run(
        self, until: float = math.inf, *, report: Report | None = None, beat: Callable[[], None] | None = None
    ) -> None:
        """Let time pass up to ``until``, or to the end of the last job.

        ``report`` is told how far it is and ``beat`` is called every 2,000 events, between two moments.
        """
        until = min(until, self.options.until)
        if self.takes_compiled_loop():
            self.carrier = Carrier(self)
            try:
                self.carrier.run(until, report, beat)
            finally:
                self.carrier = None
        else:
            self._run_plainly(until, report, beat)
        if until < math.inf and self.book.over < self.book.size:
            self.now = max(self.now, until)
        if report is not None:
            report(Progress("simulate", self.book.over, self.book.size))

    def takes_compiled_loop(self) -> bool:
        """Whether ``run`` goes on by the compiled loop."""
        wanted = self.book.size >= LEAST if self.compiled is None else self.compiled
        return wanted and carries(self)

    def __getstate__(self) -> dict[str, object]:
        """All there is, as of now."""
        if self.carrier is not None:
            self.carrier.bring_back()
        return {**self.__dict__, "carrier": None}

    def _run_plainly(self, until: float, report: Report | None, beat: Callable[[], None] | None) -> None:
        book, heap = self.book, self.heap
        next_beat = self.events + BEAT
        while book.over < book.size:
            arrival = book.submitted[book.next] if book.next < book.size else math.inf
            moment = min(arrival, heap[0][0] if heap else math.inf)
            if moment > until or moment == math.inf or (self.live == 0 and arrival == math.inf):
                break
            self.now = moment
            self._happen(What.ARRIVE)
            while book.next < book.size and book.submitted[book.next] == moment:
                happenings.arrive(self, book.next)
                book.next += 1
                self.events += 1
            self._happen(What.SAMPLE + 1)
            if self.lanes.ready or self.floor.fresh or self.promises:
                dispatch(self)
            if self.events >= next_beat:
                next_beat = self.events + BEAT
                if report is not None:
                    report(Progress("simulate", book.over, book.size))
                if beat is not None:
                    beat()

    def _happen(self, before: int) -> None:
        """Everything in the heap that is of this moment and of a kind before the one given."""
        heap, now = self.heap, self.now
        while heap and heap[0][0] == now and heap[0][1] < before:
            _, what, first, second = heappop(heap)
            self.live -= what < What.ARRIVE
            if happenings.HANDLERS[what](self, first, second):
                self.events += 1

    def push(self, at: float, what: int, first: int, second: int = 0) -> None:
        """Something will happen."""
        heappush(self.heap, (at, what, first, second))
        self.live += what < What.ARRIVE

    def ask_again(self) -> None:
        """Jobs that may displace others but found too few try again after a while."""
        if not self.asking:
            self.asking = True
            self.push(self.now + self.options.reclaim_every, What.RETRY, 0)

    def expect(self, closure: Closure) -> None:
        """A promise falls due."""
        self.push(closure.start, What.PROMISE, closure.job)

    # Jobs --------------------------------------------------------------------------------------------------

    def queue(self, job: int) -> None:
        """A job waits (again)."""
        book = self.book
        tenant = book.tenant[job]
        entry = book.key(job)
        if self.strict:
            self.lanes.push((tenant,), entry)
        elif self.depth:
            self.lanes.push((tenant, book.group[job], int(math.log2(book.estimate(job)))), entry)
        else:
            self.lanes.push((tenant, book.group[job]), entry)

    def waiting_for_turn(self) -> list[int]:
        """Lanes that found no room while all promises were given: the first of them gets the next one."""
        found: dict[int, None] = {}
        for lanes in self.lanes.for_room.values():
            found.update(lanes)
        return list(found)

    def _settle(self, tenant: int) -> None:
        self.meter.settle(tenant, self.now)
        self.shares.settle(tenant, self.now)

    def start(self, job: int, handles: list[int]) -> None:
        """A job has been placed: it runs."""
        book, floor, parts, now = self.book, self.floor, self.parts, self.now
        tenant = book.tenant[job]
        self._settle(tenant)
        self.quotas.charge(tenant, book.gpu[job], book.cpu[job])
        ends = now + book.estimate(job)
        end = book.begin(job, now)
        task = floor.tasks[floor.kind[book.group[job]]]
        movable = int(self.displaces and book.jobs[job].preemptible)
        rest = (task.gpu_milli, task.cpu_milli, task.memory_mib, job, tenant, book.priority[job], movable)
        rows = []
        for handle in handles:
            node, gpus = floor.cluster.where(handle)
            mask = 0
            for gpu in gpus:
                mask |= 1 << gpu
            rows.append(parts.add((node, mask, *rest), now, ends))
            floor.recheck(node)
            if self.meter.metered:
                self.meter.work(node, self._units(job, node), now)
        book.rows[job] = rows
        book.handles[job] = handles
        book.node[job] = node
        if movable:
            self.count_movable(job, 1)
        self.starts += 1
        self.changes += 1
        self.push(end, What.END, job, book.epoch[job])

    def _units(self, job: int, node: int) -> int:
        task = self.book.jobs[job].task
        return task.gpus * task.gpu_milli if self.floor.nodes[node].gpus else task.cpu_milli

    def count_movable(self, job: int, change: int) -> None:
        """A job that may be displaced runs (1), or no longer (-1)."""
        self.movable[job] = change > 0
        levels, priority = self.levels[self.book.tenant[job]], self.book.priority[job]
        number = levels.get(priority, 0) + change
        if number:
            levels[priority] = number
        else:
            levels.pop(priority, None)

    def leave(self, job: int, lost: frozenset[int] = frozenset()) -> None:
        """A job gives back what it holds; handles in ``lost`` went down with their node."""
        book, floor, parts = self.book, self.floor, self.parts
        tenant = book.tenant[job]
        self._settle(tenant)
        self.quotas.refund(tenant, book.gpu[job], book.cpu[job])
        for row, handle in zip(book.rows[job], book.handles[job], strict=True):
            node = int(parts.table[row, NODE])
            if handle not in lost:
                floor.cluster.release(handle)
            parts.drop(row)
            floor.freed(node)
            if self.meter.metered:
                self.meter.work(node, self._units(job, node), self.now, stop=True)
        book.rows[job] = []
        book.handles[job] = []
        if self.movable[job]:
            self.count_movable(job, -1)
        number = self.leaving.pop(job, None)
        if number is not None:
            self.quotas.give_notice(tenant, -book.gpu[job], -book.cpu[job])
            self._keep_for(self.nominations[number], job)
        if self.quotas.limited:
            self.lanes.wake_quota(self.quotas.path[tenant])

    def interrupt(self, job: int, *, failure: bool, lost: frozenset[int] = frozenset()) -> None:
        """A running job is stopped and waits again."""
        self.leave(job, lost)
        self.book.interrupt(job, self.now, failure=failure)
        if not failure:
            self.meter.preempted[self.book.tenant[job]] += 1
        self.changes += 1
        self.queue(job)

    def displace(self, job: int) -> None:
        """A job makes room for another, at once."""
        self.interrupt(job, failure=False)

    # Grace time --------------------------------------------------------------------------------------------

    def nominate(self, job: int, plan: Plan) -> None:
        """Give notice to the victims; their place and quota are kept for ``job`` until then."""
        book, quotas = self.book, self.quotas
        at = self.now + self.options.grace
        kept = []
        for node in quotas.path[book.tenant[job]]:
            freed = [one for one in plan.victims if node in quotas.path[book.tenant[one]]]
            gpu = max(0, book.gpu[job] - sum(book.gpu[one] for one in freed))
            cpu = max(0, book.cpu[job] - sum(book.cpu[one] for one in freed))
            kept.append((node, gpu, cpu))
        quotas.keep(kept)
        quotas.pledge(book.tenant[job], book.gpu[job], book.cpu[job])
        number = self.notices
        self.notices += 1
        self.nominations[number] = Nomination(job, list(plan.victims), plan.nodes, kept, at)
        for node in plan.nodes:
            self.held[node] = self.held.get(node, 0) + 1
            self.floor.hold(node, everybody=True)
        for one in plan.victims:
            self.leaving[one] = number
            quotas.give_notice(book.tenant[one], book.gpu[one], book.cpu[one])
            self.count_movable(one, -1)
            for row in book.rows[one]:
                self.parts.pin(row)
        book.state[job] = "nominated"
        self.changes += 1
        self.push(at, What.EVICT, number)

    def _keep_for(self, nomination: Nomination, job: int) -> None:
        """A victim left before its time: its quota goes on being kept."""
        path = self.quotas.path[self.book.tenant[nomination.job]]
        more = [
            (node, self.book.gpu[job], self.book.cpu[job])
            for node in self.quotas.path[self.book.tenant[job]]
            if node in path
        ]
        self.quotas.keep(more)
        nomination.kept += more

    def bring_up_to_date(self) -> None:
        """Integrate everything up to now; changes nothing that the simulation decides by."""
        self.meter.advance(self.now)
        for tenant in range(len(self.tenants)):
            self.meter.settle(tenant, self.now)
