"""Traces of nodes and jobs (作业轨迹) in the layouts in which they are published."""

from __future__ import annotations

from pathlib import Path

from langqiao.engines.scheduling.errors import SchedulingError, TraceError
from langqiao.engines.scheduling.traces import openb
from langqiao.engines.scheduling.types import Node, Task

__all__ = ["TraceError", "read_nodes", "read_tasks"]


def read_nodes(path: str | Path) -> list[Node]:
    """Nodes of a node list.

    Raises:
        TraceError: a malformed row, named by line and column.
        OSError: the file cannot be read.
    """
    return openb.read_nodes(path)


def read_tasks(path: str | Path, format: str = "auto") -> list[Task]:
    """Tasks of a trace; ``format`` is a name, or "auto" to tell it from the file.

    Raises:
        SchedulingError: no such format.
        TraceError: a malformed row, named by line and column.
        OSError: the file cannot be read.
    """
    if format not in {"auto", "openb"}:
        raise SchedulingError(f"no such format: {format}", kind="format", subjects=(format,))
    return openb.read_tasks(path)
