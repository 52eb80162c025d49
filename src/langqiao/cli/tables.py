"""The tables of ``calibrate`` and ``select``, read without Django's start, columns by any of their names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langqiao.cli.shared import stop
from langqiao.engines.selection import SelectionError
from langqiao.kit.refusals import Invalid, Refused
from langqiao.kit.tables import Row, read_table


@contextmanager
def plain_refusals() -> Iterator[None]:
    """A refusal becomes one line with row and column and exit code 1; Django's catalogue is not needed."""
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=False)  # the readers' sentences as they are written
    try:
        yield
    except Refused as refusal:
        place = "，".join(
            part for part in (f"第 {refusal.row} 行" if refusal.row else "", refusal.field) if part
        )
        stop(f"{place}：{refusal}" if place else str(refusal))
    except SelectionError as error:
        stop(error)


def rows_of(path: Path) -> list[Row]:
    """All records of a table.

    Raises:
        Invalid: the file cannot be read, or holds no record.
    """
    rows = list(read_table(path))
    if not rows:
        raise Invalid("表中只有列名，没有数据。 / The table has a header and no rows.")
    return rows


def column_of(rows: Sequence[Row], names: Sequence[str], *, needed: bool = True) -> str:
    """The column that has one of these names, upper or lower case; empty where none has and none must.

    Raises:
        Invalid: a needed column is missing.
    """
    present = {name.casefold(): name for row in rows for name in row.values}
    for name in names:
        if name.casefold() in present:
            return present[name.casefold()]
    if needed:
        raise Invalid(f"缺少列：{' / '.join(names)}。 / There is no such column.", row=1, field=names[0])
    return ""


def text_at(row: Row, column: str) -> str:
    """A cell as text, which must not be empty.

    Raises:
        Invalid: it is.
    """
    text = plain(row.values, column)
    if not text:
        raise Invalid("不能为空。 / The cell is empty.", row=row.number, field=column)
    return text


def plain(values: Mapping[str, Any], column: str) -> str:
    """A cell as text; whole numbers of a workbook without a decimal point."""
    value = values.get(column)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def number_at(row: Row, column: str, *, least: float = -math.inf) -> float:
    """A cell as a finite number.

    Raises:
        Invalid: it is none, or less than ``least``.
    """
    text = text_at(row, column)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= least):
        low = "" if least == -math.inf else f"（不小于 {least:g} / at least {least:g}）"
        raise Invalid(f"“{text[:40]}”不是数{low}。 / Not a number.", row=row.number, field=column)
    return value
