"""Tell the layout of a trace from the beginning of the file."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

from langqiao.engines.scheduling.errors import TraceError
from langqiao.engines.scheduling.traces import helios, openb, own, philly, sia, swf

BEGINNING = 65_536  # bytes


def layout_of_tasks(path: str | Path) -> str:
    """Name of the layout of a file of jobs: openb, own, swf, philly, philly-table, helios or sia.

    Raises:
        TraceError: it is none of them; the message names what a table lacks.
        OSError: the file cannot be read.
    """
    first = _first_line(path)
    if first.startswith("["):
        return "philly"
    if first.startswith(";") or len(first.split()) == len(swf.FIELDS):
        return "swf"
    bare = {name.strip() for name in _cells(first)}
    layouts = {
        "openb": (set(openb.POD_COLUMNS), bare),
        "own": (set(own.TASK_NEEDED), {own.named(name) for name in bare}),
        "helios": (set(helios.COLUMNS), bare),
        "sia": (set(sia.COLUMNS), bare),
        "philly-table": (set(philly.TABLE_COLUMNS), {philly.OTHER_NAMES.get(name, name) for name in bare}),
    }
    return _best(path, layouts)


def layout_of_nodes(path: str | Path) -> str:
    """Name of the layout of a list of nodes: openb or own.

    Raises:
        TraceError: it is neither.
        OSError: the file cannot be read.
    """
    bare = {name.strip() for name in _cells(_first_line(path))}
    layouts = {
        "openb": (set(openb.NODE_COLUMNS), bare),
        "own": (set(own.NODE_NEEDED), {own.named(name) for name in bare}),
    }
    return _best(path, layouts)


def _best(path: str | Path, layouts: dict[str, tuple[set[str], set[str]]]) -> str:
    """The layout that has all its columns, or the nearest one's complaint about the first missing one."""
    lacking = {name: sorted(needed - held) for name, (needed, held) in layouts.items()}
    found = min(lacking, key=lambda name: len(lacking[name]))
    if not lacking[found]:
        return found
    known = any(needed & held for needed, held in layouts.values())
    if known:
        why = f"the column is missing; the heading is nearest to that of {found}"
        raise TraceError(why, path=str(path), line=1, column=lacking[found][0])
    raise TraceError(f"none of the known layouts ({', '.join(layouts)})", path=str(path), line=1)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _first_line(path: str | Path) -> str:
    path = Path(path)
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as packed:
            try:
                beginning = packed.read(BEGINNING)
            except (EOFError, gzip.BadGzipFile) as damaged:
                raise TraceError(f"the archive is damaged ({damaged})", path=str(path), line=1) from damaged
    else:
        with path.open("rb") as plain:
            beginning = plain.read(BEGINNING)
    text = beginning.decode("utf-8-sig", errors="replace")
    if "\ufffd" in text:
        text = beginning.decode("gb18030", errors="replace")
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
