"""The book of jobs: what each asks for and how far it is, as lists by the number of the job.

Jobs are numbered in the order of arrival and id, so the order in which they were handed in does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import WHOLE, Task

from .options import Options
from .types import Job, Reason, State, Tenant


class Book:
    """Times are those of the simulation; ``left`` is the true work that remains, in seconds."""

    def __init__(self, jobs: Sequence[Job], tenants: Sequence[Tenant], options: Options) -> None:
        self.options = options
        self.jobs = sorted(jobs, key=lambda job: (job.submitted, job.id))
        numbers = {tenant.name: number for number, tenant in enumerate(tenants)}
        _check(self.jobs, numbers)
        size = len(self.jobs)
        self.size = size
        self.submitted = [job.submitted for job in self.jobs]
        self.tenant = [numbers[job.tenant] for job in self.jobs]
        self.gpu = [job.count * job.task.gpus * job.task.gpu_milli for job in self.jobs]
        self.cpu = [job.count * job.task.cpu_milli for job in self.jobs]
        self.priority = [
            job.priority + tenants[t].priority for job, t in zip(self.jobs, self.tenant, strict=True)
        ]
        self.left = [job.duration for job in self.jobs]
        self.state: list[State] = ["waiting"] * size
        self.group = [-1] * size
        self.rows: list[list[int]] = [[] for _ in range(size)]
        self.handles: list[list[int]] = [[] for _ in range(size)]
        self.first: list[float] = [math.nan] * size
        self.begun: list[float] = [math.nan] * size
        self.ended: list[float] = [math.nan] * size
        self.epoch = [0] * size  # counts starts and stops; an event of an older epoch is void
        self.overhead = [0.0] * size
        self.patience = [0.0] * size  # until when it is useless to look for jobs that could make room
        self.preemptions = [0] * size
        self.failures = [0] * size
        self.node = [-1] * size
        self.why: dict[int, Reason] = {}
        self.next = 0  # the next to arrive
        self.over = 0  # done or rejected

    def __getstate__(self) -> dict[str, object]:
        """All but the jobs themselves, which whoever resumes hands in again."""
        return {name: value for name, value in self.__dict__.items() if name != "jobs"}

    def estimate(self, job: int) -> float:
        """Seconds that its owner thinks it still needs, a restart's cost included."""
        said = self.jobs[job].estimate
        if said is None:
            return self.left[job] + self.overhead[job]
        done = self.jobs[job].duration - self.left[job]
        return max(said - done, self.options.overrun if done > 0.0 else said) + self.overhead[job]

    def key(self, job: int) -> tuple[float, float, int]:
        """Its place among the jobs of its tenant."""
        sjf = self.options.order == "sjf"
        return (-self.priority[job], self.estimate(job) if sjf else self.submitted[job], job)

    def begin(self, job: int, now: float) -> float:
        """A start; the time of its true end."""
        self.state[job] = "running"
        self.epoch[job] += 1
        self.begun[job] = now
        if math.isnan(self.first[job]):
            self.first[job] = now
        return now + self.overhead[job] + self.left[job]

    def finish(self, job: int, now: float) -> None:
        """Its end."""
        self.state[job] = "done"
        self.left[job] = 0.0
        self.ended[job] = now
        self.over += 1

    def reject(self, job: int, now: float, reason: Reason) -> None:
        """It can never run."""
        self.state[job] = "rejected"
        self.ended[job] = now
        self.why[job] = reason
        self.over += 1

    def interrupt(self, job: int, now: float, *, failure: bool) -> None:
        """It was stopped: what work is kept, and that it waits again."""
        options = self.options
        self.epoch[job] += 1
        self.state[job] = "waiting"
        if options.work == "restart":
            self.left[job] = self.jobs[job].duration
        else:
            kept = max(0.0, now - self.begun[job] - self.overhead[job])
            if failure and options.checkpoint_every > 0.0:
                kept -= kept % options.checkpoint_every
            self.left[job] = max(0.0, self.left[job] - kept)
        self.overhead[job] = options.restart_cost
        if failure:
            self.failures[job] += 1
        else:
            self.preemptions[job] += 1


def _check(jobs: Sequence[Job], tenants: Mapping[str, int]) -> None:
    seen: set[int] = set()
    wrong_with: dict[int, str] = {}  # by the task itself, which many jobs share
    for job in jobs:
        wrong = ""
        if job.id in seen:
            wrong = "its number is taken"
        elif job.tenant not in tenants:
            wrong = f"unknown tenant {job.tenant!r}"
        elif not (0 <= job.submitted < math.inf and 0 < job.duration < math.inf):
            wrong = "it is submitted at 0 or later and runs for more than 0 seconds"
        elif job.estimate is not None and not 0 < job.estimate < math.inf:
            wrong = "an estimate is more than 0 seconds"
        elif job.count < 1:
            wrong = "it has at least one part"
        else:
            key = id(job.task)
            if key not in wrong_with:
                wrong_with[key] = _wrong_with(job.task)
            wrong = wrong_with[key]
        if wrong:
            raise SchedulingError(f"job {job.id}: {wrong}", kind="job", subjects=(str(job.id),))
        seen.add(job.id)


def _wrong_with(task: Task) -> str:
    if min(task.cpu_milli, task.memory_mib, task.gpus, task.gpu_milli) < 0:
        return "no amount is negative"
    if task.gpus and not (0 < task.gpu_milli <= WHOLE and (task.gpus == 1 or task.gpu_milli == WHOLE)):
        return "a single GPU is asked for by 1 to 1000 thousandths, several whole"
    if not (task.gpus or task.cpu_milli or task.memory_mib):
        return "it asks for nothing"
    return ""
