"""JSON Lines and JSON arrays."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table, read_table


def lines(*rows: str) -> io.BytesIO:
    return io.BytesIO("\n".join(rows).encode())


def test_objects_with_lists_and_empty_lines():
    table = open_table(lines('{"id": 1, "keywords": ["a", "b"]}', "", '{"id": 2, "title": "题"}'))
    assert table.format == "jsonl"
    assert table.columns == ["id", "keywords", "title"]
    assert [(row.number, row.values) for row in table.rows()] == [
        (1, {"id": 1, "keywords": ["a", "b"]}),
        (3, {"id": 2, "title": "题"}),
    ]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ('{"id": 1', "JSON"),
        ("[1, 2]", "对象"),
        ('"text"', "对象"),
        ("12", "对象"),
        ('{"id": NaN}', "NaN"),
        ('{"id": 1, "id": 2}', "两次"),
        ('{"id": ' + "9" * 5000 + "}", "数值"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "嵌套"),
        ('{"a": "\\u0000"}', "字符"),
        ('{"a": "\\ud800"}', "字符"),
    ],
)
def test_a_bad_line_is_named(bad, words):
    file = lines('{"id": 0}', bad, '{"id": 3}')
    with pytest.raises(Invalid, match=words) as refusal:
        list(read_table(file, format="jsonl"))
    assert refusal.value.row == 2
    rows = list(read_table(file, format="jsonl", tolerant=True))
    assert [row.problem is None for row in rows] == [True, False, True]


def test_an_endless_line_is_refused_with_its_key():
    file = io.BytesIO(b'{"id": 1, "abstract": "' + b"x" * 5_000_000 + b'"}')
    with pytest.raises(Invalid) as refusal:
        list(read_table(file))
    assert (refusal.value.row, refusal.value.field) == (1, "abstract")


def test_array_across_pieces():
    rows = [{"id": n, "text": '}"{[' * 2000, "list": [n, {"x": "]"}]} for n in range(40)]
    for text in (json.dumps(rows), json.dumps(rows, indent=2)):
        assert [row.values for row in read_table(io.BytesIO(text.encode()), format="json")] == rows


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('[{"a": 1} {"a": 2}]', 2),
        ('[{"a": 1},', 2),
        ('[{"a": 1}, 3]', 2),
        ('[{"a": 1}] x', 1),
        ('[{"a": "', 1),
    ],
)
def test_a_broken_array_names_the_object(text, row):
    with pytest.raises(Invalid) as refusal:
        list(read_table(io.BytesIO(text.encode()), format="json"))
    assert refusal.value.row == row


def test_limits_of_rows_and_keys():
    with pytest.raises(Invalid):
        list(read_table(lines('{"a": 1}', '{"a": 2}'), limits=Limits(rows=1)))
    with pytest.raises(Invalid):
        list(read_table(lines(json.dumps({str(n): n for n in range(300)}))))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)  # fmt: skip


@given(st.lists(st.dictionaries(st.text('abc甲"\\', min_size=1, max_size=4), values, min_size=1), max_size=5))
def test_what_json_wrote_is_read_back(rows):
    limits = Limits(depth=40)
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n{}\n"
    assert [row.values for row in read_table(io.BytesIO(text.encode()), format="jsonl", limits=limits)] == [
        *rows,
        {},
    ]
    array = json.dumps(rows, indent=1)
    assert [
        row.values for row in read_table(io.BytesIO(array.encode()), format="json", limits=limits)
    ] == rows
