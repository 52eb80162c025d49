"""Traces of nodes and jobs (作业轨迹) in the layouts in which they are published, and tables of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from langqiao.engines.scheduling.errors import SchedulingError, TraceError
from langqiao.engines.scheduling.traces import helios, openb, own, philly, sia, swf
from langqiao.engines.scheduling.traces.detect import layout_of_nodes, layout_of_tasks
from langqiao.engines.scheduling.traces.write import write_nodes, write_tasks
from langqiao.engines.scheduling.types import Node, Task

__all__ = [
    "FORMATS",
    "TraceError",
    "read_nodes",
    "read_tasks",
    "strange_columns",
    "write_nodes",
    "write_tasks",
]

FORMATS: dict[str, Callable[[str | Path], list[Task]]] = {
    "openb": openb.read_tasks,
    "own": own.read_tasks,
    "swf": swf.read_tasks,
    "philly": philly.read_log,
    "philly-table": philly.read_table,
    "helios": helios.read_tasks,
    "sia": sia.read_tasks,
}


def read_nodes(path: str | Path) -> list[Node]:
    """Nodes of an openb node list or of our own table, told apart by the heading.

    Raises:
        TraceError: a malformed row, named by line and column.
        OSError: the file cannot be read.
    """
    return openb.read_nodes(path) if layout_of_nodes(path) == "openb" else own.read_nodes(path)


def read_tasks(path: str | Path, format: str = "auto") -> list[Task]:
    """Tasks of a trace in the order of the file; ``format`` is one of ``FORMATS``, or "auto" to tell it.

    Raises:
        SchedulingError: no such format.
        TraceError: a malformed row, named by line and column, or a file of no known layout.
        OSError: the file cannot be read.
    """
    name = layout_of_tasks(path) if format == "auto" else format
    if name not in FORMATS:
        raise SchedulingError(
            f"no trace format {name}: one of auto, {', '.join(FORMATS)}", kind="format", subjects=(name,)
        )
    return FORMATS[name](path)


def strange_columns(
    path: str | Path, *, of: Literal["nodes", "tasks"], format: str = "auto"
) -> tuple[str, ...]:
    """Columns that nobody reads in a table of our own layout; none in the published layouts, which have more.

    Raises:
        TraceError: a file of no known layout.
        OSError: the file cannot be read.
    """
    layout = layout_of_nodes if of == "nodes" else layout_of_tasks
    if (layout(path) if format == "auto" else format) != "own":
        return ()
    return own.strange(path, own.NODE_COLUMNS if of == "nodes" else own.TASK_COLUMNS)
