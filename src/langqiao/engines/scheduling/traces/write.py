"""Write tasks and nodes: our own CSV, and openb's pod list for the programs that read it."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from langqiao.engines.scheduling.errors import SchedulingError
from langqiao.engines.scheduling.traces.openb import POD_COLUMNS
from langqiao.engines.scheduling.traces.own import NODE_COLUMNS, TASK_COLUMNS
from langqiao.engines.scheduling.types import Node, Place, Task

Encoding = Literal["utf-8", "utf-8-sig", "gb18030"]
# What a spreadsheet takes for a formula (OWASP, CSV injection), and the apostrophe that makes it a text.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
POD_TIMES = ("gpu_spec", "qos", "pod_phase", "creation_time", "deletion_time", "scheduled_time")


def write_tasks(
    path: str | Path,
    tasks: Iterable[Task],
    *,
    format: Literal["own", "openb"] = "own",
    encoding: Encoding = "utf-8",
) -> None:
    """Write tasks; the file is there as a whole or not at all.

    Raises:
        SchedulingError: openb has no place for a gang, a model holds "|", a text holds NUL, or the encoding
            lacks a character.
        OSError: the file cannot be written.
    """
    if format == "openb":
        rows = [_pod(task) for task in tasks]
        _write(path, (*POD_COLUMNS, *POD_TIMES), rows, encoding)
    else:
        _write(path, tuple(TASK_COLUMNS), [_own(task) for task in tasks], encoding)


def write_nodes(path: str | Path, nodes: Iterable[Node], *, encoding: Encoding = "utf-8") -> None:
    """Write nodes in our own layout; the file is there as a whole or not at all.

    Raises:
        SchedulingError: the encoding lacks a character.
        OSError: the file cannot be written.
    """
    rows = [
        [
            harmless(node.name),
            str(node.cpu_milli),
            str(node.memory_mib),
            str(node.gpus),
            harmless(node.model),
            *(harmless(getattr(node.place, level)) for level in Place.__slots__),
        ]
        for node in nodes
    ]
    _write(path, tuple(NODE_COLUMNS), rows, encoding)


def harmless(text: str) -> str:
    """A text that no spreadsheet computes; :mod:`.own` reads it back as it was.

    >>> harmless("=1+1"), harmless("普通")
    ("'=1+1", '普通')
    """
    return f"'{text}" if text.startswith(DANGEROUS) else text


def seconds(value: float | None) -> str:
    """A time as the shortest text that reads back the same; empty where unknown."""
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(value)


def _own(task: Task) -> list[str]:
    if any("|" in model for model in task.models):
        raise SchedulingError(f"a model of {task.name} holds |", kind="text", subjects=(task.name,))
    return [
        harmless(task.name),
        harmless(task.tenant),
        harmless(task.quality),
        str(task.count),
        str(task.gpus),
        str(task.gpu_milli),
        str(task.cpu_milli),
        str(task.memory_mib),
        harmless("|".join(task.models)),
        seconds(task.submitted),
        seconds(task.started),
        seconds(task.ended),
        seconds(task.estimate),
        "" if task.priority is None else str(task.priority),
        "yes" if task.preemptible else "no",
    ]


def _pod(task: Task) -> list[str]:
    if task.count != 1:
        raise SchedulingError(
            f"{task.name} is a gang of {task.count}: a pod list has no column for it",
            kind="gang",
            subjects=(task.name,),
        )
    return [
        harmless(task.name),
        str(task.cpu_milli),
        str(task.memory_mib),
        str(task.gpus),
        str(task.gpu_milli),
        harmless("|".join(task.models)),
        harmless(task.quality),
        "",
        seconds(task.submitted),
        seconds(task.ended),
        seconds(task.started),
    ]


def _write(path: str | Path, heading: Sequence[str], rows: list[list[str]], encoding: Encoding) -> None:
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    text = held.getvalue()
    if "\0" in text:
        raise SchedulingError("a text holds a NUL character", kind="text")
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError as lacking:
        raise SchedulingError(f"{encoding} lacks a character: {lacking}", kind="encoding") from lacking
    target = Path(path)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as made:
        made.write(data)
        made.flush()
        os.fsync(made.fileno())
    Path(made.name).chmod(0o644)
    Path(made.name).replace(target)
