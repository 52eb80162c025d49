"""Jobs and tenants from the tasks of a trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import Task

from .types import Job, Tenant


def jobs_of(tasks: Iterable[Task], *, tenant: str = "", duration: float | None = None) -> list[Job]:
    """Jobs numbered from 1 in the order of the tasks; tasks without a run time are left out.

    A task arrives when it was submitted, or started where that is unknown, counted from the first arrival,
    and runs from its start (submission where the start is unknown) to its end.

    Args:
        tasks: of a trace.
        tenant: for tasks that name none.
        duration: for tasks whose run time the trace does not tell; None leaves them out.
    """
    found = []
    for number, task in enumerate(tasks, start=1):
        submitted = task.submitted if task.submitted is not None else task.started
        started = task.started if task.started is not None else task.submitted
        runs = duration
        if task.ended is not None and started is not None and task.ended > started:
            runs = task.ended - started
        if runs is None or submitted is None:
            continue
        found.append(
            Job(
                id=number,
                tenant=task.tenant or tenant,
                task=task,
                submitted=submitted,
                duration=runs,
                count=task.count,
                estimate=task.estimate if task.estimate is not None and task.estimate > 0 else None,
            )
        )
    if not found:
        raise SchedulingError("no task has an arrival and a run time", kind="trace")
    first = min(job.submitted for job in found)
    return [_shifted(job, first) for job in found]


def _shifted(job: Job, first: float) -> Job:
    return Job(
        job.id,
        job.tenant,
        job.task,
        job.submitted - first,
        job.duration,
        count=job.count,
        estimate=job.estimate,
    )


def tenants_of(jobs: Sequence[Job]) -> list[Tenant]:
    """A tenant without limits for each name, in order of names."""
    return [Tenant(name) for name in sorted({job.tenant for job in jobs})]
