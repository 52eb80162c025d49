"""Microsoft's Philly trace: cluster_job_log (JSON) and tables of jobs made from it.

Source: Jeon et al., "Analysis of Large-Scale Multi-Tenant GPU Clusters for DNN Training Workloads", USENIX
ATC 2019; the keys are those of github.com/msr-fiddle/philly-traces. The trace knows no CPU and no memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import gcd
from pathlib import Path
from typing import Any

from langqiao.engines.scheduling.errors import TraceError
from langqiao.engines.scheduling.traces.clock import from_midnight, seconds
from langqiao.engines.scheduling.traces.table import Row, rows_of, text_of
from langqiao.engines.scheduling.types import WHOLE, Task

TABLE_COLUMNS = ("jobid", "submitted_time", "gpus")
OTHER_NAMES = {
    "job_id": "jobid",
    "submit_time": "submitted_time",
    "gpu_num": "gpus",
    "num_gpus": "gpus",
    "state": "status",
}
SERVER = 8  # GPUs of a large server of the trace
_BLANK = " \t\r\n"


def read_log(path: str | Path) -> list[Task]:
    """Jobs of cluster_job_log.

    A job starts with its first attempt and ends with its last, as in the authors' analysis. Its size is that
    of its first attempt with GPUs: equal parts as large as the servers' numbers allow ([8, 8] two of 8,
    [4, 2] three of 2). A job that was never on a GPU has no size and is passed over. Tenant is the virtual
    cluster.

    Raises:
        TraceError: no JSON list, or a job without a key, with the line where the job begins and the key.
        OSError: the file cannot be read.
    """
    found = (_job(str(path), line, entry) for line, entry in _entries(str(path), text_of(path)))
    return from_midnight(task for task in found if task is not None)


def read_table(path: str | Path) -> list[Task]:
    """Jobs of a table with a line a job: jobid, submitted_time, gpus; also vc, start_time and end_time.

    The names of other published tables will do (job_id, submit_time, gpu_num or num_gpus, state). A table
    says nothing of servers: more than eight GPUs are equal parts that fit the trace's servers of eight. Jobs
    of no GPU are passed over.

    Raises:
        TraceError: a malformed row.
        OSError: the file cannot be read.
    """

    def names(name: str) -> str:
        return OTHER_NAMES.get(name.strip(), name.strip())

    tasks = []
    for row in rows_of(path, needed=TABLE_COLUMNS, names=names):
        gpus = row.whole("gpus", most=1_000_000)
        if gpus:
            each = gpus if gpus <= SERVER else gcd(gpus, SERVER)
            tasks.append(_task(row, "jobid", parts=gpus // each, each=each))
    return from_midnight(tasks)


def _task(row: Row, name: str, *, parts: int, each: int) -> Task:
    submitted = seconds(row, "submitted_time")
    started = seconds(row, "start_time")
    ended = seconds(row, "end_time")
    row.ordered("start_time", "end_time", started, ended)
    return Task(
        name=row.named(name),
        cpu_milli=0,
        memory_mib=0,
        gpus=each,
        gpu_milli=WHOLE,
        tenant=row.text("vc"),
        submitted=submitted,
        started=started,
        ended=ended,
        count=parts,
    )


def _entries(path: str, text: str) -> Iterator[tuple[int, Any]]:
    """Members of the list one by one, with the line on which each begins."""
    decoder = json.JSONDecoder()
    at, line, counted = _past(text, 0), 1, 0

    def wrong(why: str, where: int) -> TraceError:
        return TraceError(why, path=path, line=line + text.count("\n", counted, where))

    if text[at : at + 1] != "[":
        raise wrong("the file is no JSON list of jobs", at)
    at = _past(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            entry, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as broken:
            raise wrong(f"no JSON: {broken.msg}", broken.pos) from broken
        except (RecursionError, ValueError) as broken:
            raise wrong("no JSON of a job", at) from broken
        line, counted = line + text.count("\n", counted, at), at
        yield line, entry
        at = _past(text, end)
        if text[at : at + 1] == ",":
            at = _past(text, at + 1)
            if text[at : at + 1] == "]":
                raise wrong("no JSON: a job is missing after the comma", at)
        elif text[at : at + 1] != "]":
            raise wrong("no JSON: the list is not closed", min(at, len(text)))


def _past(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _job(path: str, line: int, entry: Any) -> Task | None:
    if not isinstance(entry, dict):
        raise TraceError("a job is a JSON object", path=path, line=line)
    cells = {name: _text(path, line, name, entry.get(name)) for name in ("jobid", "submitted_time", "vc")}
    attempts = entry.get("attempts")
    if not isinstance(attempts, list) or not all(isinstance(one, dict) for one in attempts):
        raise TraceError("attempts is a list of objects", path=path, line=line, column="attempts")
    if attempts:
        cells["start_time"] = _text(path, line, "start_time", attempts[0].get("start_time"))
        cells["end_time"] = _text(path, line, "end_time", attempts[-1].get("end_time"))
    servers = next((found for one in attempts if (found := _servers(path, line, one))), [])
    if not servers:
        return None
    each = gcd(*servers)
    return _task(Row(path, line, cells), "jobid", parts=sum(servers) // each, each=each)


def _servers(path: str, line: int, attempt: dict[str, Any]) -> list[int]:
    """GPUs on each server of an attempt."""
    detail = attempt.get("detail")
    if detail is None:
        return []
    good = isinstance(detail, list) and all(
        isinstance(one, dict) and isinstance(one.get("gpus"), list) for one in detail
    )
    if not good:
        raise TraceError("detail is a list of servers with gpus", path=path, line=line, column="detail")
    return [len(one["gpus"]) for one in detail if one["gpus"]]


def _text(path: str, line: int, column: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TraceError("the value is no text", path=path, line=line, column=column)
    return value
