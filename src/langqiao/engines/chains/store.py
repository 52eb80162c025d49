"""Keep what was imported and linked in one file (gzip, JSON Lines), so that linking is done once.

The first line names the format; each further line is one record: its kind and its values in the order of the
fields of its dataclass.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, Final

from .types import (
    ChainData,
    ChainError,
    Deal,
    Firm,
    FirmProduct,
    Industry,
    ProductRelation,
    Relation,
    UpstreamIndustry,
)

FORMAT: Final = {"format": "langqiao-chains", "version": 1}
_KINDS: Final[dict[str, Any]] = {
    "firms": Firm,
    "industries": Industry,
    "relations": ProductRelation,
    "makes": FirmProduct,
    "deals": Deal,
    "upstreams": UpstreamIndustry,
}


def save(data: ChainData, path: str | Path) -> None:
    """Write a file; the same data gives the same bytes."""
    with gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as file:
        for line in _lines(data):
            file.write((json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode())


def _lines(data: ChainData) -> Iterable[Any]:
    yield FORMAT
    for kind in _KINDS:
        for record in getattr(data, kind):
            yield [kind, *astuple(record)]


def load(path: str | Path) -> ChainData:
    """Read a file of :func:`save`.

    Raises:
        ChainError: it cannot be read or is another kind of file; the message names the line.
    """
    name = Path(path).name
    found: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    row = 0
    is_ours = False
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row, line in enumerate(file, 1):
                values = json.loads(line)
                if row == 1:
                    is_ours = values == FORMAT
                if not is_ours:
                    break
                if row > 1:
                    found[values[0]].append(_record(values[0], values[1:]))
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
        raise _other(name, max(row, 1)) from error
    if not is_ours:
        raise _other(name, 1)
    return ChainData(**{kind: tuple(records) for kind, records in found.items()})


def _other(name: str, row: int) -> ChainError:
    return ChainError(
        f"{name} 第 {row} 行不是产业链导入文件 / line {row} of {name} is not of a saved import",
        file=name,
        row=row,
    )


def _record(kind: str, values: list[Any]) -> Any:
    made = _KINDS[kind]
    if len(values) != len(fields(made)):
        raise ValueError(kind)
    if made is ProductRelation:
        return ProductRelation(values[0], Relation(values[1]), values[2])
    return made(*(tuple(value) if isinstance(value, list) else value for value in values))
