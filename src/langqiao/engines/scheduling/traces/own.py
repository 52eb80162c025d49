"""Our own tables of nodes and tasks: CSV with a heading, English or Chinese names, UTF-8 or GB18030.

Every column but those of ``NODE_NEEDED`` and ``TASK_NEEDED`` may be missing; docs/traces.md describes them.
"""

from __future__ import annotations

from pathlib import Path

from langqiao.engines.scheduling.traces.openb import MOST_GPUS, models, share
from langqiao.engines.scheduling.traces.table import Row, heading_of, rows_of, shown
from langqiao.engines.scheduling.types import Node, Place, Task

NODE_COLUMNS = {
    "name": "节点",
    "cpu_milli": "CPU毫核",
    "memory_mib": "内存MiB",
    "gpus": "GPU数",
    "model": "GPU型号",
    "building": "楼栋",
    "hall": "机房",
    "row": "列",
    "rack": "机柜",
    "switch": "交换机",
}
TASK_COLUMNS = {
    "name": "作业",
    "tenant": "租户",
    "quality": "服务等级",
    "count": "份数",
    "gpus": "GPU数",
    "gpu_milli": "GPU千分数",
    "cpu_milli": "CPU毫核",
    "memory_mib": "内存MiB",
    "models": "可用型号",
    "submitted": "提交",
    "started": "开始",
    "ended": "结束",
    "estimate": "预计时长",
    "priority": "优先级",
    "preemptible": "可抢占",
}
NODE_NEEDED = ("name", "cpu_milli", "memory_mib", "gpus")
TASK_NEEDED = ("name", "cpu_milli", "memory_mib", "gpus", "gpu_milli")
YES = {"yes", "true", "1", "是"}
NO = {"no", "false", "0", "否"}
MOST_PRIORITY = 1_000_000_000
ENGLISH = {chinese: name for table in (NODE_COLUMNS, TASK_COLUMNS) for name, chinese in table.items()}


def named(name: str) -> str:
    """The English name of a column of ours, also given in Chinese; another name as it is."""
    bare = name.strip()
    return ENGLISH.get(bare, bare)


def strange(path: str | Path, known: dict[str, str]) -> tuple[str, ...]:
    """Columns of a table of ours that are not among the ``known`` ones, which nobody reads.

    Raises:
        TraceError: the file cannot be understood.
        OSError: the file cannot be read.
    """
    return tuple(name for name in heading_of(path, names=named) if name and name not in known)


def read_nodes(path: str | Path) -> list[Node]:
    """Nodes in the order of the file.

    Raises:
        TraceError: a malformed row, or a node that stands twice.
        OSError: the file cannot be read.
    """
    nodes: list[Node] = []
    seen: set[str] = set()
    for row in rows_of(path, needed=NODE_NEEDED, names=named):
        name = _plain(row.named("name"))
        if name in seen:
            raise row.wrong("name", f"the node {name} stands twice")
        seen.add(name)
        gpus = row.whole("gpus", most=MOST_GPUS)
        if gpus:
            row.named("model")
        nodes.append(
            Node(
                name=name,
                cpu_milli=row.whole("cpu_milli"),
                memory_mib=row.whole("memory_mib"),
                gpus=gpus,
                model=_plain(row.text("model")),
                place=Place(*(_plain(row.text(level)) for level in Place.__slots__)),
            )
        )
    return nodes


def read_tasks(path: str | Path) -> list[Task]:
    """Tasks in the order of the file.

    Raises:
        TraceError: a malformed row.
        OSError: the file cannot be read.
    """
    return [_task(row) for row in rows_of(path, needed=TASK_NEEDED, names=named)]


def _task(row: Row) -> Task:
    gpus = row.whole("gpus", most=MOST_GPUS)
    submitted = row.number_or_none("submitted")
    started = row.number_or_none("started")
    ended = row.number_or_none("ended")
    row.ordered("submitted", "started", submitted, started)
    row.ordered("submitted", "ended", submitted, ended)
    row.ordered("started", "ended", started, ended)
    return Task(
        name=_plain(row.named("name")),
        cpu_milli=row.whole("cpu_milli"),
        memory_mib=row.whole("memory_mib"),
        gpus=gpus,
        gpu_milli=share(row, "gpu_milli", gpus),
        models=tuple(_plain(model) for model in models(row, "models")),
        tenant=_plain(row.text("tenant")),
        quality=_plain(row.text("quality")),
        submitted=submitted,
        started=started,
        ended=ended,
        estimate=row.number_or_none("estimate", least=0),
        count=row.whole("count", least=1, most=1_000_000) if row.text("count") else 1,
        priority=(
            row.whole("priority", least=-MOST_PRIORITY, most=MOST_PRIORITY) if row.text("priority") else None
        ),
        preemptible=_is_yes(row, "preemptible", missing=True),
    )


def _is_yes(row: Row, column: str, *, missing: bool) -> bool:
    """A cell that says yes or no; ``missing`` where it is empty.

    Raises:
        TraceError: it says something else.
    """
    text = row.text(column)
    if not text:
        return missing
    if text.lower() not in YES | NO:
        raise row.wrong(column, f"{shown(text)} is neither yes (是) nor no (否)")
    return text.lower() in YES


def _plain(text: str) -> str:
    """A text without the apostrophe that keeps spreadsheets from computing it."""
    return text.removeprefix("'")
