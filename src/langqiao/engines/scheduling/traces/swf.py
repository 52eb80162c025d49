"""Standard Workload Format 2.2 (SWF) of the Parallel Workloads Archive: 18 fields a job, −1 for unknown.

Source: Feitelson, Tsafrir and Krakov, "Experience with using the Parallel Workloads Archive", 2014, and the
definition at https://www.cs.huji.ac.il/labs/parallel/workload/swf.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from langqiao.engines.scheduling.errors import TraceError
from langqiao.engines.scheduling.traces.table import Row, text_of
from langqiao.engines.scheduling.types import Task

_HEADER = re.compile(r";\s*([A-Za-z]+)\s*:\s?(.*)")
_BURSTS = {2, 3, 4}  # parts of a job that was checkpointed; its whole stands in a line of status 0 or 1
KIB_A_MIB = 1024


@dataclass(frozen=True, slots=True)
class SwfJob:
    """A job, the fields in the order of the standard; None where the file has −1.

    Times are in seconds, memory in kilobytes per processor. Status: 0 failed, 1 completed, 2 to 4 parts of a
    checkpointed job, 5 cancelled.
    """

    job: int
    submit: float | None
    wait: float | None
    run: float | None
    allocated: int | None
    cpu_time: float | None
    used_memory: float | None
    requested: int | None
    requested_time: float | None
    requested_memory: float | None
    status: int | None
    user: int | None
    group: int | None
    executable: int | None
    queue: int | None
    partition: int | None
    preceding: int | None
    think_time: float | None


@dataclass(frozen=True, slots=True)
class Swf:
    """A log: its header comments by label, in their order, and its jobs."""

    header: dict[str, tuple[str, ...]]
    jobs: list[SwfJob]


FIELDS = tuple(field.name for field in fields(SwfJob))
_DECIMAL = {
    "submit", "wait", "run", "cpu_time", "used_memory", "requested_time", "requested_memory", "think_time",
}  # fmt: skip


def read_log(path: str | Path) -> Swf:
    """Header and jobs of a log.

    Raises:
        TraceError: a job without 18 fields, a field that is no number or less than −1, an unknown status, or
            another version of the format.
        OSError: the file cannot be read.
    """
    header: dict[str, tuple[str, ...]] = {}
    jobs = []
    for number, line in _lines(path):
        if line.startswith(";"):
            label = _HEADER.match(line)
            if label:
                name, value = label.group(1), label.group(2).strip()
                header[name] = (*header.get(name, ()), value)
                if name == "Version" and not value.startswith("2"):
                    raise TraceError(
                        f"version {value} is not version 2", path=str(path), line=number, column=name
                    )
            continue
        jobs.append(_job(str(path), number, line.split()))
    return Swf(header, jobs)


def read_tasks(path: str | Path) -> list[Task]:
    """Jobs of a log as gangs of one-core tasks, one for each processor asked for (or else allocated).

    Where the wait is unknown, the job is taken to start when it is submitted, so that run times are kept.
    Lines of single bursts (status 2 to 4) are passed over, and so are jobs of which no processor is known;
    :func:`read_log` has them. Tenant is the group, or else the user; quality is the queue.

    Raises:
        TraceError: as :func:`read_log`.
        OSError: the file cannot be read.
    """
    found = (_task(job) for job in read_log(path).jobs if job.status not in _BURSTS)
    return [task for task in found if task is not None]


def _lines(path: str | Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text_of(path).splitlines(), start=1):
        bare = line.strip()
        if bare:
            yield number, bare


def _job(path: str, line: int, cells: list[str]) -> SwfJob:
    if len(cells) != len(FIELDS):
        raise TraceError(
            f"{len(cells)} fields instead of {len(FIELDS)}",
            path=path,
            line=line,
            column=FIELDS[len(cells)] if len(cells) < len(FIELDS) else "",
        )
    row = Row(path, line, dict(zip(FIELDS, cells, strict=True)))
    values: dict[str, float | None] = {}
    for name in FIELDS:
        value = row.number(name, least=-1) if name in _DECIMAL else row.whole(name, least=-1)
        values[name] = None if value == -1 else value
    if values["job"] is None:
        raise row.wrong("job", "a job has a number")
    if values["status"] is not None and values["status"] > 5:
        raise row.wrong("status", f"{values['status']} is no status from 0 to 5")
    return SwfJob(**values)  # type: ignore[arg-type]  # whole() above made the whole ones


def _task(job: SwfJob) -> Task | None:
    parts = job.requested or job.allocated
    if not parts:
        return None
    memory = job.requested_memory if job.requested_memory is not None else job.used_memory
    started = None if job.submit is None or job.run is None else job.submit + (job.wait or 0.0)
    user = "" if job.user is None else f"u{job.user}"
    return Task(
        name=str(job.job),
        cpu_milli=1000,
        memory_mib=0 if memory is None else int(-(-memory // KIB_A_MIB)),
        tenant=f"g{job.group}" if job.group is not None else user,
        quality="" if job.queue is None else f"q{job.queue}",
        submitted=job.submit,
        started=started,
        ended=None if started is None or job.run is None else started + job.run,
        estimate=job.requested_time,
        count=parts,
    )
