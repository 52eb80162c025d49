"""The campus's servers in memory (机房现状), with the jobs that run on them, over the placement engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from langqiao.apps.computing.models import Campus, Job, Server, Slot
from langqiao.apps.computing.queries.queue import expected_end
from langqiao.engines.scheduling.cluster import Cluster
from langqiao.engines.scheduling.own.tuning import PLAIN
from langqiao.engines.scheduling.types import Node, Place, Task

# A server (by its key) and the numbers of its GPUs, for one part of a job.
Spot = tuple[int, tuple[int, ...]]


@cache
def make_ready() -> None:
    """Compile or load the engine's kernels, once a process; a round calls it before it holds any lock.

    The first time on a machine that takes up to a minute, for which no other process could write to SQLite.
    """
    place = Place("", "", "", "", "")
    nodes = [Node(name, 2000, 2, 2, "G", place) for name in ("a", "b")]
    task, half = Task("t", 1000, 1, 1, 1000, models=("G",)), Task("h", 0, 0, 1, 500)
    cluster = Cluster(nodes, policy="own", weights=PLAIN, workload=[task, half])
    kind = cluster.type_of(task)
    handles = [
        cluster.place(kind),
        cluster.place_on(cluster.type_of(half), 0, (1,)),
        *cluster.place_gang(kind, 2),
    ]
    for handle in handles:
        if handle >= 0:
            cluster.release(handle)
    cluster.drain(0)
    cluster.restore(0)


class Floor:
    """The placement engine over a campus's servers, with the jobs that run on them.

    Args:
        policy: of :class:`~langqiao.engines.scheduling.cluster.Cluster`.
        waiting: jobs that may start; with those that run they are the work that the policy expects.
    """

    def __init__(
        self,
        campus: Campus,
        running: Iterable[Job],
        waiting: Sequence[Job],
        now: datetime,
        *,
        policy: str = "own",
    ) -> None:
        running = list(running)
        self.now = now
        slots = _slots(running)
        held = {server for spots in slots.values() for server, _gpus in spots}
        rows = Server.objects.filter(rack__hall__building__campus=campus).select_related(
            "rack__hall__building"
        )
        self._servers = [
            server
            for server in rows.order_by("pk")
            if server.state == Server.State.READY or server.pk in held
        ]
        self._number = {server.pk: at for at, server in enumerate(self._servers)}
        self._models = {model_of(server) for server in self._servers if server.gpus}
        self.cluster = Cluster(
            [_node(server) for server in self._servers],
            policy=policy,
            weights=PLAIN,  # a round must answer at once; trial runs for better weights take seconds
            workload=[self._task(job) for job in [*running, *waiting] if self._models_for(job) is not None],
        )
        self._jobs: dict[int, Job] = {}
        self._handles: dict[int, list[int]] = {}
        self.misfits: list[Job] = []
        for job in running:
            if not self.put(job, slots.get(job.pk, [])):
                self.misfits.append(job)
        for at, server in enumerate(self._servers):
            if server.state != Server.State.READY:
                self.cluster.drain(at)

    def _models_for(self, job: Job) -> tuple[str, ...] | None:
        """Models in the engine's names that will do: () for any, None where the campus has none of them."""
        if not job.gpu_models and not job.domestic_only:
            return ()
        found = tuple(
            sorted(
                model
                for model in self._models
                if (not job.gpu_models or model.removesuffix(DOMESTIC) in job.gpu_models)
                and (not job.domestic_only or model.endswith(DOMESTIC))
            )
        )
        return found or None

    def _task(self, job: Job) -> Task:
        return Task(
            str(job.pk), job.cpu_milli, job.memory_mib, job.gpus, job.gpu_milli,
            models=self._models_for(job) or (), count=job.count,
        )  # fmt: skip

    def _kind(self, job: Job) -> int:
        return self.cluster.type_of(self._task(job))

    def put(self, job: Job, spots: Sequence[Spot]) -> bool:
        """Put every part of a job where it is said to run; nothing where one does not fit."""
        handles: list[int] = []
        for server, gpus in spots:
            handle = self.cluster.place_on(self._kind(job), self._number[server], gpus)
            if handle < 0:
                break
            handles.append(handle)
        return self._keep(job, handles, complete=len(handles) == job.count == len(spots))

    def place(self, job: Job) -> bool:
        """Place every part of a job where the policy says; nothing where they do not all fit."""
        if self._models_for(job) is None:
            return False
        if job.count > 1:
            handles = self.cluster.place_gang(self._kind(job), job.count)
        else:
            handles = [handle for handle in (self.cluster.place(self._kind(job)),) if handle >= 0]
        return self._keep(job, handles, complete=len(handles) == job.count)

    def _keep(self, job: Job, handles: list[int], *, complete: bool) -> bool:
        if complete:
            self._jobs[job.pk], self._handles[job.pk] = job, handles
            return True
        for handle in handles:
            self.cluster.release(handle)
        return False

    def take(self, job: Job) -> list[Spot]:
        """Take a job off its servers; where it was."""
        spots = self.spots(job)
        for handle in self._handles.pop(job.pk):
            self.cluster.release(handle)
        del self._jobs[job.pk]
        return spots

    def spots(self, job: Job) -> list[Spot]:
        """Where the parts of a job run."""
        places = [self.cluster.where(handle) for handle in self._handles[job.pk]]
        return [(self._servers[node].pk, gpus) for node, gpus in places]

    def earliest(self, job: Job) -> datetime | None:
        """When a job fits by the estimates of those that run, if nothing else starts; None where never."""
        gone: list[tuple[Job, list[Spot]]] = []
        at: datetime | None = self.now
        fits = self._try(job)
        for other in sorted(self._jobs.values(), key=lambda one: (expected_end(one, self.now), one.pk)):
            if fits:
                break
            at = expected_end(other, self.now)
            gone.append((other, self.take(other)))
            fits = self._try(job)
        self._put_back(gone)
        return at if fits else None

    def holds(self, promises: Sequence[tuple[Job, datetime]]) -> bool:
        """Whether all of these jobs still fit together, each by its time, by the estimates of what runs."""
        ends = sorted(self._jobs.values(), key=lambda one: (expected_end(one, self.now), one.pk))
        gone: list[tuple[Job, list[Spot]]] = []
        placed: list[Job] = []
        for job, when in sorted(promises, key=lambda one: (one[1], one[0].pk)):
            while not self.place(job):
                if len(gone) == len(ends) or expected_end(ends[len(gone)], self.now) > when:
                    break
                other = ends[len(gone)]
                gone.append((other, self.take(other)))
            else:
                placed.append(job)
                continue
            break
        for job in placed:
            self.take(job)
        self._put_back(gone)
        return len(placed) == len(promises)

    def _put_back(self, gone: Sequence[tuple[Job, list[Spot]]]) -> None:
        for other, spots in reversed(gone):
            if not self.give_back(other, spots):
                raise RuntimeError(f"job {other.pk} no longer fits where it ran")

    def _try(self, job: Job) -> bool:
        if not self.place(job):
            return False
        self.take(job)
        return True

    def give_back(self, job: Job, spots: Sequence[Spot]) -> bool:
        """Let a job go on where it ran, if nobody took its place meanwhile."""
        # Servers that take nothing more refuse even what they held a moment ago.
        shut = {self._number[server] for server, _gpus in spots}
        shut = {at for at in shut if self._servers[at].state != Server.State.READY}
        for at in shut:
            self.cluster.restore(at)
        back = self.put(job, spots)
        for at in shut:
            self.cluster.drain(at)
        return back


DOMESTIC = "\x1fd"
"""Ends the engine's name of a model on domestic chips, which may bear the same name as others."""


def model_of(server: Server) -> str:
    """The engine's name of a server's GPU model."""
    return server.gpu_model + (DOMESTIC if server.is_domestic else "")


def _node(server: Server) -> Node:
    rack = server.rack
    place = Place(
        str(rack.hall.building_id),
        str(rack.hall_id),
        f"{rack.hall_id}/{rack.row}",
        str(rack.pk),
        server.switch,
    )
    return Node(str(server.pk), server.cpu_milli, server.memory_mib, server.gpus, model_of(server), place)


def _slots(running: Iterable[Job]) -> dict[int, list[Spot]]:
    """Where each running job's parts stand in the table of slots."""
    parts: dict[int, dict[int, list[Slot]]] = defaultdict(lambda: defaultdict(list))
    for slot in Slot.objects.filter(job__in=[job.pk for job in running]).order_by("job", "part", "gpu"):
        parts[slot.job_id][slot.part].append(slot)
    return {
        job: [
            (held[0].server_id, tuple(slot.gpu for slot in held)) for _part, held in sorted(by_part.items())
        ]
        for job, by_part in parts.items()
    }
