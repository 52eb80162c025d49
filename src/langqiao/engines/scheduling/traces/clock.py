"""Wall-clock times of job tables, as seconds from the midnight before the first submission."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from langqiao.engines.scheduling.traces.table import Row, shown
from langqiao.engines.scheduling.types import Task

DAY = 86_400.0
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # the tables name no time zone: their clock is kept as it is
_UNKNOWN = {"", "none", "null", "nan", "nat", "unknown"}


def seconds(row: Row, column: str) -> float | None:
    """A cell "2017-10-07 01:11:39" in seconds since 1970 of the table's own clock; None where unknown.

    Raises:
        TraceError: it is no such time.
    """
    text = row.text(column)
    if text.lower() in _UNKNOWN:
        return None
    wrong = row.wrong(column, f"{shown(text)} is not a time like 2017-10-07 01:11:39")
    if not _MOMENT.fullmatch(text):
        raise wrong
    try:
        return (datetime.fromisoformat(text) - _EPOCH).total_seconds()
    except ValueError:
        raise wrong from None


def from_midnight(tasks: Iterable[Task]) -> list[Task]:
    """Tasks with time 0 at the midnight before the earliest submission, so that hours of the day are kept."""
    held = list(tasks)
    earliest = min((task.submitted for task in held if task.submitted is not None), default=0.0)
    zero = earliest - earliest % DAY
    return [
        replace(
            task,
            submitted=_less(task.submitted, zero),
            started=_less(task.started, zero),
            ended=_less(task.ended, zero),
        )
        for task in held
    ]


def _less(moment: float | None, zero: float) -> float | None:
    return None if moment is None else moment - zero
