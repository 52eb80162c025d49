"""Every data set equals its queryset in all three formats, value by value, read back by other software."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from langqiao.apps.eye.open_data.formats import csv_chunks, json_chunks, parquet_chunks, rows
from langqiao.kit.exports import defused
from langqiao.kit.opendata import Column, Dataset, datasets
from tests.apps.eye.open_data.scene import make_everything

pytestmark = pytest.mark.django_db
TABLES = [one for one in datasets() if one.columns]


def walked(thing: Any, path: str) -> Any:
    """The value at a path of an object, read by attributes and not by ``values_list``."""
    for number, step in enumerate(steps := path.split("__")):
        if thing is None:
            return None
        thing = getattr(thing, step)
        if hasattr(thing, "all") and hasattr(thing, "count"):
            rest = "__".join(steps[number + 1 :])
            return sorted({walked(one, rest) for one in thing.all()})
    return thing


def expected(dataset: Dataset) -> list[list[Any]]:
    """The rows as the objects of the queryset tell them."""
    if dataset.records is None:
        return [list(row) for row in dataset.rows()]  # type: ignore[misc]
    records = dataset.records()
    found = []
    for record in records if records.ordered else records.order_by("pk"):
        row = []
        for column in dataset.columns:
            value = walked(record, column.of or column.name)
            row.append(column.read(value) if column.read else value)
        found.append(row)
    return found


def from_csv(text: str, column: Column) -> Any:
    if text == "" and column.type != "text":
        return [] if column.type == "list" else None
    read: dict[str, Any] = {
        "integer": int,
        "number": float,
        "decimal": Decimal,
        "boolean": {"true": True, "false": False}.__getitem__,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
        "list": lambda value: value.split(";"),
    }
    return read.get(column.type, str)(text)


def from_json(value: Any, column: Column) -> Any:
    if value is None:
        return None
    read: dict[str, Any] = {
        "number": float,
        "decimal": Decimal,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
    }
    return read[column.type](value) if column.type in read else value


def for_csv(value: Any, column: Column) -> Any:
    """What CSV cannot tell apart or changes on purpose: unknown and empty text, formulas, lists as text."""
    if column.type == "text":
        return defused(value or "")
    if column.type == "list":
        joined = defused(";".join(value))
        return joined.split(";") if joined else []
    return value


@pytest.fixture
def _everything() -> None:
    make_everything()


@pytest.mark.usefixtures("_everything")
def test_every_data_set_of_the_apps_has_rows_and_equals_its_queryset_in_all_formats() -> None:
    seen = set()
    for dataset in TABLES:
        wanted = expected(dataset)
        assert dataset.size() == len(wanted)
        assert list(rows(dataset)) == wanted, dataset.slug
        columns = dataset.columns
        table = list(csv.reader(io.StringIO(b"".join(csv_chunks(dataset)).decode(), newline="")))
        assert table[0] == [column.name for column in columns]
        read = [[from_csv(cell, c) for cell, c in zip(line, columns, strict=True)] for line in table[1:]]
        shown = [[for_csv(value, c) for value, c in zip(row, columns, strict=True)] for row in wanted]
        assert read == shown, dataset.slug
        objects = json.loads(b"".join(json_chunks(dataset)), parse_float=Decimal)
        assert [[from_json(one[c.name], c) for c in columns] for one in objects] == wanted, dataset.slug
        parquet = pq.read_table(io.BytesIO(b"".join(parquet_chunks(dataset))))
        assert parquet.column_names == [column.name for column in columns]
        assert [list(one.values()) for one in parquet.to_pylist()] == wanted, dataset.slug
        if wanted:
            seen.add(dataset.app)
    assert seen >= {
        "registry",
        "challenges",
        "verification",
        "conference",
        "computing",
        "quantum",
        "ledger",
        "eye",
    }
    empty = [dataset.slug for dataset in TABLES if dataset.app in seen and not expected(dataset)]
    assert empty == []


@pytest.mark.usefixtures("_everything")
def test_parquet_says_what_its_columns_mean_in_both_languages_with_unit() -> None:
    dataset = next(one for one in TABLES if one.slug == "finance")
    schema = pq.read_schema(io.BytesIO(b"".join(parquet_chunks(dataset))))
    amount = schema.field("amount_min")
    assert str(amount.type) == "decimal128(38, 10)"
    assert amount.metadata[b"description_zh"].decode() == "最低金额"
    assert amount.metadata[b"unit"].decode() == "CNY 10,000"
    assert json.loads(schema.field("kind").metadata[b"values"]) == ["fund", "voucher", "loan", "grant"]
    assert schema.metadata[b"title_zh"].decode() == "科技金融产品"
    assert str(schema.field("updated_at").type) == "timestamp[us, tz=UTC]"


def test_a_data_set_without_rows_is_a_table_with_its_heading() -> None:
    dataset = next(one for one in TABLES if one.slug == "organisations")
    assert b"".join(csv_chunks(dataset)).decode().startswith("id,code,name,")
    assert json.loads(b"".join(json_chunks(dataset))) == []
    assert pq.read_table(io.BytesIO(b"".join(parquet_chunks(dataset)))).num_rows == 0


def test_a_value_of_another_type_is_an_error_and_not_written_as_something_else() -> None:
    columns = (Column("n", "integer", "n"), Column("at", "datetime", "t"))
    at = datetime(2026, 1, 2, tzinfo=UTC)
    good = Dataset("good", "g", "g", "eye", columns, rows=lambda: [(1, at), (None, None)])
    assert list(rows(good)) == [[1, at], [None, None]]
    for bad in ("1", 1.0, True):
        with pytest.raises(TypeError, match="column n"):
            list(rows(Dataset("bad", "b", "b", "eye", columns, rows=lambda bad=bad: [(bad, at)])))
