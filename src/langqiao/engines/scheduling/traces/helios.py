"""SenseTime's Helios traces: cluster_log.csv of one cluster.

Source: Hu et al., "Characterization and Prediction of Deep Learning Workloads in Large-Scale GPU
Datacenters", SC '21; the columns are those of github.com/S-Lab-System-Group/HeliosData. No memory is known.
"""

from __future__ import annotations

from pathlib import Path

from langqiao.engines.scheduling.traces.clock import from_midnight, seconds
from langqiao.engines.scheduling.traces.table import Row, rows_of
from langqiao.engines.scheduling.types import WHOLE, Task

COLUMNS = ("job_id", "gpu_num", "cpu_num", "node_num", "submit_time")
MOST_PARTS = 1_000_000


def read_tasks(path: str | Path) -> list[Task]:
    """Jobs in the order of the file; gpu_num and cpu_num are those of the whole job.

    A job is a gang of as few equal parts as its nodes and its GPUs allow (9 GPUs on 2 nodes are three parts
    of 3), and each part takes its share of the CPUs, rounded up. Tenant is the virtual cluster, quality the
    state at the end.

    Raises:
        TraceError: a malformed row.
        OSError: the file cannot be read.
    """
    return from_midnight(_task(row) for row in rows_of(path, needed=COLUMNS))


def _task(row: Row) -> Task:
    gpus = row.whole("gpu_num", most=MOST_PARTS)
    cores = row.whole("cpu_num", most=MOST_PARTS * 1000)
    parts = row.whole("node_num", least=1, most=MOST_PARTS)
    if gpus:
        parts = next(parts for parts in range(min(parts, gpus), gpus + 1) if gpus % parts == 0)
    submitted = seconds(row, "submit_time")
    started = seconds(row, "start_time")
    ended = seconds(row, "end_time")
    row.ordered("submit_time", "start_time", submitted, started)
    row.ordered("start_time", "end_time", started, ended)
    return Task(
        name=row.named("job_id"),
        cpu_milli=-(-cores * 1000 // parts),
        memory_mib=0,
        gpus=gpus // parts,
        gpu_milli=WHOLE if gpus else 0,
        tenant=row.text("vc"),
        quality=row.text("state"),
        submitted=submitted,
        started=started,
        ended=ended,
        count=parts,
    )
