"""A data set as CSV, JSON and Parquet, and its other forms: streamed, typed, the same rows in each."""

from __future__ import annotations

import csv
import json
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils.translation import override

from langqiao.kit.exports import BOM, defused
from langqiao.kit.opendata import Column, Dataset

BLOCK = 64 * 1024  # bytes sent at a time, about
ROW_GROUP = 20_000  # rows of a Parquet row group, which are all that is held in memory
DECIMALS = (38, 10)  # precision and scale of exact numbers in Parquet
LIST_SIGN = ";"


@dataclass(frozen=True)
class Form:
    """One form in which a data set is offered.

    Attributes:
        ending: stands in the address.
        media_type: as sent.
        label: how people call it.
        chunks: the bytes, made anew on each call.
    """

    ending: str
    media_type: str
    label: Any
    chunks: Callable[[], Iterable[bytes]]


def forms(dataset: Dataset) -> list[Form]:
    """All forms of a data set: the tables first."""
    found: list[Form] = []
    if dataset.columns:
        found = [
            Form("csv", "text/csv; charset=utf-8", "CSV", lambda: csv_chunks(dataset)),
            Form("json", "application/json", "JSON", lambda: json_chunks(dataset)),
            Form("parquet", "application/vnd.apache.parquet", "Parquet", lambda: parquet_chunks(dataset)),
        ]
    found += [Form(one.ending, one.media_type, one.title, one.chunks) for one in dataset.more]
    return found


def form(dataset: Dataset, ending: str) -> Form | None:
    """The form with this ending."""
    return next((one for one in forms(dataset) if one.ending == ending), None)


# -- values -------------------------------------------------------------------------------------


def told(value: Any, column: Column) -> Any:
    """A value as every form starts from it: of its column's type, or None.

    Raises:
        TypeError: the value is not of the column's type; a data set must not change its types silently.
    """
    if value is None:
        return None
    wanted = _TYPES[column.type]
    if isinstance(value, bool) and column.type != "boolean":
        raise TypeError(f"column {column.name}: {value!r} is no {column.type}")
    if column.type == "number" and isinstance(value, int | Decimal):
        value = float(value)
    if not isinstance(value, wanted):
        raise TypeError(f"column {column.name}: {value!r} is no {column.type}")
    if column.type == "number" and not math.isfinite(value):
        return None
    if column.type == "datetime":
        return value.astimezone(UTC)
    if column.type == "list":
        return [str(part) for part in value]
    if column.type == "decimal":
        return Decimal(value).normalize()  # without the zeros that the column adds
    return str(value) if column.type == "text" else value


# Columns of which nearly every value is of this very class and passes as it is.
_PLAIN = {"text": str, "integer": int, "boolean": bool, "date": date}


def _teller(column: Column) -> Callable[[Any], Any]:
    """:func:`told` for one column, with a short way for values that pass as they are."""
    plain = _PLAIN.get(column.type)
    if plain is None:
        return lambda value: told(value, column)
    return lambda value: value if value.__class__ is plain else told(value, column)


_TYPES: dict[str, Any] = {
    "text": str,
    "integer": int,
    "number": float,
    "decimal": Decimal | int,
    "boolean": bool,
    "date": date,
    "datetime": datetime,
    "list": list | tuple,
}


def iso(moment: datetime) -> str:
    """A moment in UTC as ISO 8601 writes it, with microseconds only where there are any.

    >>> iso(datetime(2026, 11, 27, 8, 30, tzinfo=UTC))
    '2026-11-27T08:30:00Z'
    """
    return moment.replace(tzinfo=None).isoformat() + "Z"


def rows(dataset: Dataset) -> Iterator[list[Any]]:
    """The rows with their values checked and brought to one form."""
    tellers = [_teller(column) for column in dataset.columns]
    for line in dataset.lines():
        yield [teller(value) for teller, value in zip(tellers, line, strict=True)]


# -- CSV ----------------------------------------------------------------------------------------


