"""Workloads of the Sia artefact: when a training job comes, which model it trains, on how many GPUs.

Source: Subramanya et al., "Sia: Heterogeneity-aware, goodput-optimized ML-cluster scheduling", SOSP 2023;
the columns are those of github.com/siasosp23/artifacts. Run times are not in the files: they follow from the
placement there.
"""

from __future__ import annotations

from pathlib import Path

from langqiao.engines.scheduling.traces.table import rows_of
from langqiao.engines.scheduling.types import WHOLE, Task

COLUMNS = ("name", "time", "application", "num_replicas", "batch_size")


def read_tasks(path: str | Path) -> list[Task]:
    """Jobs in the order of the file: a gang of ``num_replicas`` parts of one GPU; quality is the application.

    Raises:
        TraceError: a malformed row.
        OSError: the file cannot be read.
    """
    tasks = []
    for row in rows_of(path, needed=COLUMNS):
        row.whole("batch_size", least=1)
        tasks.append(
            Task(
                name=row.named("name"),
                cpu_milli=0,
                memory_mib=0,
                gpus=1,
                gpu_milli=WHOLE,
                quality=row.named("application"),
                submitted=row.number("time", least=0),
                count=row.whole("num_replicas", least=1, most=1_000_000),
            )
        )
    return tasks
