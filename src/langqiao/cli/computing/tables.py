"""Nodes and traces of the commands' files, with a warning where a column is one that nobody reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from langqiao.cli.shared import err

if TYPE_CHECKING:
    from langqiao.engines.scheduling.types import Node, Task


def nodes_of(path: Path) -> list[Node]:
    """Nodes of a file.

    Raises:
        TraceError: see ``traces.read_nodes``.
        OSError: the file cannot be read.
    """
    from langqiao.engines.scheduling.traces import read_nodes

    found = read_nodes(path)
    _warn(path, "nodes", "auto")
    return found


def tasks_of(path: Path, source: str = "auto") -> list[Task]:
    """Tasks of a file in the layout ``source``.

    Raises:
        SchedulingError: see ``traces.read_tasks``.
        OSError: the file cannot be read.
    """
    from langqiao.engines.scheduling.traces import read_tasks

    found = read_tasks(path, source)
    _warn(path, "tasks", source)
    return found


def _warn(path: Path, of: Literal["nodes", "tasks"], source: str) -> None:
    from langqiao.engines.scheduling.traces import strange_columns

    strange = strange_columns(path, of=of, format=source)
    if strange:
        err.print(
            f"{path}：不认识的列，未读取 / unknown columns, not read: {'、'.join(strange)}"
            "（列名见 docs/traces.md / the names stand there）",
            highlight=False,
            markup=False,
        )
