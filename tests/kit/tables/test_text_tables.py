"""CSV, TSV and the layout of requirement lists: encodings, quoting, headers, limits."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langqiao.kit.refusals import Invalid
from langqiao.kit.tables import Limits, open_table, read_table

CHINESE = "编号,名称,说明\r\nA1,工业机器人减速器,精密传动与寿命试验\r\nA2,锂离子电池,“防爆”设计\r\n"
ROWS = [
    {"编号": "A1", "名称": "工业机器人减速器", "说明": "精密传动与寿命试验"},
    {"编号": "A2", "名称": "锂离子电池", "说明": "“防爆”设计"},
]


def write(tmp_path: Path, data: bytes | str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def values(path: Path, **options) -> list[dict]:
    return [row.values for row in read_table(path, **options)]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("gb18030", "gb18030"),
    ],
)
def test_reads_every_encoding_without_being_told(tmp_path, encoding, found):
    path = write(tmp_path, CHINESE.encode(encoding))
    table = open_table(path)
    assert table.encoding == found
    assert [row.values for row in table.rows()] == ROWS
    assert [row.number for row in table.rows()] == [2, 3]


def test_a_byte_order_mark_of_big_endian_utf16(tmp_path):
    assert values(write(tmp_path, b"\xfe\xff" + CHINESE.encode("utf-16-be"))) == ROWS


def test_broken_utf8_names_byte_and_line(tmp_path):
    data = CHINESE.encode()
    place = data.index("锂".encode())
    path = write(tmp_path, data[: place + 1] + b"\xff" + data[place + 2 :])
    with pytest.raises(Invalid) as refusal:
        open_table(path)
    assert refusal.value.row == 3
    assert f"第 {place + 1} 字节" in refusal.value.why
    assert "UTF-8" in refusal.value.why


def test_one_wrong_byte_in_a_small_file_is_named(tmp_path):
    data = bytearray("编号,名称,类型\nQ-1,甲乙丙,企业\n".encode())
    place = data.index("乙".encode())
    data[place] = 0xFF
    with pytest.raises(Invalid, match=f"第 {place + 1} 字节.*UTF-8") as refusal:
        open_table(write(tmp_path, bytes(data)))
    assert refusal.value.row == 2


def test_broken_gb18030_names_byte_and_line(tmp_path):
    data = (CHINESE * 20).encode("gb18030")
    place = data.rindex("锂".encode("gb18030"))
    path = write(tmp_path, data[:place] + b"\xff\xff" + data[place + 2 :])
    with pytest.raises(Invalid) as refusal:
        open_table(path)
    assert f"第 {place + 1} 字节" in refusal.value.why
    assert refusal.value.row == data[:place].count(b"\n") + 1


def test_big5_is_not_taken_for_gb18030_but_read_when_named(tmp_path):
    text = "編號,名稱\r\n1,機器人減速器與精密傳動裝置的壽命試驗\r\n"
    path = write(tmp_path, text.encode("big5"))
    with pytest.raises(Invalid, match="编码"):
        open_table(path)
    assert values(path, encoding="big5")[0]["名稱"].startswith("機器人")


def test_a_named_encoding_that_does_not_fit_is_refused(tmp_path):
    path = write(tmp_path, CHINESE.encode("gb18030"))
    with pytest.raises(Invalid, match="第 1 行"):
        open_table(path, encoding="utf-8")
    with pytest.raises(Invalid, match="不认识的编码"):
        open_table(path, encoding="klingon")


def test_fault_behind_the_first_piece_is_placed_rightly(tmp_path):
    line = "甲,乙丙丁\n".encode()
    data = line * 200_000 + b"\xffx,y\n"
    with pytest.raises(Invalid) as refusal:
        open_table(write(tmp_path, data))
    assert refusal.value.row == 200_001
    assert f"第 {len(line) * 200_000 + 1} 字节" in refusal.value.why


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_finds_the_delimiter(tmp_path, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([["code", "name", "note"], ["1", "a, b; c", "x|y"], ["2", "多\n行", 'say "hi"']])
    assert values(write(tmp_path, out.getvalue())) == [
        {"code": "1", "name": "a, b; c", "note": "x|y"},
        {"code": "2", "name": "多\n行", "note": 'say "hi"'},
    ]


def test_unclosed_quote_names_the_row_where_it_began(tmp_path):
    text = 'code,name\n1,a\n2,"b\n' + "".join(f"{n},c\n" for n in range(3, 50))
    with pytest.raises(Invalid) as refusal:
        list(read_table(write(tmp_path, text)))
    assert (refusal.value.row, refusal.value.field) == (3, "name")
    assert refusal.value.mend


def test_text_after_a_closing_quote_is_refused(tmp_path):
    with pytest.raises(Invalid) as refusal:
        list(read_table(write(tmp_path, 'code,name\n1,"a"b\n')))
    assert refusal.value.row == 2


def test_short_rows_read_as_empty_and_long_rows_are_refused(tmp_path):
    path = write(tmp_path, "code,name,note\n1,a\n2,b,c,\n3,d,e,f\n4,g,h\n")
    rows = list(read_table(path, tolerant=True))
    assert rows[0].values == {"code": "1", "name": "a", "note": ""}
    assert rows[1].problem is None
    assert (rows[2].number, rows[2].problem.field) == (4, "D")
    assert rows[3].values["name"] == "g"
    with pytest.raises(Invalid):
        list(read_table(path))


@pytest.mark.parametrize(("header", "words"), [("code,name,code", "重复"), ("code,,name", "没有列名")])
def test_bad_headers(tmp_path, header, words):
    with pytest.raises(Invalid, match=words):
        list(read_table(write(tmp_path, f"{header}\n1,2,3\n")))


def test_nul_is_refused_with_its_line(tmp_path):
    with pytest.raises(Invalid) as refusal:
        open_table(write(tmp_path, b"code,name\n1,a\n2,b\x00c,\n3\x00,d\n"))
    assert refusal.value.row == 3


@pytest.mark.parametrize("data", [b"", b"   \n", b"\xef\xbb\xbf"])
def test_empty_files(tmp_path, data):
    with pytest.raises(Invalid):
        list(read_table(write(tmp_path, data)))


def test_missing_file_and_wrong_name():
    with pytest.raises(Invalid, match="打不开"):
        open_table("nowhere.csv")


def test_giant_cell_is_refused_before_it_is_held(tmp_path):
    import tracemalloc

    path = tmp_path / "giant.csv"
    with path.open("w") as file:
        file.write('code,name,note\n1,"')
        for _ in range(50):
            file.write("长a" * (1 << 18))
        file.write('",x\n')
    tracemalloc.start()
    with pytest.raises(Invalid) as refusal:
        list(read_table(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (refusal.value.row, refusal.value.field) == (2, "name")
    assert peak < 40 << 20


def test_cell_limit_names_row_and_column(tmp_path):
    path = write(tmp_path, f"code,name\n1,a\n2,{'x' * 101}\n")
    with pytest.raises(Invalid) as refusal:
        list(read_table(path, limits=Limits(cell_chars=100)))
    assert (refusal.value.row, refusal.value.field) == (3, "name")


def test_limits_of_file_rows_and_columns(tmp_path):
    path = write(tmp_path, "a,b,c\n1,2,3\n4,5,6\n")
    for limits in (Limits(file_bytes=5), Limits(rows=1), Limits(columns=2)):
        with pytest.raises(Invalid):
            list(read_table(path, limits=limits))


def test_reads_an_open_file_twice(tmp_path):
    with write(tmp_path, CHINESE).open("rb") as file:
        table = open_table(file, format="csv")
        assert [row.values for row in table.rows()] == [row.values for row in table.rows()] == ROWS
        assert not file.closed


# -- the layout of requirement lists ------------------------------------------------------------


def test_quoted_layout_keeps_everything(tmp_path):
    path = write(
        tmp_path,
        "'1' , '题目' , '一\\n二“引”\"x\"' \r\n'2' , 'it's' , 'a' , 'b \\T' \r\n'3' , '空' , '' \r\n",
        "list.csv",
    )
    table = open_table(path)
    assert table.format == "quoted"
    assert [row.values for row in table.rows()] == [
        {"id": "1", "title": "题目", "content": '一\n二“引”"x"'},
        {"id": "2", "title": "it's", "content": "a' , 'b \\T"},
        {"id": "3", "title": "空", "content": ""},
    ]


def test_quoted_layout_names_a_damaged_line(tmp_path):
    lines = [f"'{n}' , 't{n}' , 'c' " for n in range(30)]
    lines[25] = "'25' , 't25 "
    rows = list(read_table(write(tmp_path, "\r\n".join(lines)), tolerant=True))
    assert [row.number for row in rows if row.problem] == [26]


def test_all_requirements_without_loss(shared_data):
    path = shared_data / "requirements" / "requirements.csv"
    rows = list(read_table(path))
    raw = path.read_bytes().decode().split("\r\n")
    assert len(rows) == len({row.values["id"] for row in rows}) == 371
    for row, line in zip(rows, raw, strict=False):
        cells = (row.values[name].replace("\n", "\\n") for name in ("id", "title", "content"))
        assert " , ".join(f"'{cell}'" for cell in cells) == line.rstrip(" ")
    assert "\n" in rows[1].values["content"]


# -- properties ---------------------------------------------------------------------------------

cells = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\ufeff"), min_size=1, max_size=30
)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8), st.sampled_from(["utf-8", "utf-16"]))
def test_what_csv_wrote_is_read_back(rows, encoding):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c"])
    writer.writerows(rows)
    file = io.BytesIO(out.getvalue().encode(encoding))
    found = [list(row.values.values()) for row in read_table(file, format="csv")]
    assert found == [row for row in rows if any(cell.strip() for cell in row)]


@given(st.binary(max_size=400), st.sampled_from(["csv", "tsv", "jsonl", "json", "xlsx", "quoted", None]))
def test_any_bytes_give_rows_or_a_refusal(data, format):
    with suppress(Invalid):
        assert all(isinstance(row.values, dict) for row in read_table(io.BytesIO(data), format=format))


@given(st.text(alphabet="'\" ,\n\\n甲a\t;{}[]:1", max_size=200))
def test_any_text_of_the_marks_that_matter(text):
    for format in (None, "quoted", "csv", "jsonl", "json"):
        with suppress(Invalid):
            list(read_table(io.BytesIO(text.encode()), format=format))
