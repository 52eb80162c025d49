"""Alibaba's GPU trace of 2023 (cluster-trace-gpu-v2023, "openb"): node lists and pod lists.

Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
Descent", USENIX ATC 2023; the files and their columns are those of github.com/alibaba/clusterdata.
"""

from __future__ import annotations

from pathlib import Path

from langqiao.engines.scheduling.traces.table import Row, rows_of
from langqiao.engines.scheduling.types import WHOLE, Node, Task

NODE_COLUMNS = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
POD_COLUMNS = ("name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli")
MOST_GPUS = 1024  # on one node


def read_nodes(path: str | Path) -> list[Node]:
    """Nodes of a node list, in the order of the file.

    Raises:
        TraceError: a malformed row, or a node that stands twice.
        OSError: the file cannot be read.
    """
    nodes: list[Node] = []
    seen: set[str] = set()
    for row in rows_of(path, needed=NODE_COLUMNS):
        name = row.named("sn")
        if name in seen:
            raise row.wrong("sn", f"the node {name} stands twice")
        seen.add(name)
        gpus = row.whole("gpu", most=MOST_GPUS)
        nodes.append(
            Node(
                name=name,
                cpu_milli=row.whole("cpu_milli"),
                memory_mib=row.whole("memory_mib"),
                gpus=gpus,
                model=row.named("model") if gpus else row.text("model"),
            )
        )
    return nodes


def read_tasks(path: str | Path) -> list[Task]:
    """Pods of a pod list, in the order of the file.

    The columns gpu_spec, qos, creation_time, scheduled_time and deletion_time may be missing, and their cells
    empty. The models of gpu_spec keep order and repetition of the file ("V100M16|V100M32|V100M32" is not
    "V100M16|V100M32"): the authors' target workload tells such types apart.

    Raises:
        TraceError: a malformed row.
        OSError: the file cannot be read.
    """
    return [_task(row) for row in rows_of(path, needed=POD_COLUMNS)]


def _task(row: Row) -> Task:
    gpus = row.whole("num_gpu", most=MOST_GPUS)
    submitted = row.number_or_none("creation_time")
    started = row.number_or_none("scheduled_time")
    ended = row.number_or_none("deletion_time")
    row.ordered("creation_time", "scheduled_time", submitted, started)
    row.ordered("creation_time", "deletion_time", submitted, ended)
    row.ordered("scheduled_time", "deletion_time", started, ended)
    return Task(
        name=row.named("name"),
        cpu_milli=row.whole("cpu_milli"),
        memory_mib=row.whole("memory_mib"),
        gpus=gpus,
        gpu_milli=share(row, "gpu_milli", gpus),
        models=models(row, "gpu_spec"),
        quality=row.text("qos"),
        submitted=submitted,
        started=started,
        ended=ended,
    )


def share(row: Row, column: str, gpus: int) -> int:
    """Thousandths of each GPU: any part of one GPU, the whole of several, nothing of none.

    Raises:
        TraceError: it is another number.
    """
    if gpus > 1:
        return row.whole(column, least=WHOLE, most=WHOLE)
    return row.whole(column, least=gpus, most=gpus * WHOLE)


def models(row: Row, column: str) -> tuple[str, ...]:
    """GPU models that will do, as "A|B"; empty for any.

    Raises:
        TraceError: a model has no name.
    """
    text = row.text(column)
    if not text:
        return ()
    names = tuple(name.strip() for name in text.split("|"))
    if not all(names):
        raise row.wrong(column, "a model has no name")
    return names
