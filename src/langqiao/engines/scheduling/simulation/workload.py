"""Jobs and tenants from the tasks of a trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.types import Task

from .types import Job, Tenant

MOST_NAMED = 20  # classes of service in a message


def jobs_of(
    tasks: Iterable[Task],
    *,
    tenant: str = "",
    duration: float | None = None,
    priorities: Mapping[str, int] | None = None,
) -> list[Job]:
    """Jobs numbered from 1 in the order of the tasks; tasks without a run time are left out.

    A task arrives when it was submitted, or started where that is unknown, counted from the first arrival,
    and runs from its start (submission where the start is unknown) to its end. Its priority is its own, or
    else that of its class of service, or else 0.

    Args:
        tasks: of a trace.
        tenant: for tasks that name none.
        duration: for tasks whose run time the trace does not tell; None leaves them out.
        priorities: by class of service (``Task.quality``: qos of openb, queue of SWF).

    Raises:
        SchedulingError: no task has an arrival and a run time, or no task is of a class in ``priorities``
            (``kind`` "quality").
    """
    tasks, levels = list(tasks), priorities or {}
    _check_classes(tasks, levels)
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
                priority=levels.get(task.quality, 0) if task.priority is None else task.priority,
                preemptible=task.preemptible,
            )
        )
    if not found:
        raise SchedulingError("no task has an arrival and a run time", kind="trace")
    first = min(job.submitted for job in found)
    return [replace(job, submitted=job.submitted - first) for job in found]


def _check_classes(tasks: Sequence[Task], levels: Mapping[str, int]) -> None:
    known = {task.quality for task in tasks}
    strange = tuple(sorted(set(levels) - known))
    if strange:
        there = ", ".join(sorted(known - {""})[:MOST_NAMED]) or "none"
        raise SchedulingError(
            f"no job is of the class of service {', '.join(strange)}; the trace has: {there}",
            kind="quality",
            subjects=strange,
        )


def tenants_of(jobs: Sequence[Job]) -> list[Tenant]:
    """A tenant without limits for each name, in order of names."""
    return [Tenant(name) for name in sorted({job.tenant for job in jobs})]
