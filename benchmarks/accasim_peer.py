"""The same jobs on the same nodes in AccaSim (Galleguillos, Kiziltan & Netti 2018; PyPI accasim 1.1.3).

AccaSim is run as it is published, with its own dispatcher: first in, first out, first fit. What it cannot say
is simplified: a job that asks for a part of a GPU gets a whole one, GPU models and memory are left out, times
are whole seconds, and there are no tenants, quotas, shares, priorities or displacement, so it decides less.
A job that fits on no node is left out. One line of ours stands before its import: it was written for a Python
in which ``collections.Mapping`` existed.
"""

from __future__ import annotations

import collections
import collections.abc
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langqiao.engines.scheduling.simulation import Job
from langqiao.engines.scheduling.types import Node

collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined] # AccaSim imports it from where it was before Python 3.10

# ruff: noqa: E402 # only after that
from accasim.base.allocator_class import FirstFit
from accasim.base.event_class import AttributeType, JobFactory
from accasim.base.resource_manager_class import Resources
from accasim.base.scheduler_class import FirstInFirstOut
from accasim.base.simulator_class import Simulator
from accasim.utils.reader_class import Reader


class _Jobs(Reader):
    """Hands jobs to AccaSim one by one."""

    def __init__(self, factory: JobFactory, rows: Sequence[dict[str, Any]]) -> None:
        super().__init__(factory)
        self.rows = iter(rows)
        self.left = len(rows)

    def _read(self, _now: int) -> dict[str, Any] | None:
        self.left -= 1
        if self.left == 0:
            self.stop_submission()
        return next(self.rows, None)


def run(nodes: Sequence[Node], jobs: Sequence[Job]) -> dict[str, Any]:
    """One run: jobs, events (arrivals and ends), CPU seconds and wall seconds."""
    shapes = Counter((node.cpu_milli, node.gpus) for node in nodes)
    groups = {f"g{n}": {"core": cpu, "gpu": gpus} for n, (cpu, gpus) in enumerate(shapes)}
    resources = Resources(groups, {f"g{n}": count for n, count in enumerate(shapes.values())})
    manager = resources.resource_manager()
    fitting = [
        job
        for job in jobs
        if any(cpu >= job.task.cpu_milli and gpus >= job.task.gpus for cpu, gpus in shapes)
    ]
    rows = [
        {
            "job_id": job.id,
            "queued_time": round(job.submitted),
            "duration": max(1, round(job.duration)),
            "expected_duration": max(1, round(job.estimate or job.duration)),
            "requested_nodes": job.count,
            "requested_resources": {"core": job.task.cpu_milli, "gpu": job.task.gpus},
        }
        for job in sorted(fitting, key=lambda job: (round(job.submitted), job.id))
    ]
    factory = JobFactory(manager, job_attrs=[AttributeType("expected_duration", int)])
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(
            str(Path(folder) / "jobs"), str(Path(folder) / "system"), FirstInFirstOut(FirstFit()),
            resource_manager=manager, reader=_Jobs(factory, rows), job_factory=factory,
            scheduling_output=False, statistics_output=False, show_statistics=False, LOG_LEVEL="ERROR",
            RESULTS_FOLDER_PATH=folder,
        )  # fmt: skip
        started, wall = time.process_time(), time.perf_counter()
        simulator.start_simulation()
        seconds, wall = time.process_time() - started, time.perf_counter() - wall
    return {
        "jobs": len(rows),
        "events": 2 * len(rows),
        "cpu_seconds": round(seconds, 3),
        "seconds": round(wall, 3),
        "events_per_second": round(2 * len(rows) / seconds),
        "starts": simulator.dispatched_jobs,
    }