def csv_cell(value: Any) -> str:
    """A value as CSV holds it: empty when unknown, lists joined by ``;``, text that is no formula."""
    write = _CSV.get(value.__class__)
    return str(value) if write is None else write(value)


_CSV: dict[type, Callable[[Any], str]] = {
    str: defused,
    type(None): lambda _value: "",
    bool: lambda value: "true" if value else "false",
    datetime: iso,
    Decimal: lambda value: format(value, "f"),
    list: lambda value: defused(LIST_SIGN.join(value)),
}


class _Line:
    """A file that hands every written line back, so that csv can stream."""

    def write(self, line: str) -> str:
        return line


def csv_chunks(dataset: Dataset, *, bom: bool = False) -> Iterator[bytes]:
    """CSV (RFC 4180, UTF-8); the byte order mark is for spreadsheets that ask for it."""
    writer = csv.writer(_Line())
    names = [column.name for column in dataset.columns]

    def lines() -> Iterator[str]:
        yield (BOM if bom else "") + str(writer.writerow(names))
        for row in rows(dataset):
            yield str(writer.writerow([csv_cell(value) for value in row]))

    yield from blocks(lines())


def blocks(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines gathered to blocks worth sending."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= BLOCK:
            yield "".join(held).encode()
            held, size = [], 0
    if held:
        yield "".join(held).encode()


# -- JSON ---------------------------------------------------------------------------------------


_encode = json.JSONEncoder(ensure_ascii=False).encode


def json_cell(value: Any) -> str:
    """A value as JSON writes it; an exact number keeps all its digits."""
    write = _JSON.get(value.__class__)
    return _encode(value) if write is None else write(value)


_JSON: dict[type, Callable[[Any], str]] = {
    Decimal: lambda value: format(value, "f"),
    datetime: lambda value: f'"{iso(value)}"',
    date: lambda value: f'"{value.isoformat()}"',
}


def json_chunks(dataset: Dataset) -> Iterator[bytes]:
    """JSON: an array of objects, one a line."""
    names = [json.dumps(column.name) for column in dataset.columns]

    def lines() -> Iterator[str]:
        before = "[\n"
        for row in rows(dataset):
            cells = zip(names, row, strict=True)
            yield before + "{" + ", ".join(f"{name}: {json_cell(value)}" for name, value in cells) + "}"
            before = ",\n"
        yield "[]\n" if before == "[\n" else "\n]\n"

    yield from blocks(lines())


# -- Parquet ------------------------------------------------------------------------------------


def parquet_schema(dataset: Dataset) -> Any:
    """Types, and in the metadata what the dictionary says of each column and of the whole."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "decimal": pa.decimal128(*DECIMALS),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us", tz="UTC"),
        "list": pa.list_(pa.string()),
    }
    fields = []
    for column in dataset.columns:
        known = {"description_zh": said(column.description, "zh-hans"), "unit": column.unit}
        known["description_en"] = said(column.description, "en")
        if column.values:
            known["values"] = json.dumps([str(value) for value, _label in column.values], ensure_ascii=False)
        metadata = {key: value for key, value in known.items() if value}
        fields.append(pa.field(column.name, types[column.type], metadata=metadata))
    changed = dataset.changed()
    whole = {
        "title_zh": said(dataset.title, "zh-hans"),
        "title_en": said(dataset.title, "en"),
        "modified": iso(changed) if changed else "",
    }
    return pa.schema(fields, metadata={key: value for key, value in whole.items() if value})


def said(text: Any, language: str) -> str:
    """A lazy text in one language."""
    with override(language):
        return str(text)


def write_parquet(dataset: Dataset, file: Any) -> None:
    """Write the rows to a binary file, one row group after the other."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = parquet_schema(dataset)
    left = rows(dataset)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(left, ROW_GROUP)):
            columns = [
                pa.array(values, type=field.type)
                for values, field in zip(zip(*group, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def parquet_chunks(dataset: Dataset) -> Iterator[bytes]:
    """Parquet; its index comes last, so it is written to a temporary file first."""
    with tempfile.TemporaryFile() as file:
        write_parquet(dataset, file)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block
